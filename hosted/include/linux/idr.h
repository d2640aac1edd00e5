/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IDR_H
#define _HOSTED_LINUX_IDR_H

#include <linux/gfp.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ida {
	spinlock_t lock;
	unsigned long *bits;
	unsigned int nbits;
};

#define IDA_INIT(_name)		{ .lock = __SPIN_LOCK_INITIALIZER(_name.lock) }
#define DEFINE_IDA(_name)	struct ida _name = IDA_INIT(_name)

int ida_alloc_range(struct ida *ida, unsigned int min, unsigned int max, gfp_t gfp);
void ida_free(struct ida *ida, unsigned int id);
void ida_destroy(struct ida *ida);

#define ida_alloc(_ida, _gfp)			ida_alloc_range(_ida, 0, ~0U, _gfp)
#define ida_alloc_max(_ida, _max, _gfp)		ida_alloc_range(_ida, 0, _max, _gfp)

#endif
