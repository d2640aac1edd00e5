// SPDX-License-Identifier: GPL-2.0
static const void *peek(struct ivshmem_rx *rx, const struct ivshmem_layout *layout, const void *in)
{
	const struct vring_desc *desc;
	u64 addr;
	u32 len;

	rx->head = get16(&rx->vring.avail->ring[rx->next & 31]);
	desc = &rx->vring.desc[rx->head];				/* found */
	if (rx->head >= layout->qlen)
		return NULL;
	addr = __virtio64_to_cpu(true, READ_ONCE(desc->addr));
	len = __virtio32_to_cpu(true, READ_ONCE(desc->len));
	if (len > layout->size)
		return NULL;
	return in + addr;						/* found */
}

static void hand_on(const struct vring_desc *desc, struct ivshmem_frame *frame)
{
	u32 len = __virtio32_to_cpu(true, READ_ONCE(desc->len));

	if (len)
		frame->len = len;					/* found */
}

static u64 reclaim(struct ivshmem_tx *tx)
{
	u32 id = __virtio32_to_cpu(true, READ_ONCE(tx->vring.used->ring[0].id));
	u16 pending = get_index(&tx->vring.used->idx) - tx->done;
	u64 bytes = 0;
	u16 i;

	for (i = 0; i < pending; i++)					/* found */
		bytes += tx->slots[id].len;				/* found */
	return bytes;
}

static const char *state_name(struct ivshmem_device *idev, u32 peer)
{
	static const char * const names[] = { "RESET", "INIT", "READY", "RUN" };
	u32 state;

	state = ivshmem_peer_state(idev, peer);
	return names[state];						/* found */
}

static const char *told_name(const char * const *names)
{
	return names[ivshmem_peer_state(idev, 1)];			/* found */
}

static void answer(struct process *processes, struct message *message)
{
	u32 slot = le32_to_cpu(message->slot);
	u32 size = le32_to_cpu(message->size);

	memcpy(processes[0].buffer, message->data, size);		/* found */
	processes[slot].answer = message->answer;			/* found */
	processes[le32_to_cpu(message->slot)].busy = false;		/* found */
}

static void drain(struct ring *ring)
{
	u32 left;

	left = le32_to_cpu(READ_ONCE(ring->count));
	while (left--)							/* found */
		ring->done++;
}

static int at_once(const struct vring_desc *desc, struct ivshmem_frame *frame, const void *in)
{
	if (get32(&desc->len) > frame->room)
		return -EPROTO;
	frame->len = get32(&desc->len);					/* found */
	frame->data = in + get64(&desc->addr);				/* found */
	memcpy(frame->copy, frame->data, get32(&desc->len));		/* found */
	frame->bits |= 1U << get16(&desc->flags);			/* found */
	return frame->slots[get8(&frame->slot)];			/* found */
}

static int not_zero(const struct vring_desc *desc, struct ivshmem_frame *frame)
{
	u32 len = get32(&desc->len);

	if (len == 0)
		return -EPROTO;
	frame->len = len;						/* found */
	return len > 0 && frame->sums[len];				/* found */
}

static void same(struct ivshmem_tx *tx, const struct vring_used_elem *elem)
{
	u32 id;

	id = get32(&elem->id);
	if (id == tx->done)
		tx->hits++;
	tx->last = tx->slots[id].len;					/* found */
}

static unsigned long bits(struct ring *ring, const struct message *message)
{
	u32 slot = le32_to_cpu(message->slot);
	u32 number;

	if (test_bit(slot, ring->busy))					/* found */
		return BIT(slot);					/* found */
	__set_bit(slot, ring->busy);					/* found */
	number = get32(&message->number);
	ring->numbers |= 1U << number;					/* found */
	return number;
}

static void room(struct ring *ring, const struct message *message)
{
	u32 size = le32_to_cpu(message->size);

	ring->words = kcalloc(size, sizeof(*ring->words), GFP_KERNEL);	/* found */
	ring->bytes = kvmalloc(size, GFP_KERNEL);			/* found */
	ring->skb = napi_alloc_skb(&ring->napi, size);			/* found */
	do {
		ring->done++;
	} while (--size);						/* found */
}
