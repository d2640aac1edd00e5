// SPDX-License-Identifier: GPL-2.0
static void ring(struct core *core, u32 peer)
{
	writel_relaxed(peer << 16, core->regs + DOORBELL);	/* found */
	__raw_writel(peer << 16, core->regs + DOORBELL);	/* found */
}

static void commit(struct ivshmem_tx *tx)
{
	tx->vring.avail->idx = cpu_to_le16(++tx->next);		/* found */
	WRITE_ONCE(tx->vring.avail->idx, cpu_to_le16(tx->next));	/* found */
	put16(&tx->vring.avail->idx, tx->next);			/* found */
	smp_store_release(&tx->vring.avail->idx, tx->next);	/* found */
}

static void give_back(struct vring *vring, u16 next)
{
	vring->used->idx = next;				/* found */
}

static u16 look(struct ivshmem_rx *rx)
{
	return smp_load_acquire(&rx->vring.avail->idx);		/* found */
}

static bool kick(struct ivshmem_tx *tx)
{
	u16 event = get16(&vring_avail_event(&tx->vring));	/* found */

	return vring_need_event(event, tx->next, tx->told);
}

static bool kick_sometimes(struct ivshmem_rx *rx, bool careful)
{
	u16 event;

	if (careful)
		virt_mb();
	rx->told = rx->next;
	event = READ_ONCE(vring_used_event(&rx->vring));	/* found */
	virt_mb();
	return vring_need_event(event, rx->next, rx->told);
}

static bool arm(struct ivshmem_rx *rx, u16 after)
{
	put16(&vring_avail_event(&rx->vring), rx->next + after);	/* found */
	return get16(&rx->vring.avail->idx) != rx->next;
}

static bool arm_sometimes(struct ivshmem_tx *tx, bool careful)
{
	WRITE_ONCE(vring_used_event(&tx->vring), tx->done);	/* found */
	if (careful)
		virt_mb();
	return READ_ONCE(tx->vring.used->idx) != tx->done;
}
