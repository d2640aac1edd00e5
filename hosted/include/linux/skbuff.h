/* SPDX-License-Identifier: GPL-2.0 */
/* Network packets; class/skbuff.c */
#ifndef _HOSTED_LINUX_SKBUFF_H
#define _HOSTED_LINUX_SKBUFF_H

#include <linux/bug.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/types.h>

#include <net/checksum.h>

#define PAGE_ALLOC_COSTLY_ORDER	3	/* larger allocations fail easily */
#define MAX_SKB_FRAGS	17
#define NET_IP_ALIGN	0
#define NET_SKB_PAD	64

/* No checksum | checked | skb->csum is that of all bytes | to be made when sent */
#define CHECKSUM_NONE		0
#define CHECKSUM_UNNECESSARY	1
#define CHECKSUM_COMPLETE	2
#define CHECKSUM_PARTIAL	3

struct net_device;
struct napi_struct;

typedef struct skb_frag {
	void *address;
	unsigned int size;
} skb_frag_t;

struct skb_shared_info {
	unsigned int nr_frags;
	skb_frag_t frags[MAX_SKB_FRAGS];
};

/**
 * struct sk_buff - a packet: bytes from @data to @tail, then those of the fragments
 * @len: all bytes
 * @data_len: those in fragments
 * @csum_start: with CHECKSUM_PARTIAL, from @head: what is summed up from there to
 *	the end goes to @csum_offset behind it
 */
struct sk_buff {
	struct sk_buff *next;
	struct net_device *dev;
	unsigned int len;
	unsigned int data_len;
	__be16 protocol;
	u8 ip_summed;
	u16 csum_start;
	u16 csum_offset;
	__wsum csum;
	unsigned char *head;
	unsigned char *data;
	unsigned char *tail;
	unsigned char *end;
	struct skb_shared_info shared;
};

#define skb_shinfo(_skb)	(&(_skb)->shared)

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->len - skb->data_len;
}

static inline unsigned int skb_headroom(const struct sk_buff *skb)
{
	return skb->data - skb->head;
}

static inline int skb_checksum_start_offset(const struct sk_buff *skb)
{
	return skb->csum_start - skb_headroom(skb);
}

static inline unsigned int skb_frag_size(const skb_frag_t *frag)
{
	return frag->size;
}

static inline void *skb_frag_address(const skb_frag_t *frag)
{
	return frag->address;
}

/* Before anything was put */
static inline void skb_reserve(struct sk_buff *skb, int len)
{
	skb->data += len;
	skb->tail += len;
}

struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp);
struct sk_buff *napi_alloc_skb(struct napi_struct *napi, unsigned int len);
struct sk_buff *alloc_skb_with_frags(unsigned long header_len, unsigned long data_len,
				     int max_page_order, int *errcode, gfp_t gfp);
void kfree_skb(struct sk_buff *skb);

#define dev_kfree_skb_any(_skb)		kfree_skb(_skb)
#define dev_consume_skb_any(_skb)	kfree_skb(_skb)

void *skb_put(struct sk_buff *skb, unsigned int len);
void *skb_pull(struct sk_buff *skb, unsigned int len);
__wsum skb_checksum(const struct sk_buff *skb, int offset, int len, __wsum csum);
void skb_copy_and_csum_dev(const struct sk_buff *skb, u8 *to);

/* Nobody asks for time stamps. */
static inline void skb_tx_timestamp(struct sk_buff *skb)
{
}

#endif
