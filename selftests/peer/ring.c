// SPDX-License-Identifier: GPL-2.0
/* The split ring of protocols 0001 and 0002; see ring.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

#define RING_ALIGN	64
#define ALIGN_UP(n)	(((n) + RING_ALIGN - 1) & ~(RING_ALIGN - 1U))
#define MIN_FRAME	14
#define MIN_DATA	(4 * 68)

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

struct used_elem {
	uint32_t id;
	uint32_t len;
};

/* Offsets of a ring of qlen, from the start of its section. */
static void place(struct layout *l, uint32_t qlen)
{
	l->qlen = qlen;
	l->avail = 16 * qlen;
	l->used_event = l->avail + 4 + 2 * qlen;
	l->used = ALIGN_UP(l->used_event + 2);
	l->avail_event = l->used + 4 + 8 * qlen;
}

int layout_of(struct layout *l, uint64_t section_size)
{
	uint32_t qlen, data = 0;

	memset(l, 0, sizeof(*l));
	if (section_size > UINT32_MAX)
		return -1;
	/*
	 * The format's quirk: when no length fits, the shortest ring is used
	 * but the data begins where that of the last one tried would have.
	 */
	for (qlen = 4096; qlen > 32; qlen >>= 1) {
		place(l, qlen);
		data = ALIGN_UP(l->avail_event + 2);
		if (data < section_size / 8)
			break;
	}
	place(l, qlen);
	if (data > section_size || section_size - data < MIN_DATA)
		return -1;
	l->size = section_size;
	l->data = data;
	l->data_len = section_size - data;
	return 0;
}

static uint16_t *own16(struct ring *r, uint32_t offset)
{
	return (uint16_t *)(r->own + offset);
}

static struct desc *own_desc(struct ring *r, uint32_t id)
{
	return (struct desc *)r->own + id;
}

/*
 * The chain of free descriptors. The section shows it, as that of every known
 * peer does, but is not asked: where a device does not protect the sections,
 * the other guests of the link can write there, too.
 */
static void set_next(struct ring *r, uint16_t id, uint16_t next)
{
	r->next[id] = next;
	own_desc(r, id)->next = next;
}

static void peer_read(struct ring *r, uint32_t offset, void *buf, uint32_t len)
{
	if (r->peer.map) {
		memcpy(buf, r->peer.map + offset, len);
	} else if (r->peer.fetch(r->peer.ctx, offset, buf, len)) {
		r->at.fetch_failed = true;
		memset(buf, 0, len);
	}
}

/* An index of the peer: what it wrote before the index is seen after it. */
static uint16_t peer_index(struct ring *r, uint32_t offset)
{
	uint16_t value;

	if (r->peer.map)
		return __atomic_load_n((uint16_t *)(r->peer.map + offset),
				       __ATOMIC_ACQUIRE);
	peer_read(r, offset, &value, sizeof(value));
	return value;
}

/* An index or event of our own: published after what was written before. */
static void publish(struct ring *r, uint32_t offset, uint16_t value)
{
	__atomic_store_n(own16(r, offset), value, __ATOMIC_RELEASE);
}

/* Between a store of our own and a load of the peer's answer to it. */
static void full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static bool need_event(uint16_t event, uint16_t now, uint16_t before)
{
	return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

int ring_init(struct ring *r, const struct profile *prof, struct verdict *v,
	      void *own, struct remote peer, uint64_t size)
{
	memset(r, 0, sizeof(*r));
	if (layout_of(&r->l, size))
		return -1;
	r->prof = prof;
	r->verdict = v;
	r->own = own;
	r->peer = peer;
	r->next = calloc(r->l.qlen, sizeof(*r->next));
	r->order = calloc(r->l.qlen, sizeof(*r->order));
	r->len = calloc(r->l.qlen, sizeof(*r->len));
	r->offered = calloc(r->l.qlen, 1);
	r->bounce = peer.map ? NULL : malloc(r->l.data_len);
	if (r->next && r->order && r->len && r->offered &&
	    (peer.map || r->bounce))
		return 0;
	ring_free(r);
	return -1;
}

void ring_free(struct ring *r)
{
	free(r->next);
	free(r->order);
	free(r->len);
	free(r->offered);
	free(r->bounce);
	r->next = NULL;
	r->order = NULL;
	r->len = NULL;
	r->offered = NULL;
	r->bounce = NULL;
}

void ring_start(struct ring *r)
{
	uint32_t i;

	memset(&r->at, 0, sizeof(r->at));
	r->at.num_free = r->l.qlen;
	memset(r->offered, 0, r->l.qlen);
	memset(r->own, 0, r->prof->clears_section ? r->l.size : r->l.data);
	/* A cycle, and it stays one where nothing is put back in front. */
	for (i = 0; i < r->l.qlen; i++)
		set_next(r, i, (i + 1) & (r->l.qlen - 1));
}

/* What a frame takes in the data area. */
static uint32_t frame_size(uint32_t len)
{
	return ALIGN_UP(18 + len);
}

/* Moves a position of the data area past a frame; where the frame begins. */
static uint32_t advance(struct ring *r, uint32_t *pos, uint32_t len)
{
	uint32_t size = frame_size(len);
	uint32_t begin = r->l.data_len - *pos < size ? 0 : *pos;

	*pos = begin + size;
	return begin;
}

/* What advance() takes, counting the end of the area that it skips. */
static uint32_t cost(struct ring *r, uint32_t pos, uint32_t len)
{
	uint32_t size = frame_size(len);
	uint32_t rest = r->l.data_len - pos;

	return rest < size ? rest + size : size;
}

/* What lies free in one piece, where head never reaches tail. */
static uint32_t free_space(struct ring *r)
{
	if (r->at.head < r->at.tail)
		return r->at.tail - r->at.head;
	if (r->l.data_len - r->at.head > r->at.tail)
		return r->l.data_len - r->at.head;
	return r->at.tail;
}

static bool has_room(struct ring *r, uint32_t len)
{
	if (r->prof->exact_space)
		return r->at.num_free && r->l.data_len - r->at.data_used >=
			cost(r, r->at.head, len);
	/*
	 * Keeping room for a second frame, Jailhouse's Linux can find none in
	 * an empty ring once frames exceed a quarter of the data area, and
	 * waits for ever. This one starts over at the beginning.
	 */
	if (!ring_tx_outstanding(r) && free_space(r) < 2 * frame_size(len)) {
		r->at.head = 0;
		r->at.tail = 0;
	}
	return r->at.num_free >= 2 && free_space(r) >= 2 * frame_size(len);
}

void *ring_tx_reserve(struct ring *r, uint32_t len)
{
	uint32_t head;

	if (r->at.wedged || !len || !has_room(r, len))
		return NULL;
	r->at.reserved = len;
	head = r->at.head;
	return r->own + r->l.data + advance(r, &head, len);
}

void ring_tx_commit(struct ring *r)
{
	uint16_t slot = r->at.tx_avail & (r->l.qlen - 1);
	uint16_t id = r->at.free_head;
	struct desc *d = own_desc(r, id);

	r->at.free_head = r->next[id];
	r->at.num_free--;
	r->at.data_used += cost(r, r->at.head, r->at.reserved);
	d->addr = r->l.data + advance(r, &r->at.head, r->at.reserved);
	d->len = r->at.reserved;
	d->flags = 0;
	r->order[slot] = id;
	r->len[id] = r->at.reserved;
	r->at.reserved = 0;
	*own16(r, r->l.avail + 4 + 2 * slot) = id;
	publish(r, r->l.avail + 2, ++r->at.tx_avail);
	if (r->prof->used_event == USED_EVENT_EACH)
		publish(r, r->l.used_event, r->at.tx_used);
}

bool ring_tx_kick(struct ring *r)
{
	uint16_t before = r->at.tx_kicked;

	r->at.tx_kicked = r->at.tx_avail;
	if (before == r->at.tx_avail)
		return false;
	if (!r->prof->event_index)
		return true;
	full_barrier();
	return need_event(peer_index(r, r->l.avail_event), r->at.tx_avail, before);
}

unsigned int ring_tx_outstanding(const struct ring *r)
{
	return (uint16_t)(r->at.tx_avail - r->at.tx_used);
}

/* Whether the entry returns the oldest frame that is out. */
static bool check_used(struct ring *r, const struct used_elem *e)
{
	uint16_t want = r->order[r->at.tx_used & (r->l.qlen - 1)];

	if (e->id >= r->l.qlen)
		rule_broken(r->verdict, RULE_USED_ID,
			    "used entry %u has id %u, want below %u",
			    r->at.tx_used, e->id, r->l.qlen);
	else if (e->len != 1)
		rule_broken(r->verdict, RULE_USED_LEN,
			    "used entry %u has length %u, want 1",
			    r->at.tx_used, e->len);
	else if (e->id != want)
		rule_broken(r->verdict, RULE_USED_ORDER,
			    "used entry %u returns descriptor %u, want %u, the oldest",
			    r->at.tx_used, e->id, want);
	else
		return true;
	return false;
}

unsigned int ring_tx_reclaim(struct ring *r)
{
	uint16_t used = peer_index(r, r->l.used + 2);
	unsigned int n = 0;

	if ((uint16_t)(used - r->at.tx_used) > ring_tx_outstanding(r) &&
	    !r->at.wedged) {
		rule_broken(r->verdict, RULE_USED_AHEAD,
			    "used index %u is %u past %u, but only %u frames are out",
			    used, (uint16_t)(used - r->at.tx_used), r->at.tx_used,
			    ring_tx_outstanding(r));
		r->at.wedged = true;
	}
	while (!r->at.wedged && r->at.tx_used != used) {
		uint32_t slot = r->at.tx_used & (r->l.qlen - 1);
		struct used_elem e;

		peer_read(r, r->l.used + 4 + 8 * slot, &e, sizeof(e));
		if (!check_used(r, &e)) {
			r->at.wedged = true;
			break;
		}
		r->at.data_used -= cost(r, r->at.tail, r->len[e.id]);
		advance(r, &r->at.tail, r->len[e.id]);
		if (!r->prof->cyclic) {
			set_next(r, e.id, r->at.free_head);
			r->at.free_head = e.id;
		}
		r->at.num_free++;
		r->at.tx_used++;
		n++;
	}
	return n;
}

bool ring_tx_arm(struct ring *r)
{
	if (r->prof->used_event == USED_EVENT_FULL)
		publish(r, r->l.used_event, r->at.tx_used);
	full_barrier();
	return peer_index(r, r->l.used + 2) != r->at.tx_used;
}

/* Notes what the peer newly offers; false when that cannot be. */
static bool check_offers(struct ring *r, uint16_t avail)
{
	uint16_t pending = avail - r->at.rx_avail;

	if (pending > r->l.qlen) {
		rule_broken(r->verdict, RULE_AVAIL_AHEAD,
			    "avail index %u is %u past %u, want at most %u",
			    avail, pending, r->at.rx_avail, r->l.qlen);
		return false;
	}
	for (; r->at.rx_seen != avail; r->at.rx_seen++) {
		uint32_t slot = r->at.rx_seen & (r->l.qlen - 1);
		uint16_t id;

		peer_read(r, r->l.avail + 4 + 2 * slot, &id, sizeof(id));
		if (id >= r->l.qlen)
			rule_broken(r->verdict, RULE_AVAIL_ID,
				    "avail entry %u names descriptor %u, want below %u",
				    r->at.rx_seen, id, r->l.qlen);
		else if (r->offered[id]++)
			rule_broken(r->verdict, RULE_DESC_REUSE,
				    "avail entry %u offers descriptor %u, which is still out",
				    r->at.rx_seen, id);
	}
	return true;
}

/* Whether the profile takes the frame; every rule is checked all the same. */
static bool check_desc(struct ring *r, uint32_t id, const struct desc *d)
{
	bool in_range = d->addr >= r->l.data && d->addr <= r->l.size &&
			d->len <= r->l.size - d->addr;

	if (!in_range)
		rule_broken(r->verdict, RULE_DESC_RANGE,
			    "descriptor %u has %u bytes at 0x%llx, want them within 0x%x..0x%x",
			    id, d->len, (unsigned long long)d->addr, r->l.data,
			    r->l.size);
	if (d->flags)
		rule_broken(r->verdict, RULE_DESC_FLAGS,
			    "descriptor %u has flags 0x%x, want 0", id,
			    d->flags);
	if (d->len < MIN_FRAME)
		rule_broken(r->verdict, RULE_FRAME_SHORT,
			    "descriptor %u has a frame of %u bytes, want at least %u",
			    id, d->len, MIN_FRAME);
	if (r->prof->rx_buffer && d->len > r->prof->rx_buffer)
		rule_broken(r->verdict, RULE_FRAME_LONG,
			    "descriptor %u has a frame of %u bytes, which overruns this peer's buffer of %u",
			    id, d->len, r->prof->rx_buffer);
	return in_range && !(d->flags && r->prof->checks_flags);
}

/* The next descriptor that the profile takes, skipping as it would. */
static bool next_frame(struct ring *r, struct desc *d)
{
	uint16_t avail = peer_index(r, r->l.avail + 2);

	if (r->at.rx_stuck || avail == r->at.rx_avail)
		return false;
	if (!check_offers(r, avail)) {
		r->at.rx_stuck = true;
		return false;
	}
	while (r->at.rx_avail != avail) {
		uint32_t slot = r->at.rx_avail & (r->l.qlen - 1);

		peer_read(r, r->l.avail + 4 + 2 * slot, &r->at.rx_id,
			  sizeof(r->at.rx_id));
		if (r->at.rx_id < r->l.qlen) {
			peer_read(r, 16 * r->at.rx_id, d, sizeof(*d));
			if (check_desc(r, r->at.rx_id, d))
				return true;
		}
		if (r->prof->stuck_on_bad) {
			r->at.rx_stuck = true;
			return false;
		}
		r->at.rx_avail++;
	}
	return false;
}

const void *ring_rx_peek(struct ring *r, uint32_t *len)
{
	struct desc d;

	if (!next_frame(r, &d))
		return NULL;
	*len = d.len;
	if (r->peer.map)
		return r->peer.map + d.addr;
	peer_read(r, d.addr, r->bounce, d.len);
	return r->bounce;
}

void ring_rx_done(struct ring *r)
{
	uint32_t slot = r->at.rx_used & (r->l.qlen - 1);
	struct used_elem e = { .id = r->at.rx_id, .len = 1 };

	r->offered[r->at.rx_id] = 0;
	memcpy(r->own + r->l.used + 4 + 8 * slot, &e, sizeof(e));
	publish(r, r->l.used + 2, ++r->at.rx_used);
	r->at.rx_avail++;
	if (r->prof->avail_event_each)
		publish(r, r->l.avail_event, r->at.rx_avail);
}

bool ring_rx_kick(struct ring *r)
{
	uint16_t before = r->at.rx_kicked;

	r->at.rx_kicked = r->at.rx_used;
	if (before == r->at.rx_used)
		return false;
	if (!r->prof->event_index)
		return true;
	full_barrier();
	return need_event(peer_index(r, r->l.used_event), r->at.rx_used, before);
}

bool ring_rx_arm(struct ring *r)
{
	if (!r->prof->avail_event_each)
		publish(r, r->l.avail_event, r->at.rx_avail);
	full_barrier();
	return !r->at.rx_stuck &&
		peer_index(r, r->l.avail + 2) != r->at.rx_avail;
}

bool ring_rx_unannounced(struct ring *r)
{
	uint16_t event = *own16(r, r->l.avail_event);
	uint16_t avail = peer_index(r, r->l.avail + 2);

	return !r->at.rx_stuck && need_event(event, avail, r->at.rx_avail);
}

bool ring_tx_unannounced(struct ring *r)
{
	uint16_t event = *own16(r, r->l.used_event);
	uint16_t used = peer_index(r, r->l.used + 2);

	return !r->at.wedged && need_event(event, used, r->at.tx_used);
}

static void check_gap(struct ring *r, uint32_t from, uint32_t to)
{
	uint8_t bytes[4096];
	uint32_t i;

	peer_read(r, from, bytes, to - from);
	for (i = 0; i < to - from; i++)
		if (bytes[i]) {
			rule_broken(r->verdict, RULE_GAP,
				    "the unused byte at 0x%x is 0x%02x, want 0",
				    from + i, bytes[i]);
			return;
		}
}

void ring_check_gaps(struct ring *r)
{
	uint16_t flags = peer_index(r, r->l.avail);

	if (flags)
		rule_broken(r->verdict, RULE_AVAIL_FLAGS,
			    "avail flags are 0x%x, want 0", flags);
	flags = peer_index(r, r->l.used);
	if (flags)
		rule_broken(r->verdict, RULE_USED_FLAGS,
			    "used flags are 0x%x, want 0", flags);
	check_gap(r, r->l.used_event + 2, r->l.used);
	check_gap(r, r->l.avail_event + 2, r->l.data);
}

bool ring_peer_clean(struct ring *r, char *why, size_t len)
{
	uint16_t avail = peer_index(r, r->l.avail + 2);
	uint16_t used = peer_index(r, r->l.used + 2);

	if (!avail && !used)
		return true;
	snprintf(why, len, "avail index is %u and used index %u in state READY, want 0",
		 avail, used);
	return false;
}
