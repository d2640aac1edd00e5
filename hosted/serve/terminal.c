// SPDX-License-Identifier: GPL-2.0
/* The user's terminal on a serial port, until Ctrl-] or the end of input. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "pump.h"

#define ESCAPE	0x1d		/* Ctrl-] */

static struct termios before;

static void make_raw(void)
{
	struct termios raw = before;

	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

/* Return: whether input has ended. */
static bool type(struct pump *p, bool is_tty, int *err)
{
	ssize_t size = read(STDIN_FILENO, p->data, sizeof(p->data));
	unsigned char *escape = NULL;

	if (size <= 0)
		return true;
	if (is_tty)
		escape = memchr(p->data, ESCAPE, size);
	if (escape)
		size = escape - p->data;
	*err = pump_write(p, size);
	return escape;
}

static int show(struct pump *p)
{
	struct serial_reply reply;
	ssize_t done, at = 0;
	int err;

	while ((err = pump_reply(p, &reply)) > 0) {
		for (at = 0; at < reply.status; at += done) {
			done = write(STDOUT_FILENO, reply.data + at, reply.status - at);
			if (done < 0)
				return -errno;
		}
		err = pump_read(p);
		if (err)
			break;
	}
	return err;
}

static int loop(struct pump *p, bool is_tty)
{
	struct pollfd fds[2] = { { .fd = p->port, .events = POLLIN }, { .events = POLLIN } };
	bool end = false;
	int err = pump_read(p);

	while (!err && !(end && pump_idle(p))) {
		fds[1].fd = !end && pump_idle(p) ? STDIN_FILENO : -1;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].fd >= 0 && fds[1].revents)
			end = type(p, is_tty, &err);
		if (!err && fds[0].revents)
			err = show(p);
	}
	return err;
}

int terminal_run(int port)
{
	struct pump p = { .port = port };
	bool is_tty = !tcgetattr(STDIN_FILENO, &before);
	int err;

	if (is_tty) {
		fprintf(stderr, "connected, Ctrl-] ends\n");
		make_raw();
	}
	err = loop(&p, is_tty);
	if (is_tty)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
	if (!err)
		return 0;
	fprintf(stderr, "hosted-serial: %s\n", strerror(-err));
	return 1;
}
