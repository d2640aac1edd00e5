// SPDX-License-Identifier: GPL-2.0
/*
 * Time: the monotonic clock since the start, or what policy.c counts
 */
#include <time.h>

#include "internal.h"

static kit_u64 start;

static kit_u64 read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void time_init(void)
{
	start = read_clock(CLOCK_MONOTONIC);
}

kit_u64 kit_now(void)
{
	return policy_is_virtual() ? policy_now() : read_clock(CLOCK_MONOTONIC) - start;
}

void kit_delay(kit_u64 ns)
{
	kit_u64 until = kit_now() + ns;

	if (policy_is_virtual())
		policy_time(ns);
	else
		while (kit_now() < until)
			;
	kit_point();
}

void kit_advance(kit_u64 ns)
{
	static const unsigned int never;
	kit_u64 until = kit_now() + ns;

	while (kit_now() < until)
		kit_word_wait(&never, 0, until);
	if (policy_is_virtual())
		kit_idle();
}
