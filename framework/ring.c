// SPDX-License-Identifier: GPL-2.0
/*
 * The two-way ring of an ivshmem link: a legacy split vring in each direction
 *
 * Each peer writes its own output section only. Ours holds our descriptors, our
 * avail ring and our data, and the used ring by which we return the peer's
 * frames; the peer's section holds the counterparts. The format is that of the
 * Ethernet drivers of Jailhouse, NuttX and Zephyr.
 *
 * The peer is hostile: each value in its section is read once, with READ_ONCE
 * or an acquire, into a local, checked, then used. What we rely on later
 * (lengths and addresses in flight, our indices) lives in our own memory, not
 * even in our own section. The peer runs on other CPUs whatever our kernel is
 * configured for, hence the virt_ barriers.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/virtio_byteorder.h>

#include "core.h"

/* Where frames start, so that none shares a cache line with another */
#define FRAME_ALIGN	64

/* How much of a section is cleared at a time, bytes */
#define CLEAR_CHUNK	SZ_64K

/* What a returned frame's used.len is by convention of all peers */
#define USED_LEN	1

static u16 get16(const __virtio16 *p)
{
	return __virtio16_to_cpu(true, READ_ONCE(*p));
}

static u16 get_index(const __virtio16 *p)
{
	/* Pairs with the peer's release of the index that it publishes */
	return __virtio16_to_cpu(true, virt_load_acquire(p));
}

static void put16(__virtio16 *p, u16 value)
{
	WRITE_ONCE(*p, __cpu_to_virtio16(true, value));
}

static void put_index(__virtio16 *p, u16 value)
{
	/* Pairs with the peer's acquire, or read barrier, after reading the index */
	virt_store_release(p, __cpu_to_virtio16(true, value));
}

/**
 * ivshmem_ring_layout() - where things are in an output section
 * @size: the ring's part of the section, bytes
 * @layout: filled in
 *
 * The longest ring that takes less than an eighth of the section. Where even
 * the shortest takes more, the data still starts where a ring of 64 would end:
 * receivers refuse frames below that, so this oddity is part of the format.
 *
 * Context: any. Return: 0, or -EINVAL where @size leaves no room for data.
 */
int ivshmem_ring_layout(u64 size, struct ivshmem_layout *layout)
{
	u32 qlen, data = 0;
	struct vring vring;

	for (qlen = 4096; qlen > 32; qlen >>= 1) {
		data = ALIGN(vring_size(qlen, FRAME_ALIGN), FRAME_ALIGN);
		if (data < size / 8)
			break;
	}
	if (size <= data)
		return -EINVAL;

	vring_init(&vring, qlen, NULL, FRAME_ALIGN);
	layout->qlen = qlen;
	layout->avail = (uintptr_t)vring.avail;
	layout->used = (uintptr_t)vring.used;
	layout->data = data;
	layout->size = size;
	return 0;
}
EXPORT_SYMBOL_GPL(ivshmem_ring_layout);

static void vring_attach(struct vring *vring, const struct ivshmem_layout *layout,
			 void *sender, void *receiver)
{
	vring->num = layout->qlen;
	vring->desc = sender;
	vring->avail = sender + layout->avail;
	vring->used = receiver + layout->used;
}

/* Process context. The caller sets link->layout, out and in before. */
int ivshmem_ring_init(struct ivshmem_link *link)
{
	/* Without const, as struct vring wants it; still never written. */
	void *in = (void *)link->in;

	link->tx.slots = kvcalloc(link->layout.qlen, sizeof(*link->tx.slots), GFP_KERNEL);
	if (!link->tx.slots)
		return -ENOMEM;
	vring_attach(&link->tx.vring, &link->layout, link->out, in);
	vring_attach(&link->rx.vring, &link->layout, in, link->out);
	return 0;
}

void ivshmem_ring_exit(struct ivshmem_link *link)
{
	kvfree(link->tx.slots);
}

/*
 * Start anew. The handshake calls this between INIT and READY, when neither
 * side uses our section: the peer looks at it from our READY on, and we at the
 * peer's from its RUN on. Process context.
 */
void ivshmem_ring_clear(struct ivshmem_link *link)
{
	struct ivshmem_tx *tx = &link->tx;
	struct ivshmem_rx *rx = &link->rx;
	u64 at;

	/* Where accesses are emulated, it takes seconds. */
	for (at = 0; at < link->layout.size; at += CLEAR_CHUNK) {
		memset(link->out + at, 0, min_t(u64, link->layout.size - at, CLEAR_CHUNK));
		cond_resched();
	}
	tx->head = link->layout.data;
	/* Rechecks look at what is marked at any time. */
	WRITE_ONCE(tx->next, 0);
	tx->told = 0;
	WRITE_ONCE(tx->done, 0);
	rx->avail = 0;
	WRITE_ONCE(rx->next, 0);
	rx->told = 0;
}

static u32 slot_of(const struct ivshmem_link *link, u16 index)
{
	return index & (link->layout.qlen - 1);
}

/*
 * Sending
 */

/**
 * ivshmem_tx_reserve() - find room for a frame
 * @link: the link
 * @len: bytes, not 0
 *
 * The room is contiguous. It is lost to the next ivshmem_tx_reserve() unless
 * ivshmem_tx_commit() comes before.
 *
 * Context: any, as the only sender. Return: where to write the frame, NULL when
 * the ring is full.
 */
void *ivshmem_tx_reserve(struct ivshmem_link *link, u32 len)
{
	const struct ivshmem_layout *layout = &link->layout;
	struct ivshmem_tx *tx = &link->tx;
	u64 need = ALIGN((u64)len, FRAME_ALIGN);
	u16 in_flight = ivshmem_tx_in_flight(link);
	u64 start = tx->head, end = layout->size;

	if (in_flight == layout->qlen)
		return NULL;
	if (!in_flight) {
		/* An empty ring starts over, in cache lines still warm. */
		start = layout->data;
	} else {
		u64 tail = tx->slots[slot_of(link, tx->done)].start;

		if (start <= tail) {
			end = tail;
		} else if (end - start < need) {
			start = layout->data;
			end = tail;
		}
	}
	if (end - start < need)
		return NULL;

	tx->slots[slot_of(link, tx->next)].start = start;
	return link->out + start;
}
EXPORT_SYMBOL_GPL(ivshmem_tx_reserve);

/**
 * ivshmem_tx_commit() - hand the frame in the reserved room to the peer
 * @link: the link
 * @len: bytes, at most as many as were reserved, not 0
 *
 * A peer that polls finds it at once; ivshmem_tx_kick() tells whether it wants
 * a doorbell.
 *
 * Context: any, as the only sender.
 */
void ivshmem_tx_commit(struct ivshmem_link *link, u32 len)
{
	struct ivshmem_tx *tx = &link->tx;
	u32 i = slot_of(link, tx->next);
	struct vring_desc *desc = &tx->vring.desc[i];

	desc->addr = __cpu_to_virtio64(true, tx->slots[i].start);
	desc->len = __cpu_to_virtio32(true, len);
	desc->flags = 0;
	tx->vring.avail->ring[i] = __cpu_to_virtio16(true, i);
	tx->slots[i].len = len;
	tx->head = tx->slots[i].start + ALIGN((u64)len, FRAME_ALIGN);
	WRITE_ONCE(tx->next, tx->next + 1);
	put_index(&tx->vring.avail->idx, tx->next);
}
EXPORT_SYMBOL_GPL(ivshmem_tx_commit);

/**
 * ivshmem_tx_kick() - does the peer want to hear of the frames just committed?
 * @link: the link
 *
 * Context: any, as the only sender. Return: true when a doorbell is due.
 */
bool ivshmem_tx_kick(struct ivshmem_link *link)
{
	struct ivshmem_tx *tx = &link->tx;
	u16 old = tx->told, event;

	/*
	 * Our avail index before the peer's event index: pairs with the
	 * peer's barrier between writing the event index and looking at our
	 * avail index again, ivshmem_rx_arm() over there.
	 */
	virt_mb();
	event = get16(&vring_avail_event(&tx->vring));
	tx->told = tx->next;
	return vring_need_event(event, tx->next, old);
}
EXPORT_SYMBOL_GPL(ivshmem_tx_kick);

/**
 * ivshmem_tx_reclaim() - take back the frames that the peer has returned
 * @link: the link
 * @bytes: their length is added here
 *
 * Context: any, as the only sender. Return: how many frames, or -EPROTO when
 * the peer broke a rule; the link is being reset then.
 */
int ivshmem_tx_reclaim(struct ivshmem_link *link, unsigned int *bytes)
{
	struct ivshmem_tx *tx = &link->tx;
	u16 pending = get_index(&tx->vring.used->idx) - tx->done;
	int frames = 0;

	if (ivshmem_link_is_broken(link))
		return -EPROTO;
	if (pending > ivshmem_tx_in_flight(link)) {
		ivshmem_link_broken(link, "used index ahead by", pending,
				    ivshmem_tx_in_flight(link));
		return -EPROTO;
	}

	for (; frames < pending; frames++) {
		u32 i = slot_of(link, tx->done);
		const struct vring_used_elem *elem = &tx->vring.used->ring[i];
		u32 id = __virtio32_to_cpu(true, READ_ONCE(elem->id));
		u32 len = __virtio32_to_cpu(true, READ_ONCE(elem->len));

		if (id != i) {
			ivshmem_link_broken(link, "used id", id, i);
			return -EPROTO;
		}
		if (len != USED_LEN) {
			ivshmem_link_broken(link, "used length", len, USED_LEN);
			return -EPROTO;
		}
		*bytes += tx->slots[i].len;
		WRITE_ONCE(tx->done, tx->done + 1);
	}
	return frames;
}
EXPORT_SYMBOL_GPL(ivshmem_tx_reclaim);

/**
 * ivshmem_tx_arm() - ask for a doorbell when more frames have been returned
 * @link: the link
 * @after: how many more frames may be returned before the one that counts;
 *	less than are in flight, or no doorbell comes
 *
 * Context: any, as the only sender. Return: true when that many have been
 * returned already, so that the doorbell may be missed: reclaim again.
 */
bool ivshmem_tx_arm(struct ivshmem_link *link, u16 after)
{
	struct ivshmem_tx *tx = &link->tx;

	put16(&vring_used_event(&tx->vring), tx->done + after);
	/*
	 * The event index before another look: pairs with the peer's barrier
	 * between publishing its used index and reading the event index,
	 * ivshmem_rx_kick() over there.
	 */
	virt_mb();
	return (u16)(get16(&tx->vring.used->idx) - tx->done) > after;
}
EXPORT_SYMBOL_GPL(ivshmem_tx_arm);

/**
 * ivshmem_tx_pending() - are there frames to reclaim?
 * @link: the link
 *
 * A hint for rechecks: nothing but the peer's index is looked at.
 *
 * Context: any. Return: true when there seem to be.
 */
bool ivshmem_tx_pending(const struct ivshmem_link *link)
{
	const struct ivshmem_tx *tx = &link->tx;

	return get16(&tx->vring.used->idx) != READ_ONCE(tx->done);
}
EXPORT_SYMBOL_GPL(ivshmem_tx_pending);

/*
 * Receiving
 */

/* Learn how far the peer has got. Returns the number of frames to take. */
static int rx_frames(struct ivshmem_link *link)
{
	struct ivshmem_rx *rx = &link->rx;
	u16 pending;

	if (rx->avail != rx->next)
		return (u16)(rx->avail - rx->next);

	rx->avail = get_index(&rx->vring.avail->idx);
	pending = rx->avail - rx->next;
	if (pending > link->layout.qlen) {
		ivshmem_link_broken(link, "avail index ahead by", pending, link->layout.qlen);
		return -EPROTO;
	}
	return pending;
}

/**
 * ivshmem_rx_peek() - look at the next received frame
 * @link: the link
 * @frame: filled in when there is one
 *
 * ivshmem_rx_done() has to follow before the next one can be had.
 *
 * Context: any, as the only receiver. Return: 1 when there is a frame, 0 when
 * there is none, -EPROTO when the peer broke a rule; the link is being reset
 * then.
 */
int ivshmem_rx_peek(struct ivshmem_link *link, struct ivshmem_frame *frame)
{
	const struct ivshmem_layout *layout = &link->layout;
	struct ivshmem_rx *rx = &link->rx;
	const struct vring_desc *desc;
	int pending;
	u16 flags;
	u64 addr;
	u32 len;

	if (ivshmem_link_is_broken(link))
		return -EPROTO;
	pending = rx_frames(link);
	if (pending <= 0)
		return pending;

	rx->head = get16(&rx->vring.avail->ring[slot_of(link, rx->next)]);
	if (rx->head >= layout->qlen) {
		ivshmem_link_broken(link, "descriptor", rx->head, layout->qlen);
		return -EPROTO;
	}
	desc = &rx->vring.desc[rx->head];
	addr = __virtio64_to_cpu(true, READ_ONCE(desc->addr));
	len = __virtio32_to_cpu(true, READ_ONCE(desc->len));
	flags = get16(&desc->flags);
	if (flags) {
		ivshmem_link_broken(link, "descriptor flags", flags, 0);
		return -EPROTO;
	}
	if (addr < layout->data || addr >= layout->size) {
		ivshmem_link_broken(link, "descriptor address", addr, layout->data);
		return -EPROTO;
	}
	if (!len || len > layout->size - addr) {
		ivshmem_link_broken(link, "descriptor length", len, layout->size - addr);
		return -EPROTO;
	}
	frame->data = link->in + addr;
	frame->len = len;
	return 1;
}
EXPORT_SYMBOL_GPL(ivshmem_rx_peek);

/**
 * ivshmem_rx_done() - return the frame last looked at to the peer
 * @link: the link
 *
 * A peer that polls finds it at once; ivshmem_rx_kick() tells whether it wants
 * a doorbell. The frame's bytes must not be read any more.
 *
 * Context: any, as the only receiver.
 */
void ivshmem_rx_done(struct ivshmem_link *link)
{
	struct ivshmem_rx *rx = &link->rx;
	struct vring_used_elem *elem = &rx->vring.used->ring[slot_of(link, rx->next)];

	elem->id = __cpu_to_virtio32(true, rx->head);
	elem->len = __cpu_to_virtio32(true, USED_LEN);
	WRITE_ONCE(rx->next, rx->next + 1);
	put_index(&rx->vring.used->idx, rx->next);
}
EXPORT_SYMBOL_GPL(ivshmem_rx_done);

/**
 * ivshmem_rx_kick() - does the peer want to hear of the frames just returned?
 * @link: the link
 *
 * Context: any, as the only receiver. Return: true when a doorbell is due.
 */
bool ivshmem_rx_kick(struct ivshmem_link *link)
{
	struct ivshmem_rx *rx = &link->rx;
	u16 old = rx->told, event;

	/* As in ivshmem_tx_kick(); pairs with ivshmem_tx_arm() over there. */
	virt_mb();
	event = get16(&vring_used_event(&rx->vring));
	rx->told = rx->next;
	return vring_need_event(event, rx->next, old);
}
EXPORT_SYMBOL_GPL(ivshmem_rx_kick);

/**
 * ivshmem_rx_arm() - ask for a doorbell when more frames have come
 * @link: the link
 * @after: how many frames may come before the one that counts; less than the
 *	ring's length, or no doorbell comes
 *
 * Context: any, as the only receiver. Return: true when that many have come
 * already, so that the doorbell may be missed: look again.
 */
bool ivshmem_rx_arm(struct ivshmem_link *link, u16 after)
{
	struct ivshmem_rx *rx = &link->rx;

	put16(&vring_avail_event(&rx->vring), rx->next + after);
	/* As in ivshmem_tx_arm(); pairs with ivshmem_tx_kick() over there. */
	virt_mb();
	/* A broken ring has nothing to offer until the link has been reset. */
	return (u16)(get16(&rx->vring.avail->idx) - rx->next) > after &&
	       !ivshmem_link_is_broken(link);
}
EXPORT_SYMBOL_GPL(ivshmem_rx_arm);

/**
 * ivshmem_rx_pending() - are there frames to take?
 * @link: the link
 *
 * A hint for rechecks: nothing but the peer's index is looked at.
 *
 * Context: any. Return: true when there seem to be.
 */
bool ivshmem_rx_pending(const struct ivshmem_link *link)
{
	const struct ivshmem_rx *rx = &link->rx;

	return get16(&rx->vring.avail->idx) != READ_ONCE(rx->next);
}
EXPORT_SYMBOL_GPL(ivshmem_rx_pending);
