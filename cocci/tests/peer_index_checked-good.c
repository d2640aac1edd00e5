// SPDX-License-Identifier: GPL-2.0
static const void *peek(struct ivshmem_rx *rx, const struct ivshmem_layout *layout, const void *in)
{
	const struct vring_desc *desc;
	u64 addr;

	rx->head = get16(&rx->vring.avail->ring[rx->next & 31]);
	if (rx->head >= layout->qlen)
		return NULL;
	desc = &rx->vring.desc[rx->head];
	addr = __virtio64_to_cpu(true, READ_ONCE(desc->addr));
	if (addr < layout->data || addr >= layout->size)
		return NULL;
	return in + addr;
}

static u64 reclaim(struct ivshmem_tx *tx, u16 in_flight)
{
	u32 id = __virtio32_to_cpu(true, READ_ONCE(tx->vring.used->ring[0].id));
	u16 pending = get_index(&tx->vring.used->idx) - tx->done;
	u64 bytes = 0;
	u16 i;

	if (pending > in_flight || id != tx->done)
		return 0;
	for (i = 0; i < pending; i++)
		bytes += tx->slots[id].len;
	return bytes;
}

static const char *state_name(struct ivshmem_device *idev, u32 peer)
{
	static const char * const names[] = { "RESET", "INIT", "READY", "RUN" };
	u32 state;

	state = ivshmem_peer_state(idev, peer);
	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

static void answer(struct process *processes, struct message *message)
{
	u32 slot = le32_to_cpu(message->slot) & (SLOTS - 1);
	u32 size = min(le32_to_cpu(message->size), SIZE);
	u32 what = le32_to_cpu(message->what);

	memcpy(processes[slot].buffer, message->data, size);
	switch (what) {
	case 1:
		processes[slot].busy = false;
		break;
	}
	trace(what);
}

static void known(struct process *processes, const struct message *message)
{
	u32 slot = get32(&message->slot);
	u32 size;

	if (slot == FIRST)
		processes[slot].busy = false;
	size = le32_to_cpu(message->size);
	if (size != SIZE) {
		processes[0].errors++;
		return;
	}
	processes[0].buffer = kmalloc(size, GFP_KERNEL);
}

static bool is_busy(const unsigned long *busy, const struct message *message)
{
	u32 slot = get32(&message->slot);

	if (slot > 0 && slot < SLOTS)
		return test_bit(slot, busy) || BIT(slot) & busy[1];
	return false;
}
