/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BITS_H
#define _HOSTED_LINUX_BITS_H

#include <linux/const.h>
#include <linux/types.h>

#define BIT(_n)			(1UL << (_n))
#define BIT_ULL(_n)		(1ULL << (_n))
#define BIT_MASK(_n)		(1UL << ((_n) % BITS_PER_LONG))
#define BIT_WORD(_n)		((_n) / BITS_PER_LONG)
#define GENMASK(_h, _l)		((~0UL << (_l)) & (~0UL >> (BITS_PER_LONG - 1 - (_h))))
#define GENMASK_ULL(_h, _l)	((~0ULL << (_l)) & (~0ULL >> (63 - (_h))))

#endif
