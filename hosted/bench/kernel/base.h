/* SPDX-License-Identifier: GPL-2.0 */
/* What bench-base measures. Includes nothing but kit.h. */
#ifndef HOSTED_BENCH_BASE_H
#define HOSTED_BENCH_BASE_H

#include "kit/kit.h"

/**
 * struct bench - something to measure
 * @run: does it @rounds times. Returns how long that took, in nanoseconds of the
 *	clock on the wall.
 * @rounds: how often
 * @name: what; NULL ends the list
 */
struct bench {
	kit_u64 (*run)(kit_u64 rounds);
	kit_u64 rounds;
	const char *name;
};

extern const struct bench benches[];

/** bench_clock() - the clock on the wall: time is virtual with some policies. */
kit_u64 bench_clock(void);

#endif /* HOSTED_BENCH_BASE_H */
