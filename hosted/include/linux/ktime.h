/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_KTIME_H
#define _HOSTED_LINUX_KTIME_H

#include <linux/jiffies.h>
#include <linux/timekeeping.h>
#include <linux/time.h>
#include <linux/types.h>

#define KTIME_MAX	S64_MAX

#define ktime_add(_a, _b)	((ktime_t)((_a) + (_b)))
#define ktime_sub(_a, _b)	((ktime_t)((_a) - (_b)))
#define ktime_add_ns(_a, _n)	((ktime_t)((_a) + (s64)(_n)))
#define ktime_add_us(_a, _n)	ktime_add_ns(_a, (u64)(_n) * NSEC_PER_USEC)
#define ktime_add_ms(_a, _n)	ktime_add_ns(_a, (u64)(_n) * NSEC_PER_MSEC)
#define ktime_to_ns(_a)		((s64)(_a))
#define ktime_to_us(_a)		((s64)(_a) / NSEC_PER_USEC)
#define ktime_to_ms(_a)		((s64)(_a) / NSEC_PER_MSEC)
#define ns_to_ktime(_n)		((ktime_t)(_n))
#define us_to_ktime(_n)		((ktime_t)(_n) * NSEC_PER_USEC)
#define ms_to_ktime(_n)		((ktime_t)(_n) * NSEC_PER_MSEC)
#define ktime_us_delta(_a, _b)	ktime_to_us(ktime_sub(_a, _b))
#define ktime_ms_delta(_a, _b)	ktime_to_ms(ktime_sub(_a, _b))
#define ktime_after(_a, _b)	((_a) > (_b))
#define ktime_before(_a, _b)	((_a) < (_b))

#endif
