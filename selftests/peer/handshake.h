/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RESET, INIT, READY, RUN: one look at the peer's state makes at most one step
 * of the own, as the known peers do, so that each step needs an interrupt.
 */
#ifndef PEER_HANDSHAKE_H
#define PEER_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "profile.h"
#include "ring.h"
#include "rules.h"

enum state { STATE_RESET, STATE_INIT, STATE_READY, STATE_RUN };

struct handshake {
	struct client *client;
	const struct profile *prof;
	struct ring *ring;
	struct verdict *verdict;
	uint32_t peer_id;
	uint32_t state;		/* what this side believes to be in */
	uint32_t peer;		/* as last seen */
	uint32_t limit;		/* no step goes beyond */
	bool down;		/* the interface is down */
	bool silent;		/* down without following the peer */
	bool looked;
	/* The peer since the own RESET: seen in RESET, seen below READY. */
	bool seen_reset, seen_below_ready;
	uint64_t runs;		/* times both sides were in RUN */
	bool running;
};

/* Interrupts on, RESET, and a first look. All return 0, or -1 as clients do. */
int handshake_start(struct handshake *h);

/*
 * Looks at the peer and makes a step when one is due. force makes it due for
 * a profile that steps on changes only. Returns 1 when the own state or the
 * peer's changed, 0 when not, -1 on failure.
 */
int handshake_look(struct handshake *h, bool force);

/* The profile's way of taking its interface down and up again. */
int handshake_down(struct handshake *h);
int handshake_up(struct handshake *h);

/* Whether frames may be received, and sent. */
bool handshake_may_receive(const struct handshake *h);
bool handshake_may_send(const struct handshake *h);

/* "RUN"; "?" for a value that is no state. */
const char *state_name(uint32_t state);

/* Any case; -1 when there is none. */
int state_parse(const char *name);

#endif
