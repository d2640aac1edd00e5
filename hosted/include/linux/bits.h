/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BITS_H
#define _HOSTED_LINUX_BITS_H

#include <linux/const.h>
#include <linux/types.h>

#define BIT(_n)			(1UL << (_n))
#define BIT_ULL(_n)		(1ULL << (_n))
#define BIT_MASK(_n)		(1UL << ((_n) % BITS_PER_LONG))
#define BIT_WORD(_n)		((_n) / BITS_PER_LONG)
#define BIT_ULL_MASK(_n)	(1ULL << ((_n) % 64))
#define GENMASK(_h, _l)		((~0UL << (_l)) & (~0UL >> (BITS_PER_LONG - 1 - (_h))))
#define GENMASK_ULL(_h, _l)	((~0ULL << (_l)) & (~0ULL >> (63 - (_h))))
#define BIT_U8(_n)		((u8)BIT(_n))
#define BIT_U16(_n)		((u16)BIT(_n))
#define BIT_U32(_n)		((u32)BIT(_n))
#define GENMASK_U8(_h, _l)	((u8)GENMASK(_h, _l))
#define GENMASK_U16(_h, _l)	((u16)GENMASK(_h, _l))
#define GENMASK_U32(_h, _l)	((u32)GENMASK(_h, _l))

#endif
