/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IRQRETURN_H
#define _HOSTED_LINUX_IRQRETURN_H

typedef enum irqreturn {
	IRQ_NONE = 0,
	IRQ_HANDLED = 1,
	IRQ_WAKE_THREAD = 2,
} irqreturn_t;

#define IRQ_RETVAL(_x)	((_x) ? IRQ_HANDLED : IRQ_NONE)

#endif
