// SPDX-License-Identifier: GPL-2.0
/*
 * Bitmaps, numbers that are given away (ida, idr), random numbers
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

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

unsigned long find_last_bit(const unsigned long *addr, unsigned long size)
{
	unsigned long bit = size;

	while (bit--)
		if (test_bit(bit, addr))
			return bit;
	return size;
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

void bitmap_set(unsigned long *map, unsigned int start, unsigned int len)
{
	while (len--)
		__set_bit(start++, map);
}

void bitmap_clear(unsigned long *map, unsigned int start, unsigned int len)
{
	while (len--)
		__clear_bit(start++, map);
}

/* Returns a value above @size where there is none. */
unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size,
					 unsigned long start, unsigned int nr,
					 unsigned long align_mask)
{
	unsigned long used;

	for (;;) {
		start = __ALIGN_MASK(find_next_zero_bit(map, size, start), align_mask);
		if (start + nr > size)
			return start + nr;
		used = find_next_bit(map, start + nr, start);
		if (used >= start + nr)
			return start;
		start = used + 1;
	}
}

#define BITMAP_OP(_name, _op)								\
static void _name##_words(unsigned long *dst, const unsigned long *a,			\
			  const unsigned long *b, unsigned int nbits)			\
{											\
	unsigned int i;									\
											\
	for (i = 0; i < BITS_TO_LONGS(nbits); i++)					\
		dst[i] = a[i] _op b[i];							\
}

BITMAP_OP(and, &)
BITMAP_OP(or, |)

bool bitmap_and(unsigned long *dst, const unsigned long *a, const unsigned long *b,
		unsigned int nbits)
{
	and_words(dst, a, b, nbits);
	return !bitmap_empty(dst, nbits);
}

void bitmap_or(unsigned long *dst, const unsigned long *a, const unsigned long *b,
	       unsigned int nbits)
{
	or_words(dst, a, b, nbits);
}

bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned int nbits)
{
	unsigned int bit;

	for (bit = 0; bit < nbits; bit++)
		if (test_bit(bit, a) != test_bit(bit, b))
			return false;
	return true;
}

/*
 * ida: a bitmap that grows
 */

#define IDA_MIN_BITS	1024

void ida_init(struct ida *ida)
{
	*ida = (struct ida){ };
	spin_lock_init(&ida->lock);
}

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

bool ida_is_empty(const struct ida *ida)
{
	return !READ_ONCE(ida->nbits);
}

/*
 * idr: an array that grows
 */

void idr_init(struct idr *idr)
{
	*idr = (struct idr){ };
}

static int idr_grow(struct idr *idr, unsigned int id, gfp_t gfp)
{
	unsigned int size = max(idr->size ?: 16, 1U);
	void **slots;

	while (size <= id)
		size *= 2;
	slots = kcalloc(size, sizeof(*slots), gfp);
	if (!slots)
		return -ENOMEM;
	if (idr->size)
		memcpy(slots, idr->slots, idr->size * sizeof(*slots));
	kfree(idr->slots);
	idr->slots = slots;
	idr->size = size;
	return 0;
}

/* @end 0: no end */
int idr_alloc(struct idr *idr, void *ptr, int start, int end, gfp_t gfp)
{
	unsigned int id = start, last = end > 0 ? end - 1 : INT_MAX;
	int err;

	if (start < 0)
		return -EINVAL;
	while (id < idr->size && idr->slots[id])
		id++;
	if (id > last)
		return -ENOSPC;
	if (id >= idr->size) {
		err = idr_grow(idr, id, gfp);
		if (err)
			return err;
	}
	idr->slots[id] = ptr ?: ZERO_SIZE_PTR;
	return id;
}

int idr_alloc_cyclic(struct idr *idr, void *ptr, int start, int end, gfp_t gfp)
{
	int id = idr_alloc(idr, ptr, max_t(int, start, idr->next), end, gfp);

	if (id == -ENOSPC)
		id = idr_alloc(idr, ptr, start, end, gfp);
	if (id >= 0)
		idr->next = id + 1;
	return id;
}

void *idr_find(const struct idr *idr, unsigned long id)
{
	void *ptr = id < idr->size ? idr->slots[id] : NULL;

	return ptr == ZERO_SIZE_PTR ? NULL : ptr;
}

void *idr_remove(struct idr *idr, unsigned long id)
{
	void *ptr = idr_find(idr, id);

	if (id < idr->size)
		idr->slots[id] = NULL;
	if (idr_is_empty(idr))
		idr_destroy(idr);
	return ptr;
}

void *idr_replace(struct idr *idr, void *ptr, unsigned long id)
{
	void *old;

	if (id >= idr->size || !idr->slots[id])
		return ERR_PTR(-ENOENT);
	old = idr_find(idr, id);
	idr->slots[id] = ptr ?: ZERO_SIZE_PTR;
	return old;
}

void *idr_get_next(struct idr *idr, int *next)
{
	unsigned int id;

	for (id = *next; id < idr->size; id++) {
		if (!idr_find(idr, id))
			continue;
		*next = id;
		return idr->slots[id];
	}
	return NULL;
}

int idr_for_each(const struct idr *idr, int (*fn)(int id, void *p, void *data), void *data)
{
	unsigned int id;
	int ret = 0;

	for (id = 0; id < idr->size && !ret; id++)
		if (idr->slots[id])
			ret = fn(id, idr_find(idr, id), data);
	return ret;
}

bool idr_is_empty(const struct idr *idr)
{
	unsigned int id;

	for (id = 0; id < idr->size; id++)
		if (idr->slots[id])
			return false;
	return true;
}

void idr_destroy(struct idr *idr)
{
	kfree(idr->slots);
	*idr = (struct idr){ };
}

/*
 * Random numbers
 */

u64 get_random_u64(void)
{
	return kit_random();
}

u32 get_random_u32(void)
{
	return kit_random() >> 32;
}

u16 get_random_u16(void)
{
	return kit_random() >> 48;
}

u8 get_random_u8(void)
{
	return kit_random() >> 56;
}

u32 get_random_u32_below(u32 ceil)
{
	return (u64)get_random_u32() * ceil >> 32;
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *p = buf;

	while (len--)
		*p++ = get_random_u8();
}
