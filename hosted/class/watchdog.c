// SPDX-License-Identifier: GPL-2.0
/* Watchdogs: programs start, ping and stop them by number. */
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/watchdog.h>

#include "kit/small.h"

static DEFINE_MUTEX(watchdog_mutex);	/* the list, and all calls of drivers */
static LIST_HEAD(watchdogs);

static bool bad_timeout(struct watchdog_device *wdd, unsigned int seconds)
{
	return !seconds || seconds < wdd->min_timeout ||
	       (wdd->max_timeout && seconds > wdd->max_timeout);
}

/* Without properties, what the driver has chosen stays unless it is told. */
int watchdog_init_timeout(struct watchdog_device *wdd, unsigned int seconds,
			  const struct device *dev)
{
	if (!seconds)
		return 0;
	if (bad_timeout(wdd, seconds))
		return -EINVAL;
	wdd->timeout = seconds;
	return 0;
}

static struct watchdog_device *find(unsigned int n)
{
	struct watchdog_device *wdd;

	list_for_each_entry(wdd, &watchdogs, entry)
		if (wdd->id == (int)n)
			return wdd;
	return NULL;
}

int watchdog_register_device(struct watchdog_device *wdd)
{
	unsigned int id;

	if (!wdd->info || !wdd->ops || !wdd->ops->start ||
	    (!wdd->ops->stop && !wdd->ops->ping))
		return -EINVAL;
	if (kit_should_fail(KIT_WHAT_REGISTRATION))
		return -ENOMEM;
	mutex_lock(&watchdog_mutex);
	for (id = 0; find(id); id++)
		;
	wdd->id = id;
	list_add_tail(&wdd->entry, &watchdogs);
	mutex_unlock(&watchdog_mutex);
	kit_count(KIT_WHAT_REGISTRATION, 1);
	return 0;
}

static int stop(struct watchdog_device *wdd)
{
	int err;

	if (!watchdog_active(wdd))
		return 0;
	if (test_bit(WDOG_NO_WAY_OUT, &wdd->status) || !wdd->ops->stop)
		return -EBUSY;
	err = wdd->ops->stop(wdd);
	if (!err)
		clear_bit(WDOG_ACTIVE, &wdd->status);
	return err;
}

void watchdog_unregister_device(struct watchdog_device *wdd)
{
	mutex_lock(&watchdog_mutex);
	if (test_bit(WDOG_STOP_ON_UNREGISTER, &wdd->status) && watchdog_active(wdd))
		wdd->ops->stop(wdd);
	list_del(&wdd->entry);
	mutex_unlock(&watchdog_mutex);
	kit_count(KIT_WHAT_REGISTRATION, -1);
}

/*
 * For programs
 */

#define WITH_WATCHDOG(n, wdd, call) ({			\
	int _err = -ENODEV;				\
							\
	mutex_lock(&watchdog_mutex);			\
	(wdd) = find(n);				\
	if (wdd)					\
		_err = (call);				\
	mutex_unlock(&watchdog_mutex);			\
	_err; })

static int ping(struct watchdog_device *wdd)
{
	return wdd->ops->ping ? wdd->ops->ping(wdd) : wdd->ops->start(wdd);
}

static int start(struct watchdog_device *wdd)
{
	int err;

	if (watchdog_active(wdd))
		return 0;
	err = watchdog_hw_running(wdd) ? ping(wdd) : wdd->ops->start(wdd);
	if (!err)
		set_bit(WDOG_ACTIVE, &wdd->status);
	return err;
}

static int set_timeout(struct watchdog_device *wdd, unsigned int seconds)
{
	int err;

	if (bad_timeout(wdd, seconds))
		return -EINVAL;
	if (!wdd->ops->set_timeout)
		return -EOPNOTSUPP;
	err = wdd->ops->set_timeout(wdd, seconds);
	return err ?: watchdog_active(wdd) ? ping(wdd) : 0;
}

int kit_watchdog_start(unsigned int n)
{
	struct watchdog_device *wdd;

	return WITH_WATCHDOG(n, wdd, start(wdd));
}

int kit_watchdog_stop(unsigned int n)
{
	struct watchdog_device *wdd;

	return WITH_WATCHDOG(n, wdd, stop(wdd));
}

int kit_watchdog_ping(unsigned int n)
{
	struct watchdog_device *wdd;

	return WITH_WATCHDOG(n, wdd, watchdog_active(wdd) ? ping(wdd) : -EINVAL);
}

int kit_watchdog_set_timeout(unsigned int n, unsigned int seconds)
{
	struct watchdog_device *wdd;

	return WITH_WATCHDOG(n, wdd, set_timeout(wdd, seconds));
}

int kit_watchdog_timeout(unsigned int n)
{
	struct watchdog_device *wdd;

	return WITH_WATCHDOG(n, wdd, (int)wdd->timeout);
}

int kit_watchdog_timeleft(unsigned int n)
{
	struct watchdog_device *wdd;

	return WITH_WATCHDOG(n, wdd, wdd->ops->get_timeleft ? (int)wdd->ops->get_timeleft(wdd) :
			     -EOPNOTSUPP);
}
