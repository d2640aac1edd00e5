/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The RTOS's side of protocol 0002, as cRTOS's NuttX keeps it: a handshake, one
 * ring in each direction, requests that carry a cookie, and exactly one reply
 * for each, which is checked here.
 *
 *	struct rtos r;
 *
 *	rtos_init(&r, 16);
 *	if (link_open_socket(&r.link, "DIR/peer1.sock", 10) || rtos_start(&r) ||
 *	    rtos_wait_running(&r, 10000))
 *		errx(3, "%s", r.link.error);
 *	rtos_request(&r, 0, slot, words);
 *	while (rtos_busy(&r, 0) && rtos_wait(&r, 1000) >= 0)
 *		;
 *	... r.call[0].value ...
 *	rtos_stop(&r);
 */
#ifndef SHADOW_RTOS_H
#define SHADOW_RTOS_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "ring.h"
#include "rules.h"

enum state { STATE_RESET, STATE_INIT, STATE_READY, STATE_RUN };

#define PRIORITY_PAGE	0x1000	/* the end of an output section, no ring */
#define SLOT_BITS	48	/* of a slot id that the RTOS keeps */
#define SLOT_MASK	((1ULL << SLOT_BITS) - 1)
#define SIGNAL_BIT	0x8000000000000000ULL
/* Where the RTOS's programs, and its proxies, see the start of its memory */
#define GUEST_BASE	0x100000000ULL
#define GUEST_SIZE	0x8000000ULL

/* RTOS to Linux */
struct request {
	uint64_t number;
	uint64_t argument[6];
	uint64_t tcb;
	uint64_t priority;	/* policy << 32 | priority */
	uint64_t slot;
};

/* Linux to RTOS */
struct reply {
	uint64_t value;
	uint64_t tcb;		/* 0: nothing; SIGNAL_BIT: a signal to a pid */
};

enum call_state {
	CALL_NONE,
	CALL_OUT,		/* the reply is still to come */
	CALL_DONE,
	CALL_DROPPED,		/* none will: the link was reset, or it took too long */
};

/* A thread of the RTOS, which waits for one reply at a time */
struct call {
	enum call_state state;
	uint64_t tcb;		/* of the last request */
	uint64_t value;
	double sent, replied;	/* microseconds */
};

struct rtos {
	struct link link;
	struct ring ring;
	struct verdict verdict;
	uint32_t state, peer_state;
	uint32_t limit;		/* no step beyond */
	bool drain;		/* take all messages of an interrupt, not one */
	double reset_at;	/* when the state was last set to RESET, or the peer saw that */
	bool running;		/* both sides are in RUN */
	uint64_t runs;		/* how often they came there */

	struct call *call;
	unsigned int calls;
	uint64_t epoch;		/* counts RESETs, in every cookie */
	uint64_t sequence;	/* of requests, too */
	unsigned int out;	/* requests that wait for a reply */

	uint64_t requests, replies, ignored, signals;
	uint64_t signal, signal_pid;	/* the last one */
	void (*on_reply)(struct rtos *r, unsigned int thread);	/* NULL: none */
	void (*on_signal)(struct rtos *r);
	void *data;		/* theirs */
};

/* Room for so many threads. The link is opened by the caller, afterwards. */
void rtos_init(struct rtos *r, unsigned int calls);

/* From RESET; rtos_wait() does the rest. */
int rtos_start(struct rtos *r);
int rtos_wait_running(struct rtos *r, int timeout_ms);

/* RESET: what is outstanding is forgotten, a reply to it is a broken rule. */
int rtos_reset(struct rtos *r);
/* RESET, and leaves the link; the verdict and the counters stay. */
void rtos_stop(struct rtos *r);

/*
 * One wait for an interrupt and what follows from it: a step of the handshake,
 * one message (all with drain). Returns messages taken, or -1 when the link is
 * gone.
 */
int rtos_wait(struct rtos *r, int timeout_ms);

/* The handshake's part of it, for those who take messages of their own. */
int rtos_look(struct rtos *r);

/*
 * Sends the request of a thread and rings. tcb 0: a cookie of its own. Returns
 * 0, 1 when the ring is full, -1 when the link is gone or does not run.
 */
int rtos_request(struct rtos *r, unsigned int thread, struct request *q);
bool rtos_busy(const struct rtos *r, unsigned int thread);

/* A thread switch, as Linux sees it; 0 when none is ready. */
void rtos_switch(struct rtos *r, uint64_t priority);

/* The reply did not come in time: a broken rule, the thread is free again. */
void rtos_give_up(struct rtos *r, unsigned int thread);
/* The same where nobody expected one; a reply that comes still breaks one. */
void rtos_forget(struct rtos *r, unsigned int thread);

/* Where a guest address lies; NULL when not all of it is the RTOS's memory. */
void *rtos_memory(struct rtos *r, uint64_t address, uint64_t len);

#endif
