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
