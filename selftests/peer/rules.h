/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the other side of a link must keep, and the record of what it broke.
 * Every check of this peer ends in rule_broken(); a run is clean when the
 * record is empty.
 */
#ifndef PEER_RULES_H
#define PEER_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum rule {
	/* The ring, as the receiver of my frames keeps it */
	RULE_USED_ID,		/* used.id is below the ring's length */
	RULE_USED_LEN,		/* used.len is 1 */
	RULE_USED_ORDER,	/* frames come back in the order they left */
	RULE_USED_AHEAD,	/* only frames that are out come back */
	RULE_USED_FLAGS,	/* used.flags stay 0 */
	/* The ring, as the sender of frames to me keeps it */
	RULE_AVAIL_ID,		/* the descriptor is below the ring's length */
	RULE_AVAIL_AHEAD,	/* no more frames than descriptors */
	RULE_AVAIL_FLAGS,	/* avail.flags stay 0 */
	RULE_DESC_REUSE,	/* a descriptor is offered once until returned */
	RULE_DESC_FLAGS,	/* desc.flags are 0 */
	RULE_DESC_RANGE,	/* the frame lies in the data area */
	RULE_FRAME_SHORT,	/* a frame has at least an Ethernet header */
	RULE_FRAME_LONG,	/* it fits the buffer that this peer copies to */
	RULE_GAP,		/* bytes that nobody uses stay 0 */
	RULE_NOT_CLEAN,		/* the ring is cleared before READY */
	/* The handshake */
	RULE_STATE_VALUE,	/* RESET, INIT, READY or RUN */
	RULE_INIT_EARLY,	/* RESET to INIT only when I am below READY */
	RULE_READY_EARLY,	/* INIT to READY only when I left RESET */
	RULE_RUN_EARLY,		/* READY to RUN only when I am READY */
	RULE_STATE_WANTED,	/* the state that follows from mine, in time */
	/* Interrupts */
	RULE_NO_DOORBELL,	/* frames past my event are announced */
	RULE_NO_STATE_IRQ,	/* state changes are announced */
	/* Payload, counted by the traffic modes */
	RULE_PAYLOAD,		/* nothing lost, twice, reordered or changed */
	/* Protocol 0002, as the RTOS needs it */
	RULE_REPLY_LEN,		/* a message to the RTOS has 16 bytes */
	RULE_REPLY_UNKNOWN,	/* a reply has the tcb of a request */
	RULE_REPLY_TWICE,	/* and there is one only */
	RULE_REPLY_STALE,	/* none after the RTOS was in RESET */
	RULE_REPLY_LOST,	/* and one in time */
	RULE_BELL_EARLY,	/* no doorbell before this side is READY */
	RULE_COUNT
};

struct verdict {
	uint64_t broken[RULE_COUNT];
	uint64_t total;
	char first[256];	/* the first one, in words */
};

void rule_broken(struct verdict *v, enum rule which, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The rule's short name, for example "used-len". */
const char *rule_name(enum rule rule);

#endif
