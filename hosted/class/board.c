// SPDX-License-Identifier: GPL-2.0
/* What the buses have in common whose devices are described by a program. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "board.h"

int board_bound(const struct bus_type *bus, const char *name)
{
	struct device *dev = bus_find_device_by_name(bus, NULL, name);
	int bound;

	if (!dev)
		return -ENODEV;
	bound = !!dev->driver;
	put_device(dev);
	return bound;
}

int board_probe(const struct bus_type *bus, const char *name)
{
	struct device *dev = bus_find_device_by_name(bus, NULL, name);
	int err;

	if (!dev)
		return -ENODEV;
	err = device_reprobe(dev) ?: !!dev->driver;
	put_device(dev);
	return err;
}

int board_remove(const struct bus_type *bus, const char *name)
{
	struct device *dev = bus_find_device_by_name(bus, NULL, name);

	if (!dev)
		return -ENODEV;
	device_unregister(dev);
	put_device(dev);
	return 0;
}

int board_power(const struct bus_type *bus, const char *name, bool suspend)
{
	struct device *dev = bus_find_device_by_name(bus, NULL, name);
	int err;

	if (!dev)
		return -ENODEV;
	err = suspend ? hosted_device_suspend(dev) : hosted_device_resume(dev);
	put_device(dev);
	return err;
}

int board_platform_data(struct device *dev, const struct kit_device *desc)
{
	if (!desc->platform_size)
		return 0;
	dev->platform_data = kmemdup(desc->platform_data, desc->platform_size, GFP_KERNEL);
	return dev->platform_data ? 0 : -ENOMEM;
}
