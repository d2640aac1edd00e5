/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_CPUMASK_H
#define _HOSTED_LINUX_CPUMASK_H

#include <linux/bitmap.h>
#include <linux/types.h>

extern unsigned int nr_cpu_ids;

#endif
