/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PM_H
#define _HOSTED_LINUX_PM_H

#include <linux/types.h>

struct device;

typedef struct pm_message {
	int event;
} pm_message_t;

struct dev_pm_ops {
	int (*prepare)(struct device *dev);
	void (*complete)(struct device *dev);
	int (*suspend)(struct device *dev);
	int (*resume)(struct device *dev);
	int (*freeze)(struct device *dev);
	int (*thaw)(struct device *dev);
	int (*poweroff)(struct device *dev);
	int (*restore)(struct device *dev);
	int (*suspend_late)(struct device *dev);
	int (*resume_early)(struct device *dev);
	int (*suspend_noirq)(struct device *dev);
	int (*resume_noirq)(struct device *dev);
	int (*runtime_suspend)(struct device *dev);
	int (*runtime_resume)(struct device *dev);
	int (*runtime_idle)(struct device *dev);
};

#define SYSTEM_SLEEP_PM_OPS(_s, _r) \
	.suspend = (_s), .resume = (_r), .freeze = (_s), .thaw = (_r), \
	.poweroff = (_s), .restore = (_r),
#define SET_SYSTEM_SLEEP_PM_OPS(_s, _r)		SYSTEM_SLEEP_PM_OPS(_s, _r)
#define DEFINE_SIMPLE_DEV_PM_OPS(_name, _s, _r) \
	const struct dev_pm_ops _name = { SYSTEM_SLEEP_PM_OPS(_s, _r) }
#define SIMPLE_DEV_PM_OPS(_name, _s, _r) \
	const struct dev_pm_ops __maybe_unused _name = { SYSTEM_SLEEP_PM_OPS(_s, _r) }
#define pm_ptr(_p)		(_p)
#define pm_sleep_ptr(_p)	(_p)

#endif
