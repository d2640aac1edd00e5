// SPDX-License-Identifier: GPL-2.0
/* The restart mode: a peer that keeps dying, at random points. */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modes.h"
#include "report.h"

/* Where a stay on the link ends. */
enum end {
	END_JOINED,	/* before a word was said */
	END_STATE,	/* once a state is reached: aux */
	END_SENDING,	/* in RUN, with frames on their way */
	END_DONE,	/* in RUN, all frames returned */
};

/* What came of it; lives in memory shared with a child that dies. */
struct stay {
	enum end end;
	uint32_t aux;
	bool finished;		/* it got where it should end */
	bool failed;		/* no link, or the link is gone: see error */
	double ms;		/* from before the join until both were in RUN */
	unsigned int refused;
	uint64_t rechecks_found;
	struct verdict verdict;
	char error[256];
};

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x * 0x2545f4914f6cdd1d >> 33;
}

static void send_few(struct peer *p, struct stay *s, const struct options *o)
{
	static struct traffic t;
	struct options few = *o;

	few.count = 8;
	few.seconds = o->wait;
	few.expect_echo = false;
	few.allow_loss = true;
	init_traffic(&t, p, &few);
	traffic_source(&t);
	if (s->end == END_SENDING) {
		t.tx(&t);
		peer_kick(p);
		return;
	}
	s->failed = traffic_run(&t) < 0;
	if (!s->failed && !traffic_stop && !t.done(&t))
		rule_broken(&p->verdict, RULE_STATE_WANTED,
			    "%u of 8 frames were not returned in %.0f s",
			    ring_tx_outstanding(&p->ring), o->wait);
}

/* One stay, up to the point where it is to end. */
static void live(struct peer *p, struct stay *s, const struct options *o)
{
	double begin = now_ms();
	int ret;

	if (peer_open(p, o->socket, o->profile, o->wait)) {
		s->failed = true;
		return;
	}
	p->recheck_ms = o->recheck;
	if (s->end == END_JOINED)
		return;
	if (peer_start(p)) {
		s->failed = true;
		return;
	}
	while (s->end == END_STATE && p->hs.state < s->aux &&
	       now_ms() - begin < o->wait * 1e3)
		if (peer_wait(p, 1000, -1) < 0) {
			s->failed = true;
			return;
		}
	if (s->end == END_STATE)
		return;
	ret = peer_wait_running(p, o->wait * 1e3);
	s->failed = ret < 0;
	if (ret > 0)
		rule_broken(&p->verdict, RULE_STATE_WANTED, "%s",
			    p->client.error);
	if (ret)
		return;
	s->ms = now_ms() - begin;
	send_few(p, s, o);
}

static void stay_once(struct stay *s, const struct options *o, bool die)
{
	static struct peer p;

	live(&p, s, o);
	s->verdict = p.verdict;
	s->refused = p.refused;
	s->rechecks_found = p.rechecks_found;
	memcpy(s->error, p.client.error, sizeof(s->error));
	s->finished = true;
	if (die)
		raise(SIGKILL);
	peer_close(&p);
}

/* As a process that is killed: everything is closed by the kernel. */
static void stay_as_child(struct stay *s, const struct options *o)
{
	pid_t pid = fork();

	if (pid < 0)
		err(EXIT_LINK, "fork");
	if (!pid) {
		stay_once(s, o, true);
		_exit(1);
	}
	while (waitpid(pid, NULL, 0) < 0 && !traffic_stop)
		;
	if (!s->finished && !traffic_stop)
		errx(EXIT_LINK, "a child ended before its time");
}

struct total {
	uint64_t rounds, aborted, killed, refused, rechecks_found;
	double *ms;
	struct verdict verdict;
};

/* Returns false when the mode is over. */
static bool account(struct total *t, const struct stay *s)
{
	t->refused += s->refused;
	t->rechecks_found += s->rechecks_found;
	if (s->verdict.total)
		t->verdict = s->verdict;
	if (s->failed)
		warnx("round %llu: %s", (unsigned long long)t->rounds,
		      s->error);
	return !s->failed && !s->verdict.total && !traffic_stop;
}

static bool run_stay(struct total *t, struct stay *s, const struct options *o,
		     uint64_t *seed)
{
	bool child = next_random(seed) % 4 == 0;

	t->killed += child;
	if (child)
		stay_as_child(s, o);
	else
		stay_once(s, o, false);
	return account(t, s);
}

static bool round_once(struct total *t, struct stay *s,
		       const struct options *o, uint64_t *seed)
{
	while (next_random(seed) % 2) {
		memset(s, 0, sizeof(*s));
		s->end = next_random(seed) % 4 ? END_STATE : END_JOINED;
		s->aux = STATE_INIT + next_random(seed) % 3;
		t->aborted++;
		if (!run_stay(t, s, o, seed))
			return false;
	}
	memset(s, 0, sizeof(*s));
	s->end = next_random(seed) % 3 ? END_DONE : END_SENDING;
	if (!run_stay(t, s, o, seed))
		return false;
	t->ms[t->rounds++] = s->ms;
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct total *t, const struct options *o)
{
	uint64_t n = t->rounds;

	qsort(t->ms, n, sizeof(*t->ms), compare);
	report_begin(o->json);
	report_text("mode", o->mode);
	report_text("profile", o->profile->name);
	report_count("rounds", n);
	report_count("aborted", t->aborted);
	report_count("killed", t->killed);
	report_count("refused_joins", t->refused);
	report_count("rechecks_found", t->rechecks_found);
	report_number("median_ms", n ? t->ms[n / 2] : 0);
	report_number("p99_ms", n ? t->ms[n * 99 / 100] : 0);
	report_number("max_ms", n ? t->ms[n - 1] : 0);
	report_verdict(&t->verdict);
	report_end();
}

int mode_restart(const struct options *o)
{
	uint64_t rounds = o->count ? o->count : 100;
	uint64_t seed = o->seed * 0x9e3779b97f4a7c15 | 1;
	struct total t = { .ms = calloc(rounds, sizeof(double)) };
	struct stay *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	if (!t.ms || s == MAP_FAILED)
		errx(EXIT_LINK, "out of memory for %llu rounds",
		     (unsigned long long)rounds);
	while (t.rounds < rounds && round_once(&t, s, o, &seed))
		;
	report(&t, o);
	status = verdict_status(&t.verdict);
	if (s->failed)
		status = EXIT_LINK;
	else if (!status && t.rounds < rounds)
		status = EXIT_BROKEN;
	free(t.ms);
	return status;
}
