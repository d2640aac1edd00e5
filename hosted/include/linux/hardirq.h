/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_HARDIRQ_H
#define _HOSTED_LINUX_HARDIRQ_H

#include <linux/preempt.h>

#endif
