// SPDX-License-Identifier: GPL-2.0
/* See the header. A message each way is a byte and, if there is one, a descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reopen.h"

static int connection = -1;
static pid_t helper;

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

/* @fd may be -1: there is none. */
static int put(int sock, int fd)
{
	union control control = { { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { "", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	msg.msg_controllen = fd < 0 ? 0 : sizeof(control);
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Returns the descriptor, -EACCES where there is none, -EPIPE at the end. */
static int get(int sock)
{
	union control control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      /* sizeof(control) has room for two. */
			      .msg_controllen = CMSG_LEN(sizeof(int)) };
	int fd;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) <= 0)
		return -EPIPE;
	if (msg.msg_controllen < CMSG_LEN(sizeof(int)))
		return -EACCES;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static _Noreturn void serve(int sock)
{
	char path[32];
	int got, fd;

	/* What the terminal sends is for the other, with which it ends. */
	signal(SIGINT, SIG_IGN);
	while ((got = get(sock)) != -EPIPE) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", got);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		put(sock, fd);
		close(fd);
		close(got);
	}
	_exit(0);
}

int reopen_start(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	helper = fork();
	if (!helper) {
		close(pair[0]);
		serve(pair[1]);
	}
	close(pair[1]);
	connection = pair[0];
	return helper < 0 ? -errno : 0;
}

int reopen_read_only(int fd)
{
	return put(connection, fd) ?: get(connection);
}

void reopen_end(void)
{
	if (connection < 0)
		return;
	close(connection);
	connection = -1;
	waitpid(helper, NULL, 0);
}
