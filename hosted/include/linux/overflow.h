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
#define check_shl_overflow(_a, _s, _d) ({						\
	typeof(_a) __hosted_sa = (_a);							\
	typeof(*(_d)) *__hosted_sd = (_d);						\
	unsigned int __hosted_ss = (_s);						\
	bool __hosted_so = __hosted_ss >= 8 * sizeof(*__hosted_sd);			\
	*__hosted_sd = __hosted_so ? 0 : (typeof(*__hosted_sd))((u64)__hosted_sa << __hosted_ss); \
	__must_check_overflow(__hosted_so || *__hosted_sd < 0 || __hosted_sa < 0 ||	\
		(*__hosted_sd >> __hosted_ss) != (typeof(*__hosted_sd))__hosted_sa);	\
})

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
#define array3_size(_a, _b, _c)		size_mul(size_mul(_a, _b), _c)
#define flex_array_size(_p, _m, _n)	size_mul(_n, sizeof(*(_p)->_m))
#define struct_size(_p, _m, _n)		size_add(sizeof(*(_p)), flex_array_size(_p, _m, _n))
#define struct_size_t(_t, _m, _n)	struct_size((_t *)NULL, _m, _n)

#endif
