/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BITMAP_H
#define _HOSTED_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/string.h>

unsigned long *bitmap_alloc(unsigned int nbits, gfp_t flags);
unsigned long *bitmap_zalloc(unsigned int nbits, gfp_t flags);
void bitmap_free(const unsigned long *bitmap);
unsigned int __bitmap_weight(const unsigned long *bitmap, unsigned int nbits);

#define bitmap_weight(_map, _n)	__bitmap_weight(_map, _n)
#define bitmap_zero(_map, _n)	memset((_map), 0, BITS_TO_LONGS(_n) * sizeof(long))
#define bitmap_empty(_map, _n)	(find_first_bit((_map), (_n)) >= (_n))
#define bitmap_copy(_dst, _src, _n) memcpy((_dst), (_src), BITS_TO_LONGS(_n) * sizeof(long))

#endif
