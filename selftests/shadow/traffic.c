// SPDX-License-Identifier: GPL-2.0
/* The modes that ask for getpid all the time. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "options.h"
#include "report.h"
#include "rtos.h"

#define NR_GETPID	39
#define MAX_SAMPLES	10000000

static struct {
	float *us;
	size_t n;
} samples;

static uint64_t random_state;

static uint32_t any(void)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return random_state >> 33;
}

static void need_slots(const struct options *o)
{
	if (!o->slots)
		errx(EXIT_USAGE, "%s: want --slot or --slots", o->mode);
	samples.us = malloc(MAX_SAMPLES * sizeof(*samples.us));
	if (!samples.us)
		errx(EXIT_LINK, "no memory for %d samples", MAX_SAMPLES);
	random_state = o->seed;
}

static void sample(double us)
{
	if (samples.n < MAX_SAMPLES)
		samples.us[samples.n++] = us;
}

static int compare(const void *a, const void *b)
{
	float d = *(const float *)a - *(const float *)b;

	return d < 0 ? -1 : d > 0;
}

static double percentile(double p)
{
	return samples.us[(size_t)((samples.n - 1) * p)];
}

static void report_samples(const struct options *o, uint64_t count, double us)
{
	report_begin(o->json);
	report_text("mode", o->mode);
	report_count("count", count);
	report_count("seed", o->seed);
	report_number("seconds", us / 1e6);
	report_number("per_second", us > 0 ? count / us * 1e6 : 0);
	if (!samples.n)
		return;
	qsort(samples.us, samples.n, sizeof(*samples.us), compare);
	report_number("p50_us", percentile(0.5));
	report_number("p99_us", percentile(0.99));
	report_number("p999_us", percentile(0.999));
	report_number("max_us", samples.us[samples.n - 1]);
}

static int send_getpid(struct rtos *r, const struct options *o, unsigned int thread, uint64_t slot)
{
	struct request q = {
		.number = NR_GETPID, .priority = o->priority, .slot = slot & SLOT_MASK,
	};

	return rtos_request(r, thread, &q);
}

/* --- ping ----------------------------------------------------------------- */

static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * Waits without a deadline, which would cost a call; a timer interrupts it where
 * the reply does not come.
 */
static void arm_timer(int ms)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval t = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		.it_interval = { ms / 1000, ms % 1000 * 1000 },
	};

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
}

static void ping_once(struct rtos *r, const struct options *o)
{
	if (send_getpid(r, o, 0, o->slot[0]))
		errx(EXIT_LINK, "%s", r->link.error);
	while (rtos_busy(r, 0)) {
		if (rtos_wait(r, -1) < 0)
			errx(EXIT_LINK, "%s", r->link.error);
		if (rtos_busy(r, 0) && now_us() - r->call[0].sent > o->timeout_ms * 1e3) {
			rtos_give_up(r, 0);
			return;
		}
	}
	if (!r->running)
		errx(EXIT_BROKEN, "the peer reset the link");
}

int mode_ping(const struct options *o)
{
	struct rtos r;
	double start;
	uint64_t n, interrupts, pid;

	need_slots(o);
	join(&r, o, 1);
	arm_timer(o->timeout_ms);
	for (n = 0; n < o->warm_up && !stopped && !r.verdict.total; n++)
		ping_once(&r, o);
	pid = r.call[0].value;
	interrupts = r.link.interrupts;
	start = now_us();
	for (n = 0; (!o->count || n < o->count) && !stopped && !r.verdict.total; n++) {
		if (o->seconds && now_us() - start > o->seconds * 1e6)
			break;
		ping_once(&r, o);
		if (r.call[0].state != CALL_DONE)
			break;
		sample(r.call[0].replied - r.call[0].sent);
		if (o->warm_up && r.call[0].value != pid)
			errx(EXIT_BROKEN, "getpid is %lld, want %lld as before",
			     (long long)r.call[0].value, (long long)pid);
	}
	report_samples(o, n, now_us() - start);
	report_number("interrupts_per_ping", n ? (double)(r.link.interrupts - interrupts) / n : 0);
	return finish(&r, o);
}

/* --- load ----------------------------------------------------------------- */

struct load {
	const struct options *o;
	unsigned int *idle, idles;
	uint64_t pid[MAX_SLOTS];	/* what getpid says there; 0: not asked yet */
	uint64_t sent, done, errors, resets;
	uint64_t epoch;
};

static void load_reply(struct rtos *r, unsigned int thread)
{
	struct load *l = r->data;
	struct call *c = &r->call[thread];
	uint64_t *pid = &l->pid[thread % l->o->slots];

	l->idle[l->idles++] = thread;
	l->done++;
	if (c->value >= (uint64_t)-4095) {
		l->errors++;
		return;
	}
	sample(c->replied - c->sent);
	if (*pid && *pid != c->value)
		errx(EXIT_BROKEN, "getpid of slot 0x%llx is %lld, want %lld as before",
		     (unsigned long long)l->o->slot[thread % l->o->slots],
		     (long long)c->value, (long long)*pid);
	*pid = c->value;
}

static void load_init(struct load *l, struct rtos *r, const struct options *o)
{
	unsigned int threads = o->threads ? o->threads : 4 * o->slots;
	unsigned int i;

	memset(l, 0, sizeof(*l));
	l->o = o;
	l->idle = calloc(threads, sizeof(*l->idle));
	if (!l->idle)
		errx(EXIT_LINK, "no memory for %u threads", threads);
	for (i = 0; i < threads; i++)
		l->idle[l->idles++] = i;
	join(r, o, threads);
	l->epoch = r->epoch;
	r->on_reply = load_reply;
	r->data = l;
}

/* After a reset nobody waits any more. */
static void load_follow(struct load *l, struct rtos *r)
{
	unsigned int i;

	if (l->epoch == r->epoch)
		return;
	l->resets++;
	l->epoch = r->epoch;
	l->sent = l->done;
	l->idles = 0;
	for (i = 0; i < r->calls; i++)
		l->idle[l->idles++] = i;
}

static void load_give_up(struct load *l, struct rtos *r)
{
	unsigned int i;

	for (i = 0; i < r->calls; i++)
		if (rtos_busy(r, i) && now_us() - r->call[i].sent > l->o->timeout_ms * 1e3) {
			rtos_give_up(r, i);
			l->done++;
			l->idle[l->idles++] = i;
		}
}

/* Sends as much as may be out. True when the ring was full. */
static bool load_send(struct load *l, struct rtos *r, uint64_t count)
{
	unsigned int max = l->o->in_flight ? l->o->in_flight : r->calls;

	while (r->running && l->idles && r->out < max && (!count || l->sent < count)) {
		unsigned int pick = any() % l->idles, thread = l->idle[pick];
		int ret = send_getpid(r, l->o, thread, l->o->slot[thread % l->o->slots]);

		if (ret < 0)
			errx(EXIT_LINK, "%s", r->link.error);
		if (ret)
			return true;
		l->idle[pick] = l->idle[--l->idles];
		l->sent++;
	}
	return false;
}

/* Until count are done (0: no end), or until a time. */
static void load_run(struct load *l, struct rtos *r, uint64_t count, double until)
{
	double looked = now_us(), up = looked;

	while (!stopped && now_us() < until && (!count || l->done < count)) {
		bool full = load_send(l, r, count);

		/* Room in the ring is no reason for an interrupt. */
		if (rtos_wait(r, full ? 1 : 100) < 0)
			errx(EXIT_LINK, "%s", r->link.error);
		load_follow(l, r);
		if (r->running)
			up = now_us();
		if (now_us() - up > l->o->wait * 1e6)
			errx(EXIT_BROKEN, "the link is down for %.0f s", l->o->wait);
		if (now_us() - looked > 100e3) {
			looked = now_us();
			load_give_up(l, r);
		}
		if (!r->out)
			rtos_switch(r, 0);
	}
}

int mode_load(const struct options *o)
{
	struct rtos r;
	struct load l;
	double start;

	need_slots(o);
	load_init(&l, &r, o);
	start = now_us();
	load_run(&l, &r, o->count, o->seconds ? start + o->seconds * 1e6 : 1e18);
	/* What is still out when the time is over */
	if (l.sent > l.done)
		load_run(&l, &r, l.sent, 1e18);
	report_samples(o, l.done, now_us() - start);
	report_count("errors", l.errors);
	report_count("resets", l.resets);
	return finish(&r, o);
}

/* --- idle and restart ------------------------------------------------------ */

static void tell_signal(struct rtos *r)
{
	printf("signal %llu pid %llu\n", (unsigned long long)r->signal,
	       (unsigned long long)r->signal_pid);
}

int mode_idle(const struct options *o)
{
	double end = o->seconds ? now_us() + o->seconds * 1e6 : 1e18;
	struct rtos r;

	join(&r, o, 1);
	if (!o->json)
		r.on_signal = tell_signal;
	while (!stopped && now_us() < end)
		if (rtos_wait(&r, 100) < 0)
			errx(EXIT_LINK, "%s", r.link.error);
	report_begin(o->json);
	report_text("mode", o->mode);
	report_count("state", r.state);
	report_count("runs", r.runs);
	return finish(&r, o);
}

int mode_restart(const struct options *o)
{
	double start = now_us();
	unsigned int i;
	struct rtos r;
	struct load l;

	need_slots(o);
	load_init(&l, &r, o);
	for (i = 0; i < o->times && !stopped; i++) {
		load_run(&l, &r, 0, now_us() + any() % 50000);
		if (any() % 2) {
			if (rtos_reset(&r))
				errx(EXIT_LINK, "%s", r.link.error);
		} else {
			rtos_stop(&r);
			join_again(&r, o);
		}
		load_follow(&l, &r);
		if (rtos_wait_running(&r, o->wait * 1e3))
			errx(EXIT_BROKEN, "after %u restarts: %s", i + 1, r.link.error);
		load_follow(&l, &r);
	}
	/* And nothing is lost from here on. */
	load_run(&l, &r, l.done + (o->count ? o->count : 1), 1e18);
	report_samples(o, l.done, now_us() - start);
	report_count("errors", l.errors);
	report_count("resets", l.resets);
	report_count("runs", r.runs);
	return finish(&r, o);
}
