/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_JIFFIES_H
#define _HOSTED_LINUX_JIFFIES_H

#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/param.h>
#include <linux/time.h>
#include <linux/types.h>

/* Read whenever it is used: legal everywhere, with interrupts off, too. */
unsigned long hosted_jiffies(void);
u64 get_jiffies_64(void);

#define jiffies			hosted_jiffies()
#define INITIAL_JIFFIES		((unsigned long)(unsigned int)(-300 * HZ))
#define TICK_NSEC		((NSEC_PER_SEC + HZ / 2) / HZ)
#define MAX_JIFFY_OFFSET	((LONG_MAX >> 1) - 1)

#define time_after(_a, _b)		((long)((_b) - (_a)) < 0)
#define time_before(_a, _b)		time_after(_b, _a)
#define time_after_eq(_a, _b)		((long)((_a) - (_b)) >= 0)
#define time_before_eq(_a, _b)		time_after_eq(_b, _a)
#define time_in_range(_a, _b, _c)	(time_after_eq(_a, _b) && time_before_eq(_a, _c))
#define time_after64(_a, _b)		((s64)((_b) - (_a)) < 0)
#define time_before64(_a, _b)		time_after64(_b, _a)
#define time_is_before_jiffies(_a)	time_after(jiffies, _a)
#define time_is_after_jiffies(_a)	time_before(jiffies, _a)

unsigned int jiffies_to_msecs(unsigned long j);
unsigned long msecs_to_jiffies(unsigned int ms);
unsigned long usecs_to_jiffies(unsigned int us);

#endif
