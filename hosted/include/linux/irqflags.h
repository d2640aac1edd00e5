/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IRQFLAGS_H
#define _HOSTED_LINUX_IRQFLAGS_H

#include <linux/types.h>

/* flags: 1 where interrupts were off before. */
unsigned long _local_irq_save(void);
void _local_irq_restore(unsigned long flags);
void local_irq_disable(void);
void local_irq_enable(void);
bool irqs_disabled(void);

#define local_irq_save(_f)	((_f) = _local_irq_save())
#define local_irq_restore(_f)	_local_irq_restore(_f)

#endif
