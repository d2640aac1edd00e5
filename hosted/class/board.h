/* SPDX-License-Identifier: GPL-2.0 */
/* What the buses have in common whose devices are described by a program. */
#ifndef HOSTED_CLASS_BOARD_H
#define HOSTED_CLASS_BOARD_H

#include <linux/device.h>

#include "kit/bus.h"

/* See the functions of kit/bus.h that these serve. */
int board_bound(const struct bus_type *bus, const char *name);
int board_probe(const struct bus_type *bus, const char *name);
int board_remove(const struct bus_type *bus, const char *name);
int board_power(const struct bus_type *bus, const char *name, bool suspend);
/* Copies the data for the driver; the device's release frees the copy. */
int board_platform_data(struct device *dev, const struct kit_device *desc);

#endif
