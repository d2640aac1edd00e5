/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PREEMPT_H
#define _HOSTED_LINUX_PREEMPT_H

#include <linux/types.h>

void preempt_disable(void);
void preempt_enable(void);
int preempt_count(void);
bool in_hardirq(void);
bool in_softirq(void);
bool in_serving_softirq(void);
bool in_atomic(void);

#define in_irq()			in_hardirq()
#define in_interrupt()			(in_hardirq() || in_softirq())
#define in_task()			(!in_hardirq() && !in_serving_softirq())

#endif
