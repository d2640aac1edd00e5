// SPDX-License-Identifier: GPL-2.0
/* The modes of ivshmem-peer that are about one stay on a link. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modes.h"
#include "report.h"

#define DEFAULT_FRAME	1514

void open_peer(struct peer *p, const struct options *o)
{
	if (peer_open(p, o->socket, o->profile, o->wait))
		errx(EXIT_LINK, "%s", p->client.error);
	p->recheck_ms = o->recheck;
}

static void start_peer(struct peer *p)
{
	if (peer_start(p))
		errx(EXIT_LINK, "%s", p->client.error);
}

void init_traffic(struct traffic *t, struct peer *p, const struct options *o)
{
	uint32_t max = profile_max_frame(o->profile, p->ring.l.data_len);

	memset(t, 0, sizeof(*t));
	t->peer = p;
	t->fd = -1;
	t->ip = o->ip;
	t->count = o->count;
	t->seconds = o->seconds;
	t->rate = o->rate;
	t->expect_echo = o->expect_echo;
	t->allow_loss = o->allow_loss;
	/* Only to tell one stream from the next. */
	t->stream = o->seed * 1000003 + (uint64_t)(now_ms() * 1e3);
	t->max_size = max < DEFAULT_FRAME ? max : DEFAULT_FRAME;
	if (o->max_size)
		t->max_size = o->max_size;
	t->min_size = o->min_size ? o->min_size : t->max_size;
	if (t->max_size > max)
		errx(EXIT_USAGE, "--size is %u, want at most %u in profile %s on this link",
		     t->max_size, max, o->profile->name);
	memcpy(t->dst, o->dst, 6);
	memcpy(t->mac, o->mac, 6);
	if (!o->has_mac)
		t->mac[5] = p->client.id;
}

int verdict_status(const struct verdict *v)
{
	int i;

	if (!v->total)
		return EXIT_OK;
	warnx("the other side broke a rule: %s", v->first);
	for (i = 0; i < RULE_COUNT; i++)
		if (v->broken[i])
			warnx("%s: %llu times", rule_name(i),
			      (unsigned long long)v->broken[i]);
	return EXIT_BROKEN;
}

/* Of a mode that has reported: a link that is gone leaves open what was to come. */
static int exit_status(const struct peer *p, bool lost)
{
	int status = verdict_status(&p->verdict);

	if (!lost)
		return status;
	warnx("%s", p->client.error);
	return EXIT_LINK;
}

static void report_peer(const struct peer *p, const struct options *o)
{
	report_begin(o->json);
	report_text("mode", o->mode);
	report_text("profile", o->profile->name);
	report_count("id", p->client.id);
	report_count("runs", p->hs.runs);
	report_text("state", state_name(p->hs.state));
	report_text("peer_state", state_name(p->hs.peer));
	report_count("doorbells", p->client.doorbells);
	report_count("interrupts", p->interrupts);
	report_count("rechecks_found", p->rechecks_found);
	report_count("refused_joins", p->refused);
	report_verdict(&p->verdict);
}

static void report_traffic(const struct traffic *t, const struct options *o)
{
	const struct payload_stats *s = &t->payload;

	report_peer(t->peer, o);
	report_number("seconds", (t->end_ms - t->start_ms) / 1e3);
	report_count("tx_frames", t->tx_frames);
	report_count("tx_bytes", t->tx_bytes);
	report_count("tx_full", t->tx_full);
	report_count("tx_dropped", t->tx_dropped);
	report_count("tx_outstanding", ring_tx_outstanding(&t->peer->ring));
	report_count("rx_frames", t->rx_frames);
	report_count("rx_bytes", t->rx_bytes);
	report_count("replies", t->replies);
	report_count("intact", s->frames);
	report_count("lost", s->lost);
	report_count("doubled", s->doubled);
	report_count("reordered", s->reordered);
	report_count("changed", s->changed);
	report_count("lost_at_restart", s->lost_at_restart);
	report_count("foreign", s->foreign);
	report_end();
}

static void choose_traffic(struct traffic *t, const struct options *o)
{
	if (!strcmp(o->mode, "echo"))
		traffic_echo(t);
	else if (!strcmp(o->mode, "reflect"))
		traffic_reflect(t);
	else if (!strcmp(o->mode, "discard"))
		traffic_discard(t);
	else if (!strcmp(o->mode, "source"))
		traffic_source(t);
	else if (traffic_tap(t, o->argument))
		err(EXIT_LINK, "TAP interface %s", o->argument);
}

/* What the caller wanted and did not get. */
static int missed(const struct traffic *t, const struct options *o)
{
	if (t->done && o->count && !t->done((struct traffic *)t)) {
		warnx("of %llu frames %llu were sent, %u not returned, %llu received",
		      (unsigned long long)o->count,
		      (unsigned long long)t->tx_frames,
		      ring_tx_outstanding(&t->peer->ring),
		      (unsigned long long)t->payload.frames);
		return EXIT_BROKEN;
	}
	if (!t->peer->hs.runs && !traffic_stop) {
		warnx("the link never ran: this side is in %s, the peer in %s",
		      state_name(t->peer->hs.state),
		      state_name(t->peer->hs.peer));
		return EXIT_BROKEN;
	}
	return EXIT_OK;
}

int mode_traffic(const struct options *o)
{
	static struct peer p;
	static struct traffic t;
	int status, ret = 0;

	open_peer(&p, o);
	init_traffic(&t, &p, o);
	choose_traffic(&t, o);
	start_peer(&p);
	if (!strcmp(o->mode, "source"))
		ret = peer_wait_running(&p, o->wait * 1e3);
	if (!ret)
		ret = traffic_run(&t);
	else if (ret > 0)
		rule_broken(&p.verdict, RULE_STATE_WANTED, "%s", p.client.error);
	report_traffic(&t, o);
	status = exit_status(&p, ret < 0);
	if (!status)
		status = missed(&t, o);
	peer_close(&p);
	return status;
}

/* Lets the handshake go on until the time is over; -1 when the link is gone. */
static int follow(struct peer *p, double seconds)
{
	double end = now_ms() + seconds * 1e3, left;

	while (!traffic_stop && (left = end - now_ms()) > 0) {
		if (peer_wait(p, left + 1, -1) < 0)
			return -1;
		p->data_due = false;
	}
	return 0;
}

/*
 * Where the other side must get to: one state further than this side, or not
 * yet, since the last step of a known peer wants one more interrupt.
 */
static bool held_as_wanted(const struct peer *p, uint32_t state, int expect)
{
	if (p->hs.state != state)
		return false;
	if (expect >= 0)
		return p->hs.peer == (uint32_t)expect;
	return p->hs.peer >= state && p->hs.peer <= state + 1;
}

int mode_hold(const struct options *o)
{
	static struct peer p;
	int state = state_parse(o->argument), status;
	bool lost = false;
	double end;

	if (state < 0)
		errx(EXIT_USAGE, "hold's state is '%s', want reset, init, ready or run",
		     o->argument);
	open_peer(&p, o);
	p.hs.limit = state;
	start_peer(&p);
	end = now_ms() + o->wait * 1e3;
	while (!lost && !held_as_wanted(&p, state, o->expect) &&
	       now_ms() < end && !traffic_stop)
		lost = follow(&p, 0.01);
	if (!lost)
		lost = follow(&p, o->seconds > 0 ? o->seconds : 1);
	if (!lost && !held_as_wanted(&p, state, o->expect))
		rule_broken(&p.verdict, RULE_STATE_WANTED,
			    "this side is in %s, the peer in %s, want %s and %s",
			    state_name(p.hs.state), state_name(p.hs.peer),
			    state_name(state), o->expect < 0 ?
			    "that or the next" : state_name(o->expect));
	report_peer(&p, o);
	report_end();
	status = exit_status(&p, lost);
	peer_close(&p);
	return status;
}

/* Sends a few frames and waits for them to come back; -1 when the link is gone. */
static int exchange(struct peer *p, const struct options *o)
{
	static struct traffic t;
	struct options few = *o;

	few.count = 8;
	few.seconds = o->wait;
	few.expect_echo = false;
	few.allow_loss = true;
	init_traffic(&t, p, &few);
	traffic_source(&t);
	if (traffic_run(&t))
		return -1;
	if (!traffic_stop && !t.done(&t))
		rule_broken(&p->verdict, RULE_STATE_WANTED,
			    "%u of %llu frames were not returned in %.0f s",
			    ring_tx_outstanding(&p->ring),
			    (unsigned long long)t.tx_frames, o->wait);
	return 0;
}

int mode_flap(const struct options *o)
{
	static struct peer p;
	uint64_t i, n = o->count ? o->count : 10;
	double begin, worst = 0;
	int status, ret = 0;

	open_peer(&p, o);
	start_peer(&p);
	for (i = 0; i < n && !traffic_stop && !p.verdict.total; i++) {
		begin = now_ms();
		ret = peer_wait_running(&p, o->wait * 1e3);
		if (ret > 0)
			rule_broken(&p.verdict, RULE_STATE_WANTED, "round %llu: %s",
				    (unsigned long long)i, p.client.error);
		if (ret)
			break;
		if (now_ms() - begin > worst)
			worst = now_ms() - begin;
		if (exchange(&p, o) || handshake_down(&p.hs) ||
		    follow(&p, (i * 7 % 40) / 1e3) || handshake_up(&p.hs)) {
			ret = -1;
			break;
		}
	}
	report_peer(&p, o);
	report_count("rounds", i);
	report_number("max_ms", worst);
	report_end();
	status = exit_status(&p, ret < 0);
	peer_close(&p);
	return status;
}

static void print_states(struct client *c, const uint32_t *state, double t,
			 bool json)
{
	uint32_t i;

	printf(json ? "{\"ms\": %.3f, \"states\": [" : "%12.3f", t);
	for (i = 0; i < c->max_peers; i++)
		if (json)
			printf("%s%u", i ? ", " : "", state[i]);
		else
			printf(" %u:%s(%u)", i, state_name(state[i]),
			       state[i]);
	puts(json ? "]}" : "");
}

static bool read_states(struct client *c, uint32_t *state)
{
	bool changed = false;
	uint32_t i, now;

	for (i = 0; i < c->max_peers; i++) {
		if (client_peer_state(c, i, &now))
			errx(EXIT_LINK, "%s", c->error);
		changed |= now != state[i];
		state[i] = now;
	}
	return changed;
}

int mode_states(const struct options *o)
{
	static struct client c;
	double start = now_ms();
	uint64_t lines = 0;
	uint32_t *state;

	if (client_join(&c, o->socket, 1) || client_set_interrupts(&c, true))
		errx(EXIT_LINK, "%s", c.error);
	state = calloc(c.max_peers, sizeof(*state));
	if (!state)
		errx(EXIT_LINK, "out of memory for %u peers", c.max_peers);
	read_states(&c, state);
	print_states(&c, state, 0, o->json);
	while (!traffic_stop && (!o->count || lines < o->count) &&
	       (o->seconds <= 0 || now_ms() - start < o->seconds * 1e3)) {
		struct pollfd fd[2] = { { c.irq_fd[0], POLLIN, 0 },
					{ c.sock, POLLIN, 0 } };

		poll(fd, 2, 100);
		client_take_irq(&c, 0);
		if (fd[1].revents && client_gone(&c))
			errx(EXIT_LINK, "the link closed the connection");
		if (!read_states(&c, state))
			continue;
		print_states(&c, state, now_ms() - start, o->json);
		lines++;
	}
	free(state);
	client_leave(&c);
	return EXIT_OK;
}

static void dump_section(struct client *c, const struct section *s, FILE *f)
{
	static char buf[0x10000];
	uint64_t at, n;

	for (at = 0; at < s->size; at += n) {
		n = s->size - at < sizeof(buf) ? s->size - at : sizeof(buf);
		if (s->map)
			memcpy(buf, (char *)s->map + at, n);
		else if (client_read_shm(c, s->offset + at, buf, n))
			errx(EXIT_LINK, "%s", c->error);
		if (fwrite(buf, 1, n, f) != n)
			err(EXIT_LINK, "writing the dump");
	}
}

int mode_dump(const struct options *o)
{
	static struct client c;
	FILE *f = fopen(o->argument, "w");
	uint32_t i;

	if (!f)
		err(EXIT_LINK, "%s", o->argument);
	if (client_join(&c, o->socket, 0))
		errx(EXIT_LINK, "%s", c.error);
	dump_section(&c, &c.state_table, f);
	dump_section(&c, &c.rw, f);
	for (i = 0; i < c.max_peers; i++)
		dump_section(&c, &c.output[i], f);
	if (fclose(f))
		err(EXIT_LINK, "%s", o->argument);
	client_leave(&c);
	return EXIT_OK;
}
