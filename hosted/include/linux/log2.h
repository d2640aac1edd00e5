/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_LOG2_H
#define _HOSTED_LINUX_LOG2_H

#include <linux/bitops.h>

#define ilog2(_n)		(63 - __builtin_clzll((_n) | 0ULL))
#define is_power_of_2(_n)	((_n) != 0 && (((_n) & ((_n) - 1)) == 0))
#define roundup_pow_of_two(_n)	((_n) <= 1 ? 1UL : 1UL << (ilog2((unsigned long)(_n) - 1) + 1))
#define order_base_2(_n)	((_n) <= 1 ? 0 : ilog2((unsigned long)(_n) - 1) + 1)

#endif
