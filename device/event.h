/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/*
 * Something that epoll watches. Sources are never freed while the loop runs;
 * a closed one has fd -1. So an event that was fetched before its source was
 * closed, or closed and opened again, finds a valid source: ready() must cope
 * with having nothing to do.
 */
struct source {
	int fd;
	void (*ready)(struct source *src);
	uint32_t events;	/* what epoll waits for, set below */
};

/*
 * These return 0, or -1 with errno set. @again is to watch the listeners:
 * where source_accept() has failed, nobody has done so for a while.
 */
int events_init(void (*again)(void));
int source_watch(struct source *src, uint32_t events);	/* start watching */
int source_rewatch(struct source *src, uint32_t events);
int source_take(struct source *src);	/* unwatched: the caller's, or -1 */
void source_close(struct source *src);
int source_accept(struct source *listener);	/* a descriptor, or -1 */
int events_run(const bool *stop);			/* until *stop */

/* What somebody has had to say, all 0 at first */
struct complaints {
	int64_t due;		/* when all lines are his again, in seconds */
	unsigned int lost;
};

/*
 * One line on stderr. Who causes it has 20, and a new one every 5 s, so that
 * nobody takes another's. NULL is the process itself.
 */
void complain(struct complaints *who, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
