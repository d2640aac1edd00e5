/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_DEVICE_BUS_H
#define _HOSTED_LINUX_DEVICE_BUS_H

#include <linux/list.h>
#include <linux/pm.h>
#include <linux/types.h>
#include <linux/version.h>

struct attribute_group;
struct device;
struct device_driver;
struct kobj_uevent_env;

struct bus_type {
	const char *name;
	const char *dev_name;
	const struct attribute_group **dev_groups;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	int (*match)(struct device *dev, const struct device_driver *drv);
#else
	int (*match)(struct device *dev, struct device_driver *drv);
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	int (*uevent)(const struct device *dev, struct kobj_uevent_env *env);
#else
	int (*uevent)(struct device *dev, struct kobj_uevent_env *env);
#endif
	int (*probe)(struct device *dev);
	void (*remove)(struct device *dev);
	void (*shutdown)(struct device *dev);
	const struct dev_pm_ops *pm;
	bool need_parent_lock;
};

int __must_check bus_register(const struct bus_type *bus);
void bus_unregister(const struct bus_type *bus);

#endif
