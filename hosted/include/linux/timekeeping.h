/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_TIMEKEEPING_H
#define _HOSTED_LINUX_TIMEKEEPING_H

#include <linux/time.h>
#include <linux/types.h>

ktime_t ktime_get(void);

#define ktime_get_ns()			((u64)ktime_get())

#endif
