// SPDX-License-Identifier: GPL-2.0
/*
 * Bitmaps, numbers that are given away (ida), random numbers
 */
#include <linux/bitmap.h>
#include <linux/idr.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "emul.h"

unsigned long _find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset,
			     unsigned long invert)
{
	unsigned long word;

	if (offset >= size)
		return size;
	word = (READ_ONCE(addr[BIT_WORD(offset)]) ^ invert) & ~0UL << offset % BITS_PER_LONG;
	offset -= offset % BITS_PER_LONG;
	while (!word) {
		offset += BITS_PER_LONG;
		if (offset >= size)
			return size;
		word = READ_ONCE(addr[BIT_WORD(offset)]) ^ invert;
	}
	return min(offset + __ffs(word), size);
}

unsigned long *bitmap_alloc(unsigned int nbits, gfp_t flags)
{
	return kmalloc_array(BITS_TO_LONGS(nbits), sizeof(unsigned long), flags);
}

unsigned long *bitmap_zalloc(unsigned int nbits, gfp_t flags)
{
	return bitmap_alloc(nbits, flags | __GFP_ZERO);
}

void bitmap_free(const unsigned long *bitmap)
{
	kfree(bitmap);
}

unsigned int __bitmap_weight(const unsigned long *bitmap, unsigned int nbits)
{
	unsigned int bit, weight = 0;

	for_each_set_bit(bit, bitmap, nbits)
		weight++;
	return weight;
}

/*
 * ida: a bitmap that grows
 */

#define IDA_MIN_BITS	1024

/* A larger bitmap. Holds the lock, which is dropped. */
static int ida_grow(struct ida *ida, unsigned int id, gfp_t gfp, unsigned long *flags)
{
	unsigned int bits = ida->nbits ?: IDA_MIN_BITS / 2;
	unsigned long *map, *old;

	while (bits <= id)
		bits *= 2;
	if (bits == ida->nbits)
		bits *= 2;
	spin_unlock_irqrestore(&ida->lock, *flags);
	map = bitmap_zalloc(bits, gfp);
	spin_lock_irqsave(&ida->lock, *flags);
	if (!map)
		return -ENOMEM;
	old = map;
	if (bits > ida->nbits) {
		if (ida->nbits)
			bitmap_copy(map, ida->bits, ida->nbits);
		old = ida->bits;
		ida->bits = map;
		ida->nbits = bits;
	}
	kfree(old);
	return 0;
}

int ida_alloc_range(struct ida *ida, unsigned int min, unsigned int max, gfp_t gfp)
{
	unsigned long flags;
	unsigned int id;
	int err = 0;

	if ((int)min < 0)
		return -ENOSPC;
	max = min_t(unsigned int, max, INT_MAX);
	spin_lock_irqsave(&ida->lock, flags);
	for (;;) {
		id = ida->nbits > min ? find_next_zero_bit(ida->bits, ida->nbits, min) :
					max_t(unsigned int, min, ida->nbits);
		if (id > max)
			err = -ENOSPC;
		if (err || id < ida->nbits)
			break;
		err = ida_grow(ida, id, gfp, &flags);
		if (err)
			break;
	}
	if (!err)
		__set_bit(id, ida->bits);
	spin_unlock_irqrestore(&ida->lock, flags);
	return err ?: (int)id;
}

void ida_free(struct ida *ida, unsigned int id)
{
	unsigned long flags, *empty = NULL;

	spin_lock_irqsave(&ida->lock, flags);
	if (id >= ida->nbits || !test_bit(id, ida->bits))
		kit_die("ida_free() of %u, which is not taken", id);
	__clear_bit(id, ida->bits);
	/* As the kernel's, an empty one has no memory. */
	if (bitmap_empty(ida->bits, ida->nbits)) {
		empty = ida->bits;
		ida->bits = NULL;
		ida->nbits = 0;
	}
	spin_unlock_irqrestore(&ida->lock, flags);
	kfree(empty);
}

void ida_destroy(struct ida *ida)
{
	unsigned long flags, *bits;

	spin_lock_irqsave(&ida->lock, flags);
	bits = ida->bits;
	ida->bits = NULL;
	ida->nbits = 0;
	spin_unlock_irqrestore(&ida->lock, flags);
	kfree(bits);
}

/*
 * Random numbers
 */

u32 get_random_u32(void)
{
	return kit_random() >> 32;
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *p = buf;

	while (len--)
		*p++ = kit_random() >> 56;
}
