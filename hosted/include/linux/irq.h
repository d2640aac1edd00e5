/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IRQ_H
#define _HOSTED_LINUX_IRQ_H

#include <linux/interrupt.h>
#include <linux/irqreturn.h>

#define NR_IRQS		256

#endif
