/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_UTIL_MACROS_H
#define _HOSTED_LINUX_UTIL_MACROS_H

#define find_closest(_x, _a, _n) ({							\
	unsigned int __hosted_i = 0;							\
	while (__hosted_i < (_n) - 1 &&							\
	       2 * (_x) >= (_a)[__hosted_i] + (_a)[__hosted_i + 1])			\
		__hosted_i++;								\
	__hosted_i;									\
})

#endif
