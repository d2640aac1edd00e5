/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_TIMEKEEPING_H
#define _HOSTED_LINUX_TIMEKEEPING_H

#include <linux/time.h>
#include <linux/types.h>

ktime_t ktime_get(void);

#define ktime_get_boottime()		ktime_get()
#define ktime_get_raw()			ktime_get()
#define ktime_get_ns()			((u64)ktime_get())
#define ktime_get_boottime_ns()		((u64)ktime_get())
#define ktime_get_mono_fast_ns()	((u64)ktime_get())
#define ktime_get_raw_ns()		((u64)ktime_get())
#define ktime_get_real_ns()		((u64)ktime_get_real())
#define ktime_get_seconds()		((time64_t)(ktime_get() / NSEC_PER_SEC))
#define ktime_get_real_seconds()	((time64_t)(ktime_get_real() / NSEC_PER_SEC))

#endif
