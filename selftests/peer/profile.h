/* SPDX-License-Identifier: GPL-2.0 */
/* How the known peers of protocol 0001 differ, as data. */
#ifndef PEER_PROFILE_H
#define PEER_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

enum used_event {
	USED_EVENT_NEVER,	/* stays 0: sees returned frames when it sends */
	USED_EVENT_FULL,	/* asks for a doorbell when it cannot send */
	USED_EVENT_EACH,	/* asks again after each frame sent */
};

enum down {
	DOWN_RESTART,	/* RESET at once, then up to READY and no further */
	DOWN_SILENT,	/* register RESET, interrupts off, own idea kept */
	DOWN_LEAVE_RUN,	/* RESET only if RUN, at the next look */
};

struct profile {
	const char *name;
	unsigned int min_vectors;	/* MSI-X vectors it cannot do without */
	bool intx;			/* runs on INTx */
	/* sending */
	bool event_index;	/* doorbells as the events ask, else each frame */
	enum used_event used_event;
	bool cyclic;		/* descriptors in turn, else last freed first */
	bool exact_space;	/* fills the data area, else keeps a 2nd frame */
	bool sends_to_ready;	/* sends once it is RUN, the peer READY or RUN */
	uint32_t max_frame;	/* it sends; 0: a quarter of the data area */
	/* receiving */
	bool avail_event_each;	/* written per frame, else when it goes idle */
	bool checks_flags;	/* a descriptor with flags is a bad one */
	bool stuck_on_bad;	/* waits at a bad descriptor, else skips it */
	uint32_t rx_buffer;	/* copies each frame into this, unchecked */
	/* handshake */
	bool clears_section;	/* at the start, else only the ring's header */
	bool steps_on_change;	/* a step needs a new state of the peer */
	enum down down;
};

/* NULL when there is none of that name. */
const struct profile *profile_find(const char *name);

/* All of them, ended by one without a name. */
extern const struct profile profiles[];

/* The longest frame that the profile sends through a data area this large. */
uint32_t profile_max_frame(const struct profile *p, uint32_t data_len);

#endif
