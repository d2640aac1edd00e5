/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_CPUMASK_H
#define _HOSTED_LINUX_CPUMASK_H

#include <linux/bitmap.h>
#include <linux/types.h>

#define NR_CPUS			CONFIG_NR_CPUS

typedef struct cpumask {
	DECLARE_BITMAP(bits, NR_CPUS);
} cpumask_t;

extern unsigned int nr_cpu_ids;
#define num_possible_cpus()	nr_cpu_ids
#define num_online_cpus()	nr_cpu_ids
#define num_present_cpus()	nr_cpu_ids
#define cpu_online(_cpu)	((_cpu) < nr_cpu_ids)
#define for_each_possible_cpu(_cpu)	for ((_cpu) = 0; (_cpu) < (int)nr_cpu_ids; (_cpu)++)
#define for_each_online_cpu(_cpu)	for_each_possible_cpu(_cpu)

#endif
