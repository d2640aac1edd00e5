/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer of a protocol 0001 link: client, profile, handshake and ring together,
 * and the watch over what the other side does.
 *
 *	struct peer p;
 *
 *	if (peer_open(&p, socket, prof, 10) || peer_start(&p)) ...
 *	while (peer_wait(&p, 1000, -1) >= 0)
 *		if (p.data_due && handshake_may_receive(&p.hs))
 *			... ring_rx_peek(&p.ring, &len), ring_rx_done(),
 *			peer_kick(&p) ...
 *	peer_close(&p);
 *
 * Errors are in p.client.error, broken rules in p.verdict.
 */
#ifndef PEER_PEER_H
#define PEER_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "client.h"
#include "handshake.h"
#include "profile.h"
#include "ring.h"
#include "rules.h"

struct peer {
	struct client client;
	struct ring ring;
	struct handshake hs;
	struct verdict verdict;
	uint16_t data_vector;
	bool data_due;		/* look at the ring: an interrupt, or RUN */
	double quiet_since;	/* the last interrupt; 0: just now */
	int recheck_ms;		/* 0: a missing interrupt is a broken rule */
	uint64_t interrupts;
	uint64_t rechecks_found;
	unsigned int refused;	/* joins that the link turned down first */
};

/* Milliseconds of a clock that only goes forward. */
double now_ms(void);

/* Joins, trying again for up to seconds while the socket is not free. */
int peer_open(struct peer *p, const char *socket, const struct profile *prof,
	      int seconds);

/* Interrupts on and the first look; the verdict starts empty. */
int peer_start(struct peer *p);
void peer_close(struct peer *p);

/*
 * Waits for an interrupt, or for input on extra_fd (-1: none), looks at the
 * state when due, and checks that nothing came unannounced. Returns 1 when
 * something happened, 0 after timeout_ms, -1 when the link is gone.
 */
int peer_wait(struct peer *p, int timeout_ms, int extra_fd);

/*
 * Waits until both sides are in RUN: 0; with an error 1 when they are not after
 * timeout_ms, -1 when the link is gone.
 */
int peer_wait_running(struct peer *p, int timeout_ms);

/* The doorbells that are due for what was sent and returned. */
int peer_kick(struct peer *p);

#endif
