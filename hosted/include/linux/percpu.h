/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PERCPU_H
#define _HOSTED_LINUX_PERCPU_H

#include <linux/compiler.h>
#include <linux/preempt.h>
#include <linux/slab.h>
#include <linux/smp.h>

/* A thread is a CPU, see smp_processor_id(); a copy for each. */
#define DEFINE_PER_CPU(_type, _name)	__typeof__(_type) _name[NR_CPUS]
#define DECLARE_PER_CPU(_type, _name)	extern __typeof__(_type) _name[NR_CPUS]
#define per_cpu(_name, _cpu)		((_name)[_cpu])
#define this_cpu_ptr(_p)		((_p) + smp_processor_id())
#define raw_cpu_ptr(_p)			this_cpu_ptr(_p)
#define per_cpu_ptr(_p, _cpu)		((_p) + (_cpu))
#define this_cpu_read(_v)		READ_ONCE((_v)[smp_processor_id()])
#define this_cpu_write(_v, _x)		WRITE_ONCE((_v)[smp_processor_id()], _x)
#define this_cpu_add(_v, _x)		((void)((_v)[smp_processor_id()] += (_x)))
#define this_cpu_inc(_v)		this_cpu_add(_v, 1)
#define get_cpu_ptr(_p)			({ preempt_disable(); this_cpu_ptr(_p); })
#define put_cpu_ptr(_p)			preempt_enable()
#define alloc_percpu(_type)		((_type *)kcalloc(NR_CPUS, sizeof(_type), GFP_KERNEL))
#define free_percpu(_p)			kfree(_p)

#endif
