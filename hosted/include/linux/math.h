/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_MATH_H
#define _HOSTED_LINUX_MATH_H

#include <linux/types.h>

#define DIV_ROUND_UP(_n, _d)		(((_n) + (_d) - 1) / (_d))
#define DIV_ROUND_CLOSEST(_x, _d) ({							\
	typeof(_x) __hosted_n = (_x);							\
	typeof(_d) __hosted_d = (_d);							\
	((typeof(_x))-1 > 0 || (typeof(_d))-1 > 0 || ((__hosted_n > 0) == (__hosted_d > 0))) ? \
		(__hosted_n + __hosted_d / 2) / __hosted_d :				\
		(__hosted_n - __hosted_d / 2) / __hosted_d;				\
})
#define round_up(_x, _y)		((((_x) - 1) | ((typeof(_x))((_y) - 1))) + 1)
#define round_down(_x, _y)		((_x) & ~((typeof(_x))((_y) - 1)))
#define roundup(_x, _y)			((((_x) + (_y) - 1) / (_y)) * (_y))
#define rounddown(_x, _y)		((_x) - ((_x) % (_y)))
#define abs(_x) ({									\
	typeof(_x) __hosted_abs = (_x);							\
	__hosted_abs < 0 ? -__hosted_abs : __hosted_abs;				\
})

#endif
