// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "closer.h"

#define STACK_SIZE	(64 << 10)

/* It never ends: it may be in a close() that does not return. */
static void *close_queued(void *arg)
{
	struct closer *cl = arg;

	for (;;) {
		while (sem_wait(&cl->filled))
			;
		close(cl->ring[cl->tail]);
		cl->tail = (cl->tail + 1) % cl->size;
		if (__atomic_fetch_sub(&cl->queued, 1, __ATOMIC_SEQ_CST) ==
		    CLOSER_LIMIT)
			eventfd_write(cl->room, 1);
	}
	return NULL;
}

/* Signals are the loop's: the watchdog's must interrupt that, not a close(). */
static int start_thread(struct closer *cl)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, &attr, close_queued, cl);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

int closer_start(struct closer *cl, unsigned int most)
{
	*cl = (struct closer){
		.room = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.size = CLOSER_LIMIT + most,
	};
	cl->ring = calloc(cl->size, sizeof(*cl->ring));
	if (cl->room < 0 || !cl->ring || sem_init(&cl->filled, 0, 0))
		return -errno;
	return start_thread(cl);
}

void closer_add(struct closer *cl, int fd)
{
	cl->ring[cl->head] = fd;
	cl->head = (cl->head + 1) % cl->size;
	__atomic_fetch_add(&cl->queued, 1, __ATOMIC_SEQ_CST);
	sem_post(&cl->filled);
}

bool closer_busy(const struct closer *cl)
{
	return __atomic_load_n(&cl->queued, __ATOMIC_SEQ_CST) >= CLOSER_LIMIT;
}
