/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_MATH64_H
#define _HOSTED_LINUX_MATH64_H

#include <linux/math.h>
#include <linux/types.h>

static inline u64 div_u64(u64 n, u32 d)
{
	return n / d;
}

static inline u64 div64_u64(u64 n, u64 d)
{
	return n / d;
}

#define do_div(_n, _base) ({								\
	u32 __hosted_rem = (u64)(_n) % (u32)(_base);					\
	(_n) = (u64)(_n) / (u32)(_base);						\
	__hosted_rem;									\
})

#endif
