// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: two hostile clients on one link, through real sockets, as
 * the message parser sees them.
 *
 * Input: a byte of options for the link, then records. A record is an
 * operation byte, a length byte and that many bytes:
 *
 *	bit 0	which client
 *	bit 1	0: the bytes are a command byte, a flags byte and data, sent as
 *		one well-formed message; 1: they are sent as they are
 *	bit 2-3	with that many descriptors, of various kinds
 *	bit 4	connect again first; bit 5: without agreeing on the version
 *	bit 6	read no replies afterwards
 *	bit 7	let the INTx resample eventfd fire
 *
 * Beyond what the sanitizers see, it checks that replies are well-formed, that
 * a state table entry is 0 when its peer has gone, and that no descriptor is
 * left over.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../conn.h"

#define CLIENTS	2

static struct link the_link;
static struct conn conns[CLIENTS];
static int clients[CLIENTS];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In place of event.c: no epoll, no output */
int source_watch(struct source *src, uint32_t events)
{
	(void)src;
	(void)events;
	return 0;
}

int source_rewatch(struct source *src, uint32_t events)
{
	return source_watch(src, events);
}

int source_take(struct source *src)
{
	int fd = src->fd;

	src->fd = -1;
	return fd;
}

/* In place of closer.c: no threads */
void closer_add(struct closer *cl, int fd)
{
	(void)cl;
	close(fd);
}

bool closer_busy(const struct closer *cl)
{
	(void)cl;
	return false;
}

void complain(struct complaints *who, const char *fmt, ...)
{
	char line[300];
	va_list args;

	(void)who;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
}

static void check(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "broken: %s\n", what);
		abort();
	}
}

static void send_bytes(int fd, const void *data, size_t len, unsigned int nfds)
{
	union {
		char buf[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[3] = { -1, -1, -1 };
	unsigned int i;

	if (nfds) {
		fds[0] = eventfd(0, 0);
		fds[1] = nfds == 2 ? eventfd(0, 0) : open("/dev/null", O_RDWR);
		fds[2] = memfd_create("fuzz", 0);
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nfds * sizeof(int));
	}
	sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void send_message(int fd, const uint8_t *data, size_t len,
			 unsigned int nfds)
{
	struct {
		uint16_t id, command;
		uint32_t size, flags, error;
		uint8_t data[256];
	} msg = { .id = 1 };

	if (len < 2)
		return;
	msg.command = data[0];
	msg.flags = data[1];
	msg.size = 16 + len - 2;
	memcpy(msg.data, data + 2, len - 2);
	send_bytes(fd, &msg, msg.size, nfds);
}

/* Returns the number of bytes read */
static size_t read_exactly(int fd, void *buf, size_t len)
{
	union {
		char buf[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t got = recvmsg(fd, &msg, MSG_DONTWAIT);
	int received;

	if (got > 0 && msg.msg_controllen) {
		memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
		close(received);
	}
	return got > 0 ? got : 0;
}

/*
 * Replies are at most 8 KiB and sockets take more than that, so a reply is
 * either there as a whole or not at all.
 */
static void read_replies(int fd)
{
	uint32_t hdr[4];
	char data[MSG_MAX];
	size_t len;

	while (read_exactly(fd, hdr, sizeof(hdr)) == sizeof(hdr)) {
		check(hdr[1] >= sizeof(hdr) && hdr[1] <= MSG_MAX, "reply size");
		check((hdr[2] & ~0x20) == 1, "reply flags");
		check(!(hdr[2] & 0x20) == !hdr[3], "reply error");
		len = hdr[1] - sizeof(hdr);
		check(!(hdr[2] & 0x20) || !len, "error reply with data");
		if (len && read_exactly(fd, data, len) != len)
			return;
	}
}

static void reconnect(unsigned int i, bool version)
{
	static const uint32_t hello[] = { 1 << 16, 20, 0, 0, 0 };
	int pair[2];

	if (clients[i] >= 0)
		close(clients[i]);
	conn_close(&conns[i]);
	check(((uint32_t *)the_link.mem)[i] == 0, "state of an absent peer");
	check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
	      "socketpair");
	clients[i] = pair[0];
	check(!conn_open(&conns[i], pair[1]), "conn_open");
	if (version)
		send_bytes(clients[i], hello, sizeof(hello), 0);
}

static void serve(unsigned int i, uint8_t op)
{
	const uint64_t one = 1;
	unsigned int n;

	if (op & 0x80 && conns[i].resample.fd >= 0) {
		check(write(conns[i].resample.fd, &one, sizeof(one)) != 0, "");
		conns[i].resample.ready(&conns[i].resample);
	}
	for (n = 0; n < 20; n++)	/* as many messages as a record has */
		conns[i].src.ready(&conns[i].src);
	if (!(op & 0x40))
		read_replies(clients[i]);
}

static void run(const uint8_t *data, size_t size)
{
	unsigned int client, nfds, len;
	uint8_t op;

	while (size >= 2) {
		op = data[0];
		len = data[1];
		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		client = op & 1;
		nfds = op >> 2 & 3;
		if (op & 0x10)
			reconnect(client, !(op & 0x20));
		if (op & 2 && len)
			send_bytes(clients[client], data, len, nfds);
		else
			send_message(clients[client], data, len, nfds);
		serve(client, op);
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_config cfg = {
		.peers = CLIENTS, .protocol = 1, .vectors = 3,
		.state_size = LINK_PAGE, .rw_size = LINK_PAGE,
		.output_size = LINK_PAGE,
	};
	int lowest = dup(0), after;
	unsigned int i;

	close(lowest);
	if (!size)
		return 0;
	cfg.strict = data[0] & 1;
	cfg.intx = data[0] & 2;
	cfg.vectors = cfg.intx ? 1 : 3;
	cfg.cap20_mirror = data[0] & 4;
	cfg.base_address = data[0] & 8 ? 0x100000 : 0;
	cfg.drop_rate = data[0] & 16 ? 0.5 : 0;
	check(!link_init(&the_link, &cfg), "link_init");
	for (i = 0; i < CLIENTS; i++) {
		clients[i] = -1;
		conn_init(&conns[i], &the_link.peers[i]);
		reconnect(i, true);
	}
	run(data + 1, size - 1);
	for (i = 0; i < CLIENTS; i++) {
		conn_close(&conns[i]);
		close(clients[i]);
		check(((uint32_t *)the_link.mem)[i] == 0, "state at the end");
	}
	link_fini(&the_link);
	after = dup(0);
	close(after);
	check(after == lowest, "descriptors left over");
	return 0;
}
