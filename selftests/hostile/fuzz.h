/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer that keeps to the rules as often as not. What it does is drawn round by
 * round, each round from a seed of its own:
 *
 *	fuzz.c		rounds, the handshake, what a round is made of
 *	fuzz_ring.c	messages and their return, with changed fields; the race
 *	fuzz_section.c	what the other side leaves in its own section
 *
 * Draws never depend on what the other side does, or on time: the same seed
 * gives the same round. With a race, it gives what is written, but not when.
 */
#ifndef HOSTILE_FUZZ_H
#define HOSTILE_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client.h"
#include "ring.h"

/* What is attacked in a round, as bits */
enum fuzz_target {
	TARGET_RING = 1,
	TARGET_HANDSHAKE = 2,
	TARGET_STATE = 4,
	TARGET_SHADOW = 8,	/* what requests say, and the priority page */
};

struct rng {
	uint64_t state;
};

/* How a value is to be changed, whatever it is */
struct change {
	enum { CHANGE_NONE, CHANGE_XOR, CHANGE_ADD, CHANGE_SET } how;
	uint64_t by;
};

struct fuzz {
	struct client c;
	uint32_t other;		/* the other side's ID */
	uint16_t vector;	/* that announces messages */
	struct layout l;	/* of the ring; qlen is 0 where the protocol has none */
	uint8_t *own;		/* own output section */
	uint8_t *copy;		/* of the other side's */
	struct rng rng;
	unsigned int target;	/* of this round */
	uint32_t rate;		/* one field in so many is changed, 0: none */
	uint64_t round;
	unsigned int action;
	bool racing;
	FILE *log;		/* NULL: none */

	bool up;		/* RUN on both sides, by us at least, since the last climb */
	/* Where one that keeps to the rules is; the race aims at it */
	volatile uint16_t avail, used;
	volatile uint32_t last;	/* where the last message begins */
	uint32_t head;

	uint64_t actions, ups, cleared, sections, skipped;
	double *up_ms;
};

uint64_t draw64(struct rng *r);
uint32_t draw(struct rng *r, uint32_t below);

/* In the log: what is done, in words that depend on the seed alone */
void say(struct fuzz *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program: the other side did what it must not. */
_Noreturn void failed(struct fuzz *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Ends the program: the link is gone. */
_Noreturn void lost(struct fuzz *f);

/* The next value of this name, if it is the turn of one that target attacks */
struct change draw_change(struct fuzz *f, unsigned int target, const char *name);
uint64_t changed(struct change change, uint64_t value);
/* A change in any case, of the kind that checks are about */
struct change any_change(struct fuzz *f, struct rng *r);

void peer_bytes(struct fuzz *f, uint64_t offset, void *buf, size_t len);
void bell(struct fuzz *f);

/* fuzz_ring.c; INIT to READY, with what is left of the old ring or without */
void ring_begin(struct fuzz *f, bool old);
void act_send(struct fuzz *f);
void act_take(struct fuzz *f);
void act_events(struct fuzz *f);
void act_scribble(struct fuzz *f);
void race_begin(struct fuzz *f);
void race_end(void);

/* fuzz_section.c */
void section_is_clear(struct fuzz *f);
void section_is_sane(struct fuzz *f);

#endif
