/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IRQNR_H
#define _HOSTED_LINUX_IRQNR_H

#include <linux/irq.h>

#endif
