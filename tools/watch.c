// SPDX-License-Identifier: GPL-2.0
/* Events as they come, by an eventfd for each vector and one for states */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define GONE	((uint64_t)-2)	/* beside the sources of IVSHMEM_UIO_SET_EVENTFD */

struct watch {
	struct ivshmem *dev;
	const struct options *o;
	int epoll;
	int *eventfds;		/* of each vector, then of the states */
	uint32_t *states;	/* as printed */
	uint64_t printed;
};

static bool is_full(const struct watch *w)
{
	return GIVEN(w->o->count) && w->printed >= w->o->count;
}

/* State: @a is the peer, @b the old and @c the new one. Doorbell: vector, how often. */
static void print_event(struct watch *w, bool state, uint32_t a, uint64_t b, uint32_t c)
{
	struct timespec t;

	if (is_full(w))
		return;
	w->printed++;
	clock_gettime(CLOCK_REALTIME, &t);
	if (w->o->json) {
		json_open(NULL, '{');
		json_real("time", t.tv_sec + t.tv_nsec / 1e9);
		json_text("event", state ? "state" : "doorbell");
		json_number(state ? "peer" : "vector", a);
		json_number(state ? "old" : "count", b);
		if (state)
			json_number("new", c);
		json_close('}');
	} else {
		printf("%lld.%06ld ", (long long)t.tv_sec, t.tv_nsec / 1000);
		if (state)
			printf("state peer %u: %llu -> %u\n", a, (unsigned long long)b, c);
		else
			printf("doorbell vector %u, %llu times\n", a, (unsigned long long)b);
	}
}

/* Return: how many states are others than those printed. */
static unsigned int look_at_states(struct watch *w)
{
	uint32_t peer, *states = read_states(&w->dev->info);
	unsigned int changed = 0;

	for (peer = 0; peer < w->dev->info.max_peers; peer++) {
		if (states[peer] == w->states[peer] || peer == w->dev->info.id)
			continue;
		print_event(w, true, peer, w->states[peer], states[peer]);
		changed++;
	}
	free(w->states);
	w->states = states;
	return changed;
}

/*
 * A state is in the table before its interrupt comes on vector 0. So what
 * differs accounts for as many of its signals, and doorbells are the rest.
 */
static void handle(struct watch *w, uint32_t source)
{
	uint32_t index = source == IVSHMEM_UIO_STATE ? w->dev->info.vectors : source;
	unsigned int changed = 0;
	uint64_t count;

	if (read(w->eventfds[index], &count, sizeof(count)) != sizeof(count))
		return;
	if (source == 0 || source == IVSHMEM_UIO_STATE)
		changed = look_at_states(w);
	if (source != IVSHMEM_UIO_STATE && count > changed)
		print_event(w, false, source, count - changed, 0);
}

static void add(struct watch *w, int fd, uint32_t events, uint64_t source)
{
	struct epoll_event event = { .events = events, .data.u64 = source };

	if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event))
		failed("cannot wait for events: %s", strerror(errno));
}

static void attach_all(struct watch *w)
{
	uint32_t i, vectors = w->dev->info.vectors;

	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->eventfds = calloc(vectors + 1, sizeof(*w->eventfds));
	if (w->epoll < 0 || !w->eventfds)
		failed("cannot wait for events: %s", strerror(errno));
	for (i = 0; i <= vectors; i++) {
		uint32_t source = i < vectors ? i : IVSHMEM_UIO_STATE;

		w->eventfds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (w->eventfds[i] < 0)
			failed("cannot make eventfd %u of %u: %s", i, vectors + 1, strerror(errno));
		add(w, w->eventfds[i], EPOLLIN, source);
		must(ivshmem_attach(w->dev, source, w->eventfds[i]));
	}
	add(w, must(ivshmem_event_fd(w->dev)), 0, GONE);
}

int verb_watch(const struct options *o)
{
	struct watch w = { .o = o, .dev = open_events(o) };
	struct epoll_event event;
	double begin = now();

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* States are watched before they are read for the first time. */
	attach_all(&w);
	w.states = calloc(w.dev->info.max_peers, sizeof(*w.states));
	if (!w.states)
		failed("out of memory");
	look_at_states(&w);
	while (!stopped && !is_full(&w) && ms_left(begin, o->seconds)) {
		if (epoll_wait(w.epoll, &event, 1, ms_left(begin, o->seconds)) <= 0)
			continue;
		if (event.data.u64 == GONE)
			failed("%s is gone: unplugged, or bound to another plugin",
			       w.dev->info.name);
		handle(&w, event.data.u64);
	}
	ivshmem_close(w.dev);
	free(w.states);
	free(w.eventfds);
	return 0;
}
