/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PM_H
#define _HOSTED_LINUX_PM_H

#include <linux/types.h>

struct device;

struct dev_pm_ops {
	int (*suspend)(struct device *dev);
	int (*resume)(struct device *dev);
};

#define SYSTEM_SLEEP_PM_OPS(_s, _r)	.suspend = (_s), .resume = (_r),
#define SET_SYSTEM_SLEEP_PM_OPS(_s, _r)		SYSTEM_SLEEP_PM_OPS(_s, _r)
#define DEFINE_SIMPLE_DEV_PM_OPS(_name, _s, _r) \
	const struct dev_pm_ops _name = { SYSTEM_SLEEP_PM_OPS(_s, _r) }
#define SIMPLE_DEV_PM_OPS(_name, _s, _r) \
	const struct dev_pm_ops __maybe_unused _name = { SYSTEM_SLEEP_PM_OPS(_s, _r) }
#define pm_ptr(_p)		(_p)
#define pm_sleep_ptr(_p)	(_p)

#endif
