/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What attacks on both protocols share: those on the ring, and how one is told
 * apart from what the other side has to do.
 */
#ifndef HOSTILE_ATTACKS_H
#define HOSTILE_ATTACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "usage.h"

#define RUN_MS		10000	/* the link has to be up within that */
#define STAY_MS		1500	/* and stay up for that where it has to */

#define MAX_SLOTS	64

struct attack_options {
	const char *socket;
	double seconds;		/* of attacks without end */
	uint64_t seed;		/* of what is random; changes as it is used */
	uint64_t slot[MAX_SLOTS];	/* that proxies serve; protocol 0002 */
	unsigned int slots;
	uint64_t dead_slot;	/* that nobody reads */
	bool has_dead_slot;
	/* fuzz only */
	bool has_seed, racing;
	uint64_t rounds;	/* 0: for seconds */
	uint64_t round;		/* the first */
	const char *target, *log;
};

extern struct attack_options attack_options;

/* Seeded; with several threads, as random as their order. */
uint32_t any(void);

/* The side of a link that a ring attack is made from */
struct target {
	struct ring *ring;
	void (*bell)(struct target *t);
	/* Until ring_rx_peek() has found one, which is not returned */
	void (*wait_for_frame)(struct target *t);
};

struct ring_attack {
	const char *name;
	void (*apply)(struct target *t);
	bool resets;		/* what the other side has to do */
	const char *what;
};

/* Ended by one without a name */
extern const struct ring_attack ring_attacks[];

/* A thread that changes everything in the own section until it is stopped. */
void race_start(struct target *t);
void race_stop(void);

/* Offers a frame of any kind, by descriptor 0, and rings. */
void offer(struct target *t, uint64_t addr, uint32_t len, uint16_t flags);

/* Protocol 0002, in shadow.c. The exit status, or -1: no such attack. */
int shadow_attack(const char *name);
/* In fuzz.c, with all protocols: drawn from the seed, and doorbells alone. The exit status. */
int fuzz_attack(void);
int flood_attack(bool turns);

/* From now on SIGUSR1 changes whose turn it is. */
void take_turns(bool nobody_first);
bool nobodys_turn(void);

void shadow_list(void (*tell)(const char *name, bool resets, const char *what));

#endif
