// SPDX-License-Identifier: GPL-2.0
static u16 get16(const __virtio16 *p)
{
	return __virtio16_to_cpu(true, READ_ONCE(*p));
}

static u16 get_index(const __virtio16 *p)
{
	return __virtio16_to_cpu(true, virt_load_acquire(p));
}

static int peek(struct ivshmem_link *link, struct ivshmem_frame *frame)
{
	struct ivshmem_rx *rx = &link->rx;
	const struct vring_desc *desc;
	u16 head;
	u32 len;

	if (get_index(&rx->vring.avail->idx) == rx->next)
		return 0;
	head = get16(&rx->vring.avail->ring[rx->next & 31]);
	if (head >= link->layout.qlen)
		return -EPROTO;
	desc = &rx->vring.desc[head];
	len = __virtio32_to_cpu(true, READ_ONCE(desc->len));
	if (len > link->layout.size)
		return -EPROTO;
	frame->len = len;
	frame->data = link->in;
	return 1;
}

static void reclaim(struct ivshmem_tx *tx, u16 pending)
{
	while (pending--) {
		const struct vring_used_elem *elem = &tx->vring.used->ring[tx->done & 31];

		tx->last = READ_ONCE(elem->id);
		tx->done++;
	}
}

static u32 two_of_them(struct ivshmem_rx *rx)
{
	const struct vring_desc *desc = &rx->vring.desc[0];
	u32 len = READ_ONCE(desc->len);

	desc = &rx->vring.desc[1];
	return len + READ_ONCE(desc->len);
}

/* Our own half */
static void commit(struct ivshmem_tx *tx, struct ivshmem_rx *rx)
{
	struct vring_desc *desc = &tx->vring.desc[0];

	desc->len++;
	rx->vring.used->ring[0].id = desc->len;
}

static u32 state(struct core *core, u32 peer)
{
	return le32_to_cpu(virt_load_acquire(&core->state_table[peer]));
}

static int probe(struct example *ex, struct ivshmem_section *section)
{
	ex->theirs = ivshmem_map_section_ro(section);
	if (!ex->theirs)
		return -ENOMEM;
	return READ_ONCE(ex->theirs->sent) == READ_ONCE(ex->sent) ? 0 : READ_ONCE(ex->sent);
}

static int header(struct ivshmem_frame *frame, struct ethhdr *own)
{
	const void *data = frame->data;

	if (frame->len < sizeof(*own))
		return -EPROTO;
	memcpy(own, frame->data, sizeof(*own));
	barrier();
	return own->h_proto == htons(ETH_P_IP);
}

static void copy(struct sk_buff *skb, const void *frame, unsigned int len)
{
	memcpy(skb->data, frame, ETH_HLEN);
	frame += ETH_HLEN;
	skb->csum = csum_partial_copy_nocheck(frame, skb->data + ETH_HLEN, len);
	memcpy(skb_tail_pointer(skb), frame + len, len);
}

static int mapped(struct example *ex, struct ivshmem_link *link)
{
	const struct example_section *in = ex->theirs;
	const __le64 *page = shadow->peer_page;
	struct vring_desc *desc = &link->rx.vring.desc[0];

	link->rx.avail = get_index(&link->rx.vring.avail->idx);
	link->rx.addr = le64_to_cpu(READ_ONCE(page[1])) + READ_ONCE(desc->len);
	desc = &link->tx.vring.desc[0];
	desc->len = READ_ONCE(in->sent);
	return desc->len;
}

static int after_head(struct ivshmem_frame *frame, struct iphdr *own)
{
	memcpy(own, frame->data + ETH_HLEN, sizeof(*own));
	barrier();
	return own->version;
}

/* Each peer's state once */
static u32 states(struct core *core, u32 peer)
{
	u32 mine = ivshmem_peer_state(&core->idev, core->idev.id);
	u32 sum = ivshmem_peer_state(&core->idev, peer);

	sum += READ_ONCE(core->state_table[0]) + READ_ONCE(core->state_table[1]);
	if (sum > 3)
		return READ_ONCE(core->state_table[2]);
	peer++;
	sum += ivshmem_peer_state(&core->idev, peer);
	for (peer = 0; peer < core->idev.max_peers; peer++)
		sum += ivshmem_peer_state(&core->idev, peer);
	return sum + mine;
}

/* One word after the other */
static u64 words(struct shadow *shadow, unsigned int i)
{
	const __le64 *page = shadow->peer_page;
	u64 sum = READ_ONCE(*page);

	page++;
	sum += READ_ONCE(*page);
	sum += READ_ONCE(page[i]);
	i++;
	sum += READ_ONCE(page[i]);
	page = shadow->other_page;
	return sum + READ_ONCE(page[i]);
}

static u32 whole(struct ivshmem_rx *rx, struct ivshmem_tx *tx, u16 head)
{
	struct vring_desc copy, *own = &tx->vring.desc[head];

	memcpy(&copy, &rx->vring.desc[head], sizeof(copy));
	barrier();
	*own = copy;
	copy = *own;
	return copy.len + tx->vring.desc[head].len;
}

static bool each_once(struct ivshmem_link *link, struct core *core, const __le64 *page)
{
	return ivshmem_peer_state(link->idev, 0) && ivshmem_peer_state(link->idev, 1) &&
	       READ_ONCE(core->state_table[0]) == READ_ONCE(core->state_table[1]) &&
	       (READ_ONCE(page[0]) || READ_ONCE(page[1]));
}
