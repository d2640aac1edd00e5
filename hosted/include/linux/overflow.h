/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_OVERFLOW_H
#define _HOSTED_LINUX_OVERFLOW_H

#include <linux/compiler.h>
#include <linux/limits.h>

static inline bool __must_check __must_check_overflow(bool overflow)
{
	return unlikely(overflow);
}

#define check_add_overflow(_a, _b, _d)	__must_check_overflow(__builtin_add_overflow(_a, _b, _d))
#define check_sub_overflow(_a, _b, _d)	__must_check_overflow(__builtin_sub_overflow(_a, _b, _d))
#define check_mul_overflow(_a, _b, _d)	__must_check_overflow(__builtin_mul_overflow(_a, _b, _d))

static inline size_t __must_check size_mul(size_t a, size_t b)
{
	size_t n;

	return check_mul_overflow(a, b, &n) ? SIZE_MAX : n;
}

static inline size_t __must_check size_add(size_t a, size_t b)
{
	size_t n;

	return check_add_overflow(a, b, &n) ? SIZE_MAX : n;
}

#define array_size(_a, _b)		size_mul(_a, _b)
#define flex_array_size(_p, _m, _n)	size_mul(_n, sizeof(*(_p)->_m))
#define struct_size(_p, _m, _n)		size_add(sizeof(*(_p)), flex_array_size(_p, _m, _n))

#endif
