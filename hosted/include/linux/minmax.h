/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_MINMAX_H
#define _HOSTED_LINUX_MINMAX_H

#include <linux/build_bug.h>
#include <linux/compiler.h>

#define __hosted_cmp(_op, _a, _b) ({							\
	typeof(_a) __hosted_a = (_a);							\
	typeof(_b) __hosted_b = (_b);							\
	__hosted_a _op __hosted_b ? __hosted_a : __hosted_b;				\
})
#define min(_a, _b)		__hosted_cmp(<, _a, _b)
#define max(_a, _b)		__hosted_cmp(>, _a, _b)
#define min_t(_t, _a, _b)	min((_t)(_a), (_t)(_b))
#define max_t(_t, _a, _b)	max((_t)(_a), (_t)(_b))
#define min3(_a, _b, _c)	min(min(_a, _b), _c)
#define max3(_a, _b, _c)	max(max(_a, _b), _c)
#define clamp(_v, _lo, _hi)	min(max(_v, _lo), _hi)
#define clamp_t(_t, _v, _lo, _hi) min_t(_t, max_t(_t, _v, _lo), _hi)
#define clamp_val(_v, _lo, _hi)	clamp_t(typeof(_v), _v, _lo, _hi)
#define swap(_a, _b) do {								\
	typeof(_a) __hosted_t = (_a);							\
	(_a) = (_b);									\
	(_b) = __hosted_t;								\
} while (0)

#endif
