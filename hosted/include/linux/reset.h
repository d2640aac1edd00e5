/* SPDX-License-Identifier: GPL-2.0 */
/* No device here has a reset line: optional ones are absent, others an error. */
#ifndef _LINUX_RESET_H
#define _LINUX_RESET_H

#include <linux/err.h>
#include <linux/errno.h>

struct device;
struct reset_control;

static inline struct reset_control *
devm_reset_control_get_optional_exclusive(struct device *dev, const char *id)
{
	return NULL;
}

static inline int reset_control_deassert(struct reset_control *reset)
{
	return reset ? -EINVAL : 0;
}

#endif
