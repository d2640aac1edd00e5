/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SMP_H
#define _HOSTED_LINUX_SMP_H

#include <linux/preempt.h>
#include <linux/cpumask.h>

/* Slot of the thread, or 0 with the UP policy. */
int smp_processor_id(void);

#define raw_smp_processor_id()	smp_processor_id()
#define get_cpu()		({ preempt_disable(); smp_processor_id(); })
#define put_cpu()		preempt_enable()

#endif
