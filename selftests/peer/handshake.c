// SPDX-License-Identifier: GPL-2.0
/* The handshake of protocols 0001 and 0002; see handshake.h. */
#include <strings.h>

#include "handshake.h"

static const char * const names[] = { "RESET", "INIT", "READY", "RUN" };

const char *state_name(uint32_t state)
{
	return state <= STATE_RUN ? names[state] : "?";
}

int state_parse(const char *name)
{
	int i;

	for (i = 0; i <= STATE_RUN; i++)
		if (!strcasecmp(name, names[i]))
			return i;
	return -1;
}

static int set_state(struct handshake *h, uint32_t state)
{
	if (state == STATE_RESET) {
		h->seen_reset = false;
		h->seen_below_ready = false;
	}
	h->state = state;
	return client_write_state(h->client, state);
}

int handshake_start(struct handshake *h)
{
	h->looked = false;
	if (client_set_interrupts(h->client, true) ||
	    set_state(h, STATE_RESET))
		return -1;
	return handshake_look(h, false) < 0 ? -1 : 0;
}

/* What a peer's new state must not be, given what it has seen of ours. */
static void check_peer(struct handshake *h, uint32_t now)
{
	const char *was = state_name(h->peer), *own = state_name(h->state);

	if (now > STATE_RUN)
		rule_broken(h->verdict, RULE_STATE_VALUE,
			    "the peer's state is %u, want 0 to 3", now);
	if (h->state == STATE_RUN && h->looked && h->peer >= STATE_READY &&
	    now == STATE_INIT)
		rule_broken(h->verdict, RULE_INIT_EARLY,
			    "the peer went from %s to INIT while this side was in %s",
			    was, own);
	if (h->state == STATE_RESET && h->seen_reset && now >= STATE_READY)
		rule_broken(h->verdict, RULE_READY_EARLY,
			    "the peer went from %s to %s while this side was in RESET",
			    was, state_name(now));
	if (h->state < STATE_READY && h->seen_below_ready && now == STATE_RUN)
		rule_broken(h->verdict, RULE_RUN_EARLY,
			    "the peer went from %s to RUN while this side was in %s",
			    was, own);
}

/* A peer that has just become READY shows a ring that it has cleared. */
static int check_ready(struct handshake *h)
{
	char why[128];
	uint32_t again;
	bool clean = ring_peer_clean(h->ring, why, sizeof(why));

	if (client_peer_state(h->client, h->peer_id, &again))
		return -1;
	if (again != STATE_READY)
		return 0;
	if (!clean)
		rule_broken(h->verdict, RULE_NOT_CLEAN, "%s", why);
	ring_check_gaps(h->ring);
	return 0;
}

static uint32_t next_state(const struct handshake *h)
{
	switch (h->state) {
	case STATE_RESET:
		return h->peer < STATE_READY ? STATE_INIT : STATE_RESET;
	case STATE_INIT:
		return h->peer > STATE_RESET ? STATE_READY : STATE_INIT;
	default:
		if (h->peer == STATE_RESET)
			return STATE_RESET;
		if (h->down && h->prof->down == DOWN_LEAVE_RUN &&
		    h->state == STATE_RUN)
			return STATE_RESET;
		if (h->peer >= STATE_READY && !h->down)
			return STATE_RUN;
		return h->state;
	}
}

static int step(struct handshake *h)
{
	uint32_t next = next_state(h);

	if (next > h->limit || next == h->state)
		return 0;
	if (next == STATE_READY)
		ring_start(h->ring);
	return set_state(h, next) ? -1 : 1;
}

static void note_running(struct handshake *h)
{
	bool running = h->state == STATE_RUN && h->peer == STATE_RUN;

	if (running && !h->running) {
		h->runs++;
		ring_check_gaps(h->ring);
	}
	h->running = running;
}

int handshake_look(struct handshake *h, bool force)
{
	uint32_t now;
	bool changed;
	int ret = 0;

	if (h->silent)
		return 0;
	if (client_peer_state(h->client, h->peer_id, &now))
		return -1;
	changed = !h->looked || now != h->peer;
	if (changed)
		check_peer(h, now);
	h->peer = now;
	h->looked = true;
	if (changed && now == STATE_READY && check_ready(h))
		return -1;
	if (h->state == STATE_RESET && now == STATE_RESET)
		h->seen_reset = true;
	if (h->state == STATE_RESET && now < STATE_READY)
		h->seen_below_ready = true;
	if (changed || force || !h->prof->steps_on_change)
		ret = step(h);
	note_running(h);
	return ret < 0 ? -1 : ret || changed;
}

int handshake_down(struct handshake *h)
{
	h->down = true;
	switch (h->prof->down) {
	case DOWN_RESTART:
		return set_state(h, STATE_RESET);
	case DOWN_SILENT:
		h->silent = true;
		h->running = false;
		if (client_set_interrupts(h->client, false))
			return -1;
		return client_write_state(h->client, STATE_RESET);
	case DOWN_LEAVE_RUN:
		break;
	}
	return handshake_look(h, false) < 0 ? -1 : 0;
}

int handshake_up(struct handshake *h)
{
	h->down = false;
	if (h->silent) {
		h->silent = false;
		return handshake_start(h);
	}
	/* Jailhouse's Linux runs at once when it is READY. */
	return handshake_look(h, true) < 0 ? -1 : 0;
}

bool handshake_may_receive(const struct handshake *h)
{
	return h->state == STATE_RUN && !h->silent;
}

bool handshake_may_send(const struct handshake *h)
{
	return h->state == STATE_RUN && !h->silent &&
		(h->peer == STATE_RUN ||
		 (h->prof->sends_to_ready && h->peer == STATE_READY));
}
