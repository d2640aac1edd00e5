/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two-way ring of protocols 0001 and 0002: a split virtqueue in each output
 * section, the used ring of a direction being in the receiver's section, so
 * that each side writes only its own.
 *
 * Pure memory: it knows neither clients nor doorbells. Sending:
 *
 *	buf = ring_tx_reserve(r, len);	NULL: full
 *	... fill buf ...
 *	ring_tx_commit(r);
 *	if (ring_tx_kick(r))		once per batch
 *		... ring the peer ...
 *
 * Receiving:
 *
 *	while ((frame = ring_rx_peek(r, &len)))
 *		... use it ..., ring_rx_done(r);
 *	if (!ring_rx_arm(r)) ... sleep until the doorbell ...
 *	if (ring_rx_kick(r)) ... ring the peer ...
 */
#ifndef PEER_RING_H
#define PEER_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile.h"
#include "rules.h"

struct layout {
	uint32_t size;		/* of the section, as far as the ring uses it */
	uint32_t qlen;
	uint32_t avail;		/* offsets; the descriptors are at 0 */
	uint32_t used_event;
	uint32_t used;
	uint32_t avail_event;
	uint32_t data;
	uint32_t data_len;
};

/* Returns 0, or -1 when the section is too small for any ring. */
int layout_of(struct layout *l, uint64_t section_size);

/* The peer's section: mapped, or read through fetch(). */
struct remote {
	const uint8_t *map;
	int (*fetch)(void *ctx, uint32_t offset, void *buf, uint32_t len);
	void *ctx;
};

struct ring {
	struct layout l;
	const struct profile *prof;
	struct verdict *verdict;
	uint8_t *own;
	struct remote peer;

	uint16_t *next;		/* the free descriptor after each */
	uint16_t *order;	/* descriptors in the order they were offered */
	uint32_t *len;		/* of what is out, by descriptor */
	uint8_t *offered;	/* by the peer and not returned, by descriptor */
	uint8_t *bounce;	/* frames of a peer that is not mapped */

	/* Where both directions stand; ring_start() clears it. */
	struct {
		uint16_t tx_avail;	/* frames offered */
		uint16_t tx_used;	/* frames that came back */
		uint16_t tx_kicked;	/* tx_avail when a doorbell was decided */
		uint16_t free_head;
		uint16_t num_free;
		uint32_t head, tail;	/* of the data area */
		uint32_t data_used;	/* by exact accounting */
		uint32_t reserved;	/* length of a reserved frame, 0: none */
		bool wedged;		/* the peer broke a rule: send no more */

		uint16_t rx_avail;	/* frames taken or skipped */
		uint16_t rx_seen;	/* frames checked for reuse */
		uint16_t rx_used;	/* frames returned */
		uint16_t rx_kicked;
		uint16_t rx_id;		/* the frame being peeked at */
		bool rx_stuck;		/* at a bad descriptor, for good */
		bool fetch_failed;
	} at;
};

/*
 * own is this peer's section; both sections are size bytes. The memory is not
 * touched before ring_start(). Returns 0, or -1 when the section is too small
 * or there is no memory.
 */
int ring_init(struct ring *r, const struct profile *prof, struct verdict *v,
	      void *own, struct remote peer, uint64_t size);
void ring_free(struct ring *r);

/* INIT to READY: clears the own ring as the profile does and starts over. */
void ring_start(struct ring *r);

/* Sender. A reserved frame is contiguous; reserving again replaces it. */
void *ring_tx_reserve(struct ring *r, uint32_t len);
void ring_tx_commit(struct ring *r);
/* Whether the frames since the last call want a doorbell. */
bool ring_tx_kick(struct ring *r);
/* Takes back what the peer returned; how many frames. */
unsigned int ring_tx_reclaim(struct ring *r);
/* Asks for a doorbell; true when frames came back meanwhile. */
bool ring_tx_arm(struct ring *r);
unsigned int ring_tx_outstanding(const struct ring *r);

/* Receiver. The frame stays the peer's memory until ring_rx_done(). */
const void *ring_rx_peek(struct ring *r, uint32_t *len);
void ring_rx_done(struct ring *r);
bool ring_rx_kick(struct ring *r);
/* Asks for a doorbell; true when frames arrived meanwhile. */
bool ring_rx_arm(struct ring *r);
/* True when the peer has offered frames, and its doorbell was due. */
bool ring_rx_unannounced(struct ring *r);
bool ring_tx_unannounced(struct ring *r);

/* The peer's bytes that nobody uses, and its flags. */
void ring_check_gaps(struct ring *r);
/* What a peer that is READY must show: a cleared ring. */
bool ring_peer_clean(struct ring *r, char *why, size_t len);

#endif
