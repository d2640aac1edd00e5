// SPDX-License-Identifier: GPL-2.0
static int peek(struct ivshmem_link *link, struct ivshmem_frame *frame)
{
	struct ivshmem_rx *rx = &link->rx;
	const struct vring_desc *desc;
	u16 head;

	if (rx->vring.avail->idx == rx->next)			/* found */
		return 0;
	head = rx->vring.avail->ring[rx->next & 31];		/* found */
	desc = &rx->vring.desc[head];
	if (READ_ONCE(desc->len) > link->layout.size)
		return -EPROTO;
	frame->len = READ_ONCE(desc->len);			/* found */
	frame->data = link->in + desc->addr;			/* found */
	return rx->vring.desc[head].flags;			/* found */
}

static int reclaim(struct ivshmem_tx *tx)
{
	const struct vring_used_elem *elem = &tx->vring.used->ring[0];

	if (get_index(&tx->vring.used->idx) - tx->done > tx->in_flight)
		return -EPROTO;
	while (get_index(&tx->vring.used->idx) != tx->done)	/* found */
		tx->done++;
	return elem->id;					/* found */
}

static bool kick(struct ivshmem_tx *tx)
{
	virt_mb();
	return vring_need_event(vring_avail_event(&tx->vring), tx->next, tx->told);	/* found */
}

static u16 get16(const __virtio16 *p)
{
	return __virtio16_to_cpu(true, *p);			/* found */
}

static u32 state(struct core *core, u32 peer)
{
	return le32_to_cpu(core->state_table[peer]);		/* found */
}

static int probe(struct example *ex, struct ivshmem_section *section)
{
	ex->theirs = ivshmem_map_section_ro(section);
	return ex->theirs ? 0 : -ENOMEM;
}

static bool look(struct example *ex)
{
	return ex->theirs->sent != ex->sent;			/* found */
}

static int header(struct ivshmem_frame *frame, struct ethhdr *own)
{
	const struct ethhdr *eth = frame->data;			/* found */

	if (*(u8 *)frame->data)					/* found */
		return 0;
	if (((struct ethhdr *)frame->data)->h_proto)		/* found */
		return 1;
	if (!memcmp(frame->data, own, ETH_ALEN))		/* found */
		return 2;
	memcpy(own, frame->data, sizeof(*own));
	if (own->h_proto != htons(ETH_P_IP))			/* found */
		return 3;
	memcpy(own, frame->data, sizeof(*own));			/* found */
	return 4;
}

static u32 word(const struct ivshmem_frame *frame, bool careful)
{
	__le32 copy[4];

	memcpy(copy, frame->data, sizeof(copy));
	if (careful)
		barrier();
	return le32_to_cpu(copy[0]);				/* found */
}

static void copy(struct sk_buff *skb, const void *frame, unsigned int len)
{
	memcpy(skb->data, frame, ETH_HLEN);
	frame += ETH_HLEN;
	memcpy(skb->data + ETH_HLEN, frame, len);
	skb->csum = csum_partial(frame, len, 0);		/* found */
}

static int helpers(const struct vring_desc *desc, struct ivshmem_frame *frame, u32 size)
{
	if (get32(&desc->len) > size)
		return -EPROTO;
	frame->len = get32(&desc->len);				/* found */
	return 0;
}

/* Without const, and from the link */
static int not_const(struct ivshmem_link *link, struct ivshmem_rx *rx)
{
	struct vring_used_elem *elem;
	struct vring_desc *desc = &rx->vring.desc[rx->head];

	if (desc->len > link->layout.size)			/* found */
		return -EPROTO;
	if (READ_ONCE(desc->addr) < link->layout.data)
		return -EPROTO;
	link->rx.addr = READ_ONCE(desc->addr);			/* found */
	elem = &link->tx.vring.used->ring[0];
	if (elem->id)						/* found */
		return -EPROTO;
	if (link->rx.vring.avail->idx == rx->next)		/* found */
		return 0;
	if (get16(&link->tx.vring.used->idx) == link->tx.done)
		return 0;
	link->tx.done = get16(&link->tx.vring.used->idx);	/* found */
	return vring_need_event(vring_avail_event(&link->tx.vring), 1, 0);	/* found */
}

static u64 page(struct shadow *shadow)
{
	const __le64 *page = shadow->peer_page;

	if (le64_to_cpu(page[1]))				/* found */
		return 0;
	return le64_to_cpu(*page);				/* found */
}

static bool alias(struct example *ex)
{
	const struct example_section *in = ex->theirs;
	const u32 *word;

	if (in->sent)						/* found */
		return true;
	word = ex->theirs;
	if (word[1] || word[2])					/* found */
		return true;
	return *(u32 *)ex->theirs;				/* found */
}

static int after_head(struct ivshmem_frame *frame, struct iphdr *own)
{
	memcpy(own, frame->data + ETH_HLEN, sizeof(*own));
	return own->version;					/* found */
}

static u32 state_again(struct ivshmem_link *link)
{
	if (ivshmem_peer_state(link->idev, link->peer) > IVSHMEM_LINK_RUN)
		return IVSHMEM_LINK_RESET;
	return ivshmem_peer_state(link->idev, link->peer);	/* found */
}

static u32 table_again(struct core *core, u32 peer)
{
	u32 state = le32_to_cpu(READ_ONCE(core->state_table[peer]));

	if (state > 3)
		return 0;
	state = le32_to_cpu(READ_ONCE(core->state_table[peer]));	/* found */
	if (state)
		return le32_to_cpu(virt_load_acquire(&core->state_table[peer]));	/* found */
	return state;
}

static u64 page_again(struct shadow *shadow, unsigned int i)
{
	const __le64 *page = shadow->peer_page;

	if (le64_to_cpu(READ_ONCE(*page)) > shadow->urgency)
		return le64_to_cpu(READ_ONCE(*page));		/* found */
	if (!READ_ONCE(page[i]))
		return 0;
	return le64_to_cpu(READ_ONCE(page[i]));			/* found */
}

static u32 whole(struct ivshmem_link *link, struct ivshmem_rx *rx, const struct vring_desc *desc)
{
	struct vring_desc copy = rx->vring.desc[3];		/* found */
	struct vring_used_elem elem;

	if (copy.len)
		copy = *desc;					/* found */
	copy = link->rx.vring.desc[0];				/* found */
	elem = link->tx.vring.used->ring[0];			/* found */
	return copy.len + elem.id;
}

static u32 copied(struct ivshmem_rx *rx, const struct vring_desc *desc, u16 head)
{
	struct vring_desc first, second;

	memcpy(&first, &rx->vring.desc[head], sizeof(first));
	if (first.len)						/* found */
		return 0;
	memcpy(&second, desc, sizeof(second));
	return second.addr;					/* found */
}

static u32 state_in_one(struct ivshmem_link *link)
{
	return ivshmem_peer_state(link->idev, link->peer) <= IVSHMEM_LINK_RUN ?
	       ivshmem_peer_state(link->idev, link->peer) : 0;	/* found */
}

static bool page_in_one(struct shadow *shadow, struct core *core)
{
	const __le64 *page = shadow->peer_page;

	if (READ_ONCE(core->state_table[0]) &&
	    READ_ONCE(core->state_table[0]) != cpu_to_le32(3))	/* found */
		return false;
	return READ_ONCE(*page) &&
	       le64_to_cpu(READ_ONCE(*page)) > shadow->urgency;	/* found */
}
