// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "event.h"

#define LINES			20
#define SECONDS_PER_LINE	5

static int epoll_fd;
static struct source retry;	/* a timer, see source_accept() */
static void (*accept_again)(void);

static int control(int op, struct source *src, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = src };

	src->events = events;
	return epoll_ctl(epoll_fd, op, src->fd, &ev);
}

int source_watch(struct source *src, uint32_t events)
{
	return control(EPOLL_CTL_ADD, src, events);
}

int source_rewatch(struct source *src, uint32_t events)
{
	return src->events == events ? 0 : control(EPOLL_CTL_MOD, src, events);
}

/*
 * Explicitly removed: a descriptor that another process has a copy of would
 * otherwise stay in the set.
 */
int source_take(struct source *src)
{
	int fd = src->fd;

	if (fd >= 0)
		control(EPOLL_CTL_DEL, src, 0);
	src->fd = -1;
	return fd;
}

void source_close(struct source *src)
{
	int fd = source_take(src);

	if (fd >= 0)
		close(fd);
}

/*
 * A connection that no descriptor is left for stays in the listener, and would
 * wake the loop for ever. It waits there, and nobody looks at the listener for
 * up to a second: to take it, with a descriptor kept in reserve, and close it
 * could take as long as its client likes, see closer.h.
 */
int source_accept(struct source *listener)
{
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && errno != EAGAIN) {
		complain(NULL, "cannot accept a connection yet: %s", strerror(errno));
		source_rewatch(listener, 0);
		source_rewatch(&retry, EPOLLIN);
	}
	return fd;
}

static void retry_ready(struct source *src)
{
	uint64_t count;

	if (read(src->fd, &count, sizeof(count)) < 0)
		return;
	source_rewatch(src, 0);
	accept_again();
}

/* The timer goes on each second, but only if it is read. */
int events_init(void (*again)(void))
{
	const struct itimerspec second = { { 1, 0 }, { 1, 0 } };

	accept_again = again;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	retry = (struct source){
		.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.ready = retry_ready,
	};
	if (epoll_fd < 0 || retry.fd < 0 ||
	    timerfd_settime(retry.fd, 0, &second, NULL))
		return -1;
	return source_watch(&retry, 0);
}

int events_run(const bool *stop)
{
	struct epoll_event events[16];
	int i, n;

	while (!*stop) {
		n = epoll_wait(epoll_fd, events, 16, -1);
		if (n < 0 && errno != EINTR)
			return -1;
		for (i = 0; i < n; i++) {
			struct source *src = events[i].data.ptr;

			src->ready(src);
		}
	}
	return 0;
}

static bool may_complain(struct complaints *who)
{
	struct pollfd err = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (who->due < now.tv_sec)
		who->due = now.tv_sec;
	if (who->due - now.tv_sec > (LINES - 1) * SECONDS_PER_LINE ||
	    poll(&err, 1, 0) != 1)
		return false;
	who->due += SECONDS_PER_LINE;
	return true;
}

/*
 * A standard error that nobody empties must not hold up the loop, so a line is
 * written in one piece, and only where there is room.
 */
void complain(struct complaints *who, const char *fmt, ...)
{
	static struct complaints own;
	char text[400];
	va_list args;

	if (!who)
		who = &own;
	if (!may_complain(who)) {
		who->lost++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, who->lost ? "ivshmem-link: %s (%u lines before this left out)\n" :
				    "ivshmem-link: %s\n", text, who->lost);
	who->lost = 0;
}
