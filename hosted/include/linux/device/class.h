/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_DEVICE_CLASS_H
#define _HOSTED_LINUX_DEVICE_CLASS_H

#include <linux/device/bus.h>
#include <linux/list.h>
#include <linux/pm.h>
#include <linux/types.h>

struct class {
	const char *name;
	const struct attribute_group **dev_groups;
	int (*dev_uevent)(const struct device *dev, struct kobj_uevent_env *env);
	char *(*devnode)(const struct device *dev, umode_t *mode);
	void (*dev_release)(struct device *dev);
	const struct dev_pm_ops *pm;
};

int __must_check class_register(const struct class *class);
void class_unregister(const struct class *class);

#endif
