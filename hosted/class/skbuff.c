// SPDX-License-Identifier: GPL-2.0
/* Network packets and their checksums */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

static void init_data(struct sk_buff *skb, void *head, unsigned int size)
{
	skb->head = head;
	skb->data = head;
	skb->tail = head;
	skb->end = skb->head + size;
}

struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp)
{
	struct sk_buff *skb = kzalloc(sizeof(*skb), gfp);
	void *head = skb ? kmalloc(size ?: 1, gfp) : NULL;

	if (head) {
		init_data(skb, head, size);
		return skb;
	}
	kfree(skb);
	return NULL;
}

struct sk_buff *napi_alloc_skb(struct napi_struct *napi, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(len + NET_SKB_PAD + NET_IP_ALIGN, GFP_ATOMIC);

	if (skb)
		skb_reserve(skb, NET_SKB_PAD + NET_IP_ALIGN);
	return skb;
}

/* As large as is needed, and can be had. */
static bool add_frag(struct sk_buff *skb, unsigned long left, int order, gfp_t gfp)
{
	skb_frag_t *frag = &skb->shared.frags[skb->shared.nr_frags];

	do {
		frag->size = min(left, PAGE_SIZE << order);
		frag->address = kmalloc(frag->size, gfp);
	} while (!frag->address && order--);
	if (frag->address)
		skb->shared.nr_frags++;
	return frag->address;
}

/* The fragments are there, but counted in no length yet. */
struct sk_buff *alloc_skb_with_frags(unsigned long header_len, unsigned long data_len,
				     int max_page_order, int *errcode, gfp_t gfp)
{
	struct sk_buff *skb = NULL;

	*errcode = -EMSGSIZE;
	if (data_len <= MAX_SKB_FRAGS * (PAGE_SIZE << max_page_order))
		skb = alloc_skb(header_len, gfp);
	if (!skb)
		return NULL;
	*errcode = -ENOBUFS;
	while (data_len) {
		if (skb->shared.nr_frags == MAX_SKB_FRAGS ||
		    !add_frag(skb, data_len, max_page_order, gfp)) {
			kfree_skb(skb);
			return NULL;
		}
		data_len -= skb->shared.frags[skb->shared.nr_frags - 1].size;
	}
	return skb;
}

void kfree_skb(struct sk_buff *skb)
{
	unsigned int i;

	if (!skb)
		return;
	for (i = 0; i < skb->shared.nr_frags; i++)
		kfree(skb->shared.frags[i].address);
	kfree(skb->head);
	kfree(skb);
}

void *skb_put(struct sk_buff *skb, unsigned int len)
{
	void *room = skb->tail;

	BUG_ON(skb->data_len || len > skb->end - skb->tail);
	skb->tail += len;
	skb->len += len;
	return room;
}

void *skb_pull(struct sk_buff *skb, unsigned int len)
{
	if (len > skb_headlen(skb))
		return NULL;
	skb->len -= len;
	return skb->data += len;
}

/*
 * Checksums
 */

static __wsum fold64(u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (sum & 0xffffffff) + (sum >> 32);
}

__wsum csum_partial(const void *data, int len, __wsum csum)
{
	const u8 *p = data;
	u64 sum = csum;

	for (; len >= 4; len -= 4, p += 4)
		sum += get_unaligned((const u32 *)p);
	if (len >= 2) {
		sum += get_unaligned((const u16 *)p);
		p += 2;
	}
	if (len & 1)
		sum += *p;
	return fold64(sum);
}

/* What is summed up is what was copied: the source may change at any time. */
__wsum csum_partial_copy_nocheck(const void *from, void *to, int len)
{
	memcpy(to, from, len);
	return csum_partial(to, len, 0);
}

/* The part of bytes @from to @to of a packet that is in one piece of it at @start */
static int overlap(int start, int size, int from, int to, int *skip)
{
	*skip = max(from - start, 0);
	return min(start + size, to) - (start + *skip);
}

/* Call for each piece of @len bytes at @offset; returns the sum of what @fn returns. */
static __wsum walk(const struct sk_buff *skb, int offset, int len, u8 *to,
		   __wsum (*fn)(const void *data, u8 *to, int len))
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	int start = skb_headlen(skb), end = offset + len, part, skip;
	__wsum sum = 0;
	unsigned int i;

	part = overlap(0, start, offset, end, &skip);
	if (part > 0)
		sum = fn(skb->data + skip, to, part);
	for (i = 0; i < shared->nr_frags; i++) {
		const skb_frag_t *frag = &shared->frags[i];

		part = overlap(start, frag->size, offset, end, &skip);
		if (part > 0) {
			int pos = start + skip - offset;

			sum = csum_block_add(sum, fn(frag->address + skip, to ? to + pos : NULL,
						     part), pos);
		}
		start += frag->size;
	}
	return sum;
}

static __wsum sum_piece(const void *data, u8 *to, int len)
{
	return csum_partial(data, len, 0);
}

static __wsum copy_piece(const void *data, u8 *to, int len)
{
	memcpy(to, data, len);
	return 0;
}

static __wsum copy_and_sum_piece(const void *data, u8 *to, int len)
{
	return csum_partial_copy_nocheck(data, to, len);
}

__wsum skb_checksum(const struct sk_buff *skb, int offset, int len, __wsum csum)
{
	return csum_add(csum, walk(skb, offset, len, NULL, sum_piece));
}

void skb_copy_and_csum_dev(const struct sk_buff *skb, u8 *to)
{
	int start = skb_checksum_start_offset(skb);
	__wsum sum;

	if (skb->ip_summed != CHECKSUM_PARTIAL) {
		walk(skb, 0, skb->len, to, copy_piece);
		return;
	}
	BUG_ON(start > (int)skb_headlen(skb));
	walk(skb, 0, start, to, copy_piece);
	sum = walk(skb, start, skb->len - start, to + start, copy_and_sum_piece);
	put_unaligned(csum_fold(sum), (__sum16 *)(to + start + skb->csum_offset));
}
