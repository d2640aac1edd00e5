// SPDX-License-Identifier: GPL-2.0
/*
 * In place of a driver's process, one that was taken over: it says what no driver
 * says. Started by hosted-supervise, with HOSTED_LIE.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kit/serial.h"
#include "serve/channel.h"

#define CLIENTS	16

static const char *lie;

static void tell(enum channel_op op, size_t size)
{
	union { struct cmsghdr header; char room[CMSG_SPACE(2 * sizeof(int))]; } control;
	struct channel_message message = { .op = op, .a = 0x18, .width = 4 };
	struct iovec iov = { &message, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fds[2] = { eventfd(0, 0), 0 };

	memset(&control, 0, sizeof(control));
	fds[1] = fds[0];
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	sendmsg(HANDLE_CHANNEL, &msg, MSG_NOSIGNAL);
	close(fds[0]);
}

static void write_device(const uint8_t *data, size_t length)
{
	struct channel_message message = { .op = CHANNEL_WRITE, .width = 4 };
	struct channel_reply reply;

	while (length--) {
		message.value = *data++;
		send(HANDLE_CHANNEL, &message, sizeof(message), MSG_NOSIGNAL);
		recv(HANDLE_CHANNEL, &reply, sizeof(reply), 0);
	}
}

static void begin(void)
{
	static const uint64_t full = UINT64_MAX - 1;
	struct channel_reply reply;
	int i;

	if (!strcmp(lie, "late"))
		abort();
	/* Before it is known to be there */
	if (!strcmp(lie, "stop") && write(HANDLE_STOP, &full, sizeof(full)) < 0)
		abort();
	tell(CHANNEL_READY, sizeof(struct channel_message));
	if (!strcmp(lie, "channel"))
		shutdown(HANDLE_CHANNEL, SHUT_RDWR);
	if (!strcmp(lie, "stop"))
		pause();
	if (!strcmp(lie, "ready"))
		for (i = 0; i < 50; i++)
			tell(CHANNEL_READY, sizeof(struct channel_message));
	if (!strcmp(lie, "descriptors"))
		for (i = 0; i < 100; i++) {
			tell(CHANNEL_READ, sizeof(struct channel_message) - i % 2);
			if (!(i % 2))
				recv(HANDLE_CHANNEL, &reply, sizeof(reply), 0);
		}
}

/* More than anybody hears while others have the CPU, and some that add to it */
static void flood(int fd)
{
	static const int most = INT_MAX / 2;
	struct serial_reply reply = { 0 };
	struct iovec iov = { &reply, SERIAL_REPLY_HEAD };
	struct mmsghdr many[64];
	unsigned int i;

	for (i = 0; i < 64; i++)
		many[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 } };
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &most, sizeof(most));
	for (i = 0; i < 4; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (sendmmsg(fd, many, 64, MSG_NOSIGNAL | MSG_DONTWAIT) > 0 || errno == EAGAIN)
			;
		_exit(0);
	}
}

static void answer(int fd)
{
	struct serial_request request;
	struct serial_reply reply = { 0 };

	if (recv(fd, &request, sizeof(request), 0) <= 0)
		_exit(0);
	/* The first that asks is the supervisor, whether we live. */
	if (!strcmp(lie, "close") && request.op == SERIAL_COUNTERS) {
		shutdown(fd, SHUT_RDWR);
		pause();
	}
	if (!strcmp(lie, "listener") && request.op == SERIAL_COUNTERS)
		shutdown(HANDLE_LISTENER, SHUT_RDWR);
	if ((!strcmp(lie, "crash") || !strcmp(lie, "listener")) && request.op == SERIAL_COUNTERS)
		abort();
	if (!strcmp(lie, "flood") && request.op == SERIAL_WAIT_BREAK)
		return;
	if (!strcmp(lie, "flood") && request.op == SERIAL_COUNTERS)
		flood(fd);
	reply.id = request.id;
	/* As the client has it, it is asked with a number. */
	if (!strcmp(lie, "settings") && request.op == SERIAL_STOP && !request.arg)
		reply.status = -EIO;
	if (!strcmp(lie, "echo") && request.op == SERIAL_WAIT_COUNTERS) {
		reply.length = request.length;
		memcpy(reply.data, request.data, request.length);
	}
	if (!strcmp(lie, "read") && request.op == SERIAL_READ_DATA) {
		reply.status = SERIAL_DATA;
		reply.length = SERIAL_DATA;
	}
	if (!strcmp(lie, "names") && request.op == SERIAL_INFO) {
		reply.length = sizeof(struct serial_info);
		memset(reply.data, 'x', reply.length);
	}
	if (!strcmp(lie, "sent") && request.op == SERIAL_WRITE) {
		write_device(request.data, request.length);
		reply.status = -EIO;
	}
	if (!strcmp(lie, "length") && request.op == SERIAL_COUNTERS)
		reply.length = 4000;
	if (!strcmp(lie, "status") && request.op == SERIAL_WRITE)
		reply.status = 1000000;
	if (!strcmp(lie, "status") && request.op == SERIAL_READ_DATA)
		reply.status = SERIAL_READ;
	send(fd, &reply, SERIAL_REPLY_HEAD + (strcmp(lie, "length") ? reply.length : 0),
	     MSG_NOSIGNAL);
}

int main(void)
{
	struct pollfd fds[2 + CLIENTS] = {
		{ HANDLE_STOP, POLLIN, 0 }, { HANDLE_LISTENER, POLLIN, 0 }
	};
	int n = 2, i;

	lie = getenv("HOSTED_LIE") ?: "";
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	begin();
	while (poll(fds, n, -1) > 0 && !fds[0].revents) {
		for (i = 2; i < n; i++)
			if (fds[i].revents)
				answer(fds[i].fd);
		if (fds[1].revents && n < 2 + CLIENTS)
			fds[n++] = (struct pollfd){
				accept(HANDLE_LISTENER, NULL, NULL), POLLIN, 0
			};
	}
	return 0;
}
