/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames that tell when one is lost, doubled, reordered or changed: ethertype
 * 88b5 (local experiments), a stream, a sequence number and a checksum.
 */
#ifndef PEER_PAYLOAD_H
#define PEER_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#define PAYLOAD_MIN_FRAME	40

struct payload_stats {
	uint64_t frames;	/* of ours, intact */
	uint64_t lost, doubled, reordered, changed;
	uint64_t lost_at_restart;
	uint64_t foreign;	/* frames of somebody else */
	/* where the stream is */
	uint32_t stream;
	uint64_t next;
	uint64_t window;	/* of the 64 before next: bit 0 is next - 1 */
	bool resync;		/* the link restarted: a gap is no loss */
};

void payload_fill(uint8_t *frame, uint32_t len, const uint8_t dst[6],
		  const uint8_t src[6], uint32_t stream, uint64_t seq);

/* Checks a frame, which must not change meanwhile, and counts. */
void payload_check(struct payload_stats *s, const uint8_t *frame, uint32_t len);

#endif
