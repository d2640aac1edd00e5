// SPDX-License-Identifier: GPL-2.0
/* See the header. A message each way is a byte and, if there is one, a descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "reopen.h"

static int connection = -1;
static pid_t helper;

/* @fd may be -1: there is none. */
static int put(int sock, int fd)
{
	struct iovec iov = { "", 1 };

	return fd_send(sock, &iov, 1, fd, 0) < 0 ? -errno : 0;
}

/* Returns the descriptor, -EACCES where there is none, -EPIPE at the end. */
static int get(int sock)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	int fd;

	if (fd_receive(sock, &iov, 1, &fd, 0) <= 0)
		return -EPIPE;
	return fd < 0 ? -EACCES : fd;
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
