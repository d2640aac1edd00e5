/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What device.c and sysfs.c know of each other
 */
#ifndef HOSTED_EMUL_DEVICE_H
#define HOSTED_EMUL_DEVICE_H

#include <linux/device.h>

#define MAX_DEVICES	128

/* Devices, with a reference to each. */
struct devices {
	struct device *dev[MAX_DEVICES];
	unsigned int n;
};

extern struct list_head all_devices, all_drivers, all_buses, all_classes;
extern spinlock_t devices_lock;

/* device.c */
void get_devices(struct devices *set, bool (*match)(struct device *dev, const void *data),
		 const void *data);
void put_devices(struct devices *set);
bool on_bus(struct device *dev, const void *bus);
bool in_class(struct device *dev, const void *class);

/* sysfs.c */
int check_groups(struct device *dev);
void set_driver_groups(struct device *dev, const struct attribute_group **groups);
void wait_for_attributes(struct device *dev);

#endif /* HOSTED_EMUL_DEVICE_H */
