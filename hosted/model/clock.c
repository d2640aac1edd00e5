// SPDX-License-Identifier: GPL-2.0
/* A clock that counts its users. */
#include <errno.h>
#include <string.h>

#include "clock.h"

static int count(unsigned int *counter, bool on)
{
	if (!on && !*counter)
		return -EINVAL;
	__atomic_store_n(counter, *counter + (on ? 1 : -1), __ATOMIC_RELEASE);
	return 0;
}

int clock_get(struct clock *clock, unsigned int user, bool on)
{
	return count(&clock->users[user].got, on);
}

int clock_prepare(struct clock *clock, unsigned int user, bool on)
{
	return count(&clock->users[user].prepared, on);
}

bool clock_running(const struct clock *clock)
{
	unsigned int i;

	for (i = 0; i < CLOCK_USERS; i++)
		if (clock->users[i].enabled)
			return true;
	return false;
}

/* Tells when what @was is no longer so. */
static void tell(struct clock *clock, bool was)
{
	if (clock->changed && clock_running(clock) != was)
		clock->changed(clock);
}

/* Only a prepared clock can be enabled. */
int clock_enable(struct clock *clock, unsigned int user, bool on)
{
	bool was = clock_running(clock);
	int err;

	if (on && !clock->users[user].prepared)
		return -ESHUTDOWN;
	err = count(&clock->users[user].enabled, on);
	tell(clock, was);
	return err;
}

unsigned int clock_drop(struct clock *clock, unsigned int user)
{
	bool was = clock_running(clock);
	unsigned int left = clock->users[user].got + clock->users[user].prepared +
			    clock->users[user].enabled;

	memset(&clock->users[user], 0, sizeof(clock->users[user]));
	tell(clock, was);
	return left;
}

/*
 * The only clock, of user 0
 */

static int get_only(void *clock, const char *device, const char *name)
{
	(void)device;
	(void)name;
	return clock_get(clock, 0, true);
}

static void put_only(void *clock, int handle)
{
	clock_get(clock, handle, false);
}

static int prepare_only(void *clock, int handle, bool on)
{
	return clock_prepare(clock, handle, on);
}

static int enable_only(void *clock, int handle, bool on)
{
	return clock_enable(clock, handle, on);
}

static unsigned long rate_of_only(void *clock, int handle)
{
	(void)handle;
	return ((struct clock *)clock)->rate;
}

const struct kit_clock_ops clock_only = {
	get_only, put_only, prepare_only, enable_only, rate_of_only,
};
