/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What device.c and sysfs.c know of each other
 */
#ifndef HOSTED_EMUL_DEVICE_H
#define HOSTED_EMUL_DEVICE_H

#include <linux/device.h>

extern spinlock_t devices_lock;

/* sysfs.c */
int check_groups(struct device *dev);
void set_driver_groups(struct device *dev, const struct attribute_group **groups);
void wait_for_attributes(struct device *dev);

#endif /* HOSTED_EMUL_DEVICE_H */
