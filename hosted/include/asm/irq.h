/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_IRQ_H
#define _HOSTED_ASM_IRQ_H

#include <linux/irq.h>

#endif
