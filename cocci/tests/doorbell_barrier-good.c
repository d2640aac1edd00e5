// SPDX-License-Identifier: GPL-2.0
static void ring(struct core *core, u32 peer)
{
	iowrite32(peer << 16, core->regs + DOORBELL);
}

static void commit(struct ivshmem_tx *tx, u32 i)
{
	tx->vring.avail->ring[i] = cpu_to_le16(i);
	virt_store_release(&tx->vring.avail->idx, cpu_to_le16(++tx->next));
}

static void give_back(struct vring *vring, u16 next)
{
	put_index(&vring->used->idx, next);
}

static bool kick(struct ivshmem_tx *tx)
{
	u16 event;

	/* Pairs with arm() over there. */
	virt_mb();
	if (!tx->started)
		return false;
	event = get16(&vring_avail_event(&tx->vring));
	tx->told = tx->next;
	return vring_need_event(event, tx->next, tx->told);
}

static bool arm(struct ivshmem_rx *rx, u16 after)
{
	put16(&vring_avail_event(&rx->vring), rx->next + after);
	virt_mb();
	return get16(&rx->vring.avail->idx) != rx->next;
}

static void quietly(struct ivshmem_rx *rx)
{
	put16(&vring_avail_event(&rx->vring), rx->next - 1);
}

static void publish(struct core *core, struct driver *driver)
{
	/* Between our own CPUs. */
	smp_store_release(&core->driver, driver);
}
