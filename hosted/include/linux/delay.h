/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_DELAY_H
#define _HOSTED_LINUX_DELAY_H

#include <linux/math.h>
#include <linux/sched.h>
#include <linux/types.h>

void udelay(unsigned long us);
void mdelay(unsigned long ms);
void msleep(unsigned int ms);
unsigned long msleep_interruptible(unsigned int ms);
void usleep_range_state(unsigned long min, unsigned long max, unsigned int state);

#define usleep_range(_min, _max)	usleep_range_state(_min, _max, TASK_UNINTERRUPTIBLE)
#define fsleep(_us)			usleep_range((_us), 2 * (_us))

static inline void ssleep(unsigned int seconds)
{
	msleep(seconds * 1000);
}

#endif
