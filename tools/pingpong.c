// SPDX-License-Identifier: GPL-2.0
/*
 * Round trips of doorbells between two programs. One end puts a number into its
 * output section and rings, the other end repeats that number in its own and
 * rings back. Nothing else is in the loop: a wait, in one-shot mode the write to
 * Interrupt Control, the look, the doorbell; and a look at the clock for each
 * round trip. A timer's signal ends a wait in which a doorbell was lost.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define DEFAULT_COUNT	10000
#define DEFAULT_WARM_UP	100

struct game {
	struct ivshmem *dev;
	uint32_t peer, vector;
	uint32_t *mine;
	const uint32_t *theirs;
	int eventfd;		/* -1 in one-shot mode */
	uint64_t timeout, wait;	/* nanoseconds */
	uint64_t timeouts, rung_again, idle_wakes;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void on_tick(int sig)
{
	(void)sig;
}

/*
 * Without SA_RESTART. One that comes just before the wait is followed by another.
 * Ten a second, or for a shorter timeout more, hardly show in a percentile.
 */
static void start_ticks(uint64_t timeout)
{
	const struct sigaction action = { .sa_handler = on_tick };
	const long us = timeout < 100000000 ? timeout / 1000 + 1 : 100000;
	const struct itimerval timer = { { .tv_usec = us }, { .tv_usec = us } };

	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &timer, NULL))
		failed("cannot start a timer: %s", strerror(errno));
}

/* As ivshmem_enable(), but for reading it back: what is lost is rung again. */
static void enable(struct game *g)
{
	ivshmem_write_register(g->dev, IVSHMEM_REG_INT_CTRL, 1);
	__sync_synchronize();
}

/* Return: whether an interrupt came, and not a tick or a signal. */
static bool await(struct game *g)
{
	uint64_t count;

	if (g->eventfd < 0) {
		int got = ivshmem_wait(g->dev, -1);

		if (got > 0)
			enable(g);
		return got == -EINTR ? false : must(got);
	}
	if (read(g->eventfd, &count, sizeof(count)) == sizeof(count))
		return true;
	if (errno != EINTR)
		failed("cannot read an eventfd: %s", strerror(errno));
	return false;
}

static void use_eventfd(struct game *g)
{
	g->eventfd = eventfd(0, EFD_CLOEXEC);
	if (g->eventfd < 0)
		failed("cannot make an eventfd: %s", strerror(errno));
	must(ivshmem_attach(g->dev, g->vector, g->eventfd));
}

static uint32_t choose_peer(const struct ivshmem_info *info, const struct options *o)
{
	if (!GIVEN(o->peer) && info->max_peers > 2)
		usage_error("--peer is missing, %s has peers 0 to %u", info->name,
			    info->max_peers - 1);
	if (GIVEN(o->peer) && (o->peer >= info->max_peers || o->peer == info->id))
		failed("--peer is %llu, want another one of 0 to %u than our own %u",
		       (unsigned long long)o->peer, info->max_peers - 1, info->id);
	return OR(o->peer, !info->id);
}

static void open_game(struct game *g, const struct options *o)
{
	const char *mode = o->mode ? o->mode : "one-shot";

	if (strcmp(mode, "one-shot") && strcmp(mode, "eventfd"))
		usage_error("--mode is '%s', want one-shot or eventfd", mode);
	*g = (struct game){
		.dev = open_device(o),
		.vector = OR(o->vector, 0),
		.eventfd = -1,
		.timeout = (o->timeout < 0 ? 0.1 : o->timeout) * 1e9,
		.wait = (o->wait < 0 ? 10 : o->wait) * 1e9,
	};
	g->peer = choose_peer(&g->dev->info, o);
	if (g->vector >= g->dev->info.vectors)
		failed("--vector is %u, %s has vectors 0 to %u", g->vector, g->dev->info.name,
		       g->dev->info.vectors - 1);
	if (!g->dev->output.data)
		failed("%s has no output sections, which carry the numbers", g->dev->info.name);
	g->mine = (uint32_t *)g->dev->output.data;
	g->theirs = (const uint32_t *)ivshmem_peer_output(g->dev, g->peer);
	if (*mode == 'e')
		use_eventfd(g);
	else
		enable(g);
	start_ticks(g->timeout);
}

static void ring(struct game *g, uint32_t number)
{
	ivshmem_store(g->mine, number);
	ivshmem_doorbell(g->dev, g->peer, g->vector);
}

/*
 * After a tick. In one-shot mode, a delivery that was lost may have disabled
 * interrupts. Return: whether the answer is there, and only its doorbell is not.
 */
static bool recover(struct game *g, uint32_t number, uint64_t begin, uint64_t *last_ring)
{
	uint64_t now = now_ns();

	if (now - *last_ring < g->timeout)
		return false;
	if (g->eventfd < 0)
		enable(g);
	if (ivshmem_load(g->theirs) == number)
		return true;
	if (now - begin > g->wait)
		failed("peer %u has not answered for %.1f s, does ivshmem-tool pong run there?",
		       g->peer, (now - begin) / 1e9);
	g->rung_again++;
	ivshmem_doorbell(g->dev, g->peer, g->vector);
	*last_ring = now_ns();
	return false;
}

static void round_trip(struct game *g, uint32_t number, uint64_t begin)
{
	uint64_t last_ring = begin;

	ring(g, number);
	while (!stopped) {
		if (!await(g)) {
			if (recover(g, number, begin, &last_ring))
				return;
			continue;
		}
		if (ivshmem_load(g->theirs) == number)
			return;
		g->idle_wakes++;
	}
}

static void show_ping(const struct game *g, const struct options *o, double seconds,
		      uint32_t *samples, size_t count)
{
	struct summary us;
	unsigned int i;

	summarize(samples, count, &us);
	const struct {
		const char *key;
		double value;
	} figures[] = {
		{ "min", us.min }, { "p50", us.p50 }, { "p90", us.p90 }, { "p99", us.p99 },
		{ "p99.9", us.p999 }, { "max", us.max }, { "mean", us.mean },
	};

	if (!o->json) {
		printf("%zu round trips with peer %u in %.1f s, %s, vector %u\n", count, g->peer,
		       seconds, g->eventfd < 0 ? "one-shot" : "eventfd", g->vector);
		for (i = 0; i < 7; i++)
			printf("%s%s %.1f", i ? ", " : "", figures[i].key, figures[i].value);
		printf(" us\n%llu timeouts, %llu rung again, %llu idle wakes\n",
		       (unsigned long long)g->timeouts, (unsigned long long)g->rung_again,
		       (unsigned long long)g->idle_wakes);
		return;
	}
	json_open(NULL, '{');
	json_text("device", g->dev->info.name);
	json_text("mode", g->eventfd < 0 ? "one-shot" : "eventfd");
	json_number("peer", g->peer);
	json_number("vector", g->vector);
	json_number("count", count);
	json_real("seconds", seconds);
	json_number("timeouts", g->timeouts);
	json_number("rung_again", g->rung_again);
	json_number("idle_wakes", g->idle_wakes);
	json_open("us", '{');
	for (i = 0; i < 7; i++)
		json_real(figures[i].key, figures[i].value);
	json_close('}');
	json_close('}');
}

/* Touched beforehand, so that no page fault is measured */
static uint32_t *new_samples(size_t count)
{
	uint32_t *samples = malloc(count * sizeof(*samples));

	if (!samples)
		failed("out of memory for %zu samples", count);
	return memset(samples, 0xff, count * sizeof(*samples));
}

int verb_ping(const struct options *o)
{
	uint64_t count = OR(o->count, DEFAULT_COUNT), warm_up = OR(o->warm_up, DEFAULT_WARM_UP);
	uint64_t begin, end, first, tries, limit;
	uint32_t *samples = new_samples(count);
	size_t good = 0;
	struct game g;
	uint32_t number;

	open_game(&g, o);
	begin = now_ns();
	/* Unlike any that an earlier run has left */
	number = begin / 1000;
	for (; warm_up && !stopped; warm_up--)
		round_trip(&g, ++number, now_ns());
	g.rung_again = 0;
	g.idle_wakes = 0;
	begin = now_ns();
	first = begin;
	limit = o->seconds < 0 ? UINT64_MAX : begin + (uint64_t)(o->seconds * 1e9);
	for (tries = 0; tries < count && begin < limit; tries++, begin = end) {
		round_trip(&g, ++number, begin);
		end = now_ns();
		if (stopped)
			break;
		/* One whose doorbell was lost took longer, too. */
		if (end - begin > g.timeout)
			g.timeouts++;
		else
			samples[good++] = end - begin < UINT32_MAX ? end - begin : UINT32_MAX;
	}
	show_ping(&g, o, (begin - first) / 1e9, samples, good);
	free(samples);
	ivshmem_close(g.dev);
	return 0;
}

/*
 * An interrupt without a new number says that the answer's doorbell was lost,
 * or is spare: ring again in any case, the other end looks at the number.
 */
int verb_pong(const struct options *o)
{
	uint64_t answers = 0, limit;
	uint32_t number, last;
	struct game g;

	open_game(&g, o);
	last = ivshmem_load(g.mine);
	limit = o->seconds < 0 ? UINT64_MAX : now_ns() + (uint64_t)(o->seconds * 1e9);
	while (!stopped) {
		if (!await(&g)) {
			if (g.eventfd < 0)
				enable(&g);
			/* Where the device is gone, this look ends us. */
			ivshmem_load(g.theirs);
			if (now_ns() >= limit)
				break;
			continue;
		}
		number = ivshmem_load(g.theirs);
		answers += number != last;
		last = number;
		ring(&g, number);
	}
	if (o->json) {
		json_open(NULL, '{');
		json_text("device", g.dev->info.name);
		json_number("peer", g.peer);
		json_number("answers", answers);
		json_close('}');
	} else {
		printf("%llu answers to peer %u\n", (unsigned long long)answers, g.peer);
	}
	ivshmem_close(g.dev);
	return 0;
}
