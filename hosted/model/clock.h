/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A clock that counts its users: it runs while one of them has it enabled. What
 * a user that has died still had is dropped.
 */
#ifndef HOSTED_MODEL_CLOCK_H
#define HOSTED_MODEL_CLOCK_H

#include <stdbool.h>

#include "kit/bus.h"

#define CLOCK_USERS	8

struct clock {
	const char *name;
	unsigned long rate;			/* Hz */
	void (*changed)(struct clock *clock);	/* runs, or runs no more; may be NULL */
	struct { unsigned int got, prepared, enabled; } users[CLOCK_USERS];
};

/* Return: 0, or -EINVAL when there is nothing to give back. */
int clock_get(struct clock *clock, unsigned int user, bool on);
int clock_prepare(struct clock *clock, unsigned int user, bool on);
int clock_enable(struct clock *clock, unsigned int user, bool on);
bool clock_running(const struct clock *clock);

/* How often a user has it enabled. Context: any thread. */
static inline unsigned int clock_enabled(const struct clock *clock, unsigned int user)
{
	return __atomic_load_n(&clock->users[user].enabled, __ATOMIC_ACQUIRE);
}

/* Return: how many enables, prepares and gets the user still had. */
unsigned int clock_drop(struct clock *clock, unsigned int user);

/* For kit_clocks(), with a clock: the only one there is, whatever name a driver has for it. */
extern const struct kit_clock_ops clock_only;

#endif
