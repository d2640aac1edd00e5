// SPDX-License-Identifier: GPL-2.0
static void ring(struct core *core, u32 peer)
{
	writel_relaxed(peer << 16, core->regs + DOORBELL);	/* found */
	__raw_writel(peer << 16, core->regs + DOORBELL);	/* found */
}

static void put_index(__virtio16 *p, u16 value)		/* found */
{
	WRITE_ONCE(*p, __cpu_to_virtio16(true, value));
}

static u16 get_index(const __virtio16 *p)			/* found */
{
	return __virtio16_to_cpu(true, READ_ONCE(*p));
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

static u16 pending(struct ivshmem_rx *rx, struct ivshmem_tx *tx)
{
	u16 done = get16(&tx->vring.used->idx);			/* found */

	rx->avail = READ_ONCE(rx->vring.avail->idx);		/* found */
	return rx->avail - rx->next + done;
}

static u32 state(struct core *core, u32 peer)
{
	return le32_to_cpu(READ_ONCE(core->state_table[peer]));	/* found */
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

static void publish(struct core *core, struct driver *plugin)
{
	WRITE_ONCE(core->plugin, plugin);			/* found */
	core->plugin = plugin;					/* found */
}

static int handler(int irq, void *data)
{
	struct core *core = data;
	struct driver *plugin = READ_ONCE(core->plugin);	/* found */

	if (!plugin)
		plugin = READ_ONCE(core->plugin);		/* found */
	return plugin ? plugin->interrupt(core) : 0;
}

static bool kick_late(struct ivshmem_rx *rx)
{
	virt_mb();
	put_index(&rx->vring.used->idx, rx->next);
	return get16(&vring_used_event(&rx->vring)) == rx->told;	/* found */
}

static bool kick_wide(struct ivshmem_tx *tx)
{
	return get32(&vring_avail_event(&tx->vring)) == tx->told;	/* found */
}

static bool arm_plainly(struct ivshmem_link *link)
{
	vring_avail_event(&link->rx.vring) = link->rx.next;	/* found */
	return ivshmem_rx_pending(link);
}

static int arm_and_take(struct ivshmem_link *link, struct ivshmem_frame *frame)
{
	put16(&vring_avail_event(&link->rx.vring), link->rx.next);	/* found */
	return ivshmem_rx_peek(link, frame);
}
