/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that programs describe have no properties; that is an answer, too. */
#ifndef _LINUX_PROPERTY_H
#define _LINUX_PROPERTY_H

#include <linux/errno.h>
#include <linux/types.h>

struct device;

static inline int device_property_read_u64(const struct device *dev, const char *name, u64 *value)
{
	return -EINVAL;
}

#endif
