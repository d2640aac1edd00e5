/* SPDX-License-Identifier: GPL-2.0 */
/* Watchdogs; class/watchdog.c */
#ifndef _LINUX_WATCHDOG_H
#define _LINUX_WATCHDOG_H

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct module;
struct watchdog_device;

struct watchdog_info {
	__u32 options;
	__u32 firmware_version;
	__u8 identity[32];
};

#define WDIOF_SETTIMEOUT	0x0080
#define WDIOF_MAGICCLOSE	0x0100
#define WDIOF_KEEPALIVEPING	0x8000

struct watchdog_ops {
	struct module *owner;
	int (*start)(struct watchdog_device *wdd);
	int (*stop)(struct watchdog_device *wdd);
	int (*ping)(struct watchdog_device *wdd);
	unsigned int (*status)(struct watchdog_device *wdd);
	int (*set_timeout)(struct watchdog_device *wdd, unsigned int seconds);
	unsigned int (*get_timeleft)(struct watchdog_device *wdd);
	int (*restart)(struct watchdog_device *wdd, unsigned long mode, void *cmd);
};

struct watchdog_device {
	int id;
	struct device *parent;
	const struct watchdog_info *info;
	const struct watchdog_ops *ops;
	unsigned int timeout, min_timeout, max_timeout;		/* seconds */
	void *driver_data;
	unsigned long status;					/* WDOG_*, bits */
	int restart_priority;
	struct list_head entry;
};

#define WDOG_ACTIVE		0
#define WDOG_NO_WAY_OUT		1
#define WDOG_STOP_ON_REBOOT	2
#define WDOG_HW_RUNNING		3
#define WDOG_STOP_ON_UNREGISTER	4

#define WATCHDOG_NOWAYOUT	0

static inline bool watchdog_active(struct watchdog_device *wdd)
{
	return test_bit(WDOG_ACTIVE, &wdd->status);
}

static inline bool watchdog_hw_running(struct watchdog_device *wdd)
{
	return test_bit(WDOG_HW_RUNNING, &wdd->status);
}

static inline void watchdog_set_nowayout(struct watchdog_device *wdd, bool nowayout)
{
	if (nowayout)
		set_bit(WDOG_NO_WAY_OUT, &wdd->status);
}

static inline void watchdog_stop_on_reboot(struct watchdog_device *wdd)
{
	set_bit(WDOG_STOP_ON_REBOOT, &wdd->status);
}

static inline void watchdog_stop_on_unregister(struct watchdog_device *wdd)
{
	set_bit(WDOG_STOP_ON_UNREGISTER, &wdd->status);
}

static inline void watchdog_set_restart_priority(struct watchdog_device *wdd, int priority)
{
	wdd->restart_priority = priority;
}

static inline void watchdog_set_drvdata(struct watchdog_device *wdd, void *data)
{
	wdd->driver_data = data;
}

static inline void *watchdog_get_drvdata(struct watchdog_device *wdd)
{
	return wdd->driver_data;
}

int watchdog_init_timeout(struct watchdog_device *wdd, unsigned int seconds,
			  const struct device *dev);
int watchdog_register_device(struct watchdog_device *wdd);
void watchdog_unregister_device(struct watchdog_device *wdd);

#endif
