/* SPDX-License-Identifier: GPL-2.0 */
/* Sending and receiving on a running link: one loop, several uses of it. */
#ifndef PEER_TRAFFIC_H
#define PEER_TRAFFIC_H

#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "payload.h"
#include "peer.h"

struct traffic {
	struct peer *peer;

	/* What to do; rx returns false to leave the frame where it is. */
	bool (*rx)(struct traffic *t, const uint8_t *frame, uint32_t len);
	unsigned int (*tx)(struct traffic *t);	/* frames sent just now */
	bool (*done)(struct traffic *t);
	void (*carrier)(struct traffic *t, bool on);
	int fd;			/* another input to wait for, -1: none */

	/* Options */
	uint8_t mac[6], dst[6];
	struct in_addr ip;
	uint64_t count;		/* frames, 0: no end */
	double seconds;		/* 0: no end */
	double rate;		/* frames per second, 0: as fast as possible */
	uint32_t min_size, max_size;
	uint32_t stream;
	bool expect_echo;
	bool allow_loss;

	/* What happened */
	struct payload_stats payload;
	uint64_t tx_frames, tx_bytes, tx_full, tx_dropped;
	uint64_t rx_frames, rx_bytes;
	uint64_t replies;
	double start_ms, end_ms;

	uint64_t runs;		/* as last told to carrier() */
	bool up;
	bool blocked;		/* rx waits for room to send */
	uint32_t held;		/* bytes of a frame that waits for room */
	uint8_t buf[65536 + 64];
};

extern volatile sig_atomic_t traffic_stop;	/* set by a signal */

void traffic_echo(struct traffic *t);
void traffic_reflect(struct traffic *t);
void traffic_discard(struct traffic *t);
void traffic_source(struct traffic *t);
/* 0, or -1 with errno. */
int traffic_tap(struct traffic *t, const char *name);

/*
 * Runs until done, the time is over or a signal came; 0, or -1 when the link is
 * gone. Broken rules and payload errors are in the peer's verdict.
 */
int traffic_run(struct traffic *t);

#endif
