/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_COMPILER_H
#define _HOSTED_LINUX_COMPILER_H

#include <linux/compiler_types.h>

#define likely(_x)		__builtin_expect(!!(_x), 1)
#define unlikely(_x)		__builtin_expect(!!(_x), 0)
#define barrier()		__asm__ volatile("" : : : "memory")
#define __UNIQUE_ID(_prefix)	__HOSTED_PASTE(__HOSTED_PASTE(__uid_##_prefix, _), __COUNTER__)
#define __HOSTED_PASTE(_a, _b)	__HOSTED_PASTE_(_a, _b)
#define __HOSTED_PASTE_(_a, _b)	_a##_b
#define __must_be_array(_a)	(sizeof(struct { int bad : __same_type((_a), &(_a)[0]) ? -1 : 1; }) * 0)
#define data_race(_x)		(_x)

/*
 * Relaxed atomics instead of volatile: the same code, and race detectors know
 * that they are meant.
 */
#define READ_ONCE(_x)		__atomic_load_n(&(_x), __ATOMIC_RELAXED)
#define WRITE_ONCE(_x, _v)	do {							\
	typeof(_x) __hosted_v = (_v);							\
	__atomic_store(&(_x), &__hosted_v, __ATOMIC_RELAXED);				\
} while (0)

#endif
