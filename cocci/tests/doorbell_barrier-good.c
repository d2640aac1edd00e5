// SPDX-License-Identifier: GPL-2.0
static void ring(struct core *core, u32 peer)
{
	iowrite32(peer << 16, core->regs + DOORBELL);
}

static void put_index(__virtio16 *p, u16 value)
{
	virt_store_release(p, __cpu_to_virtio16(true, value));
}

static u16 get_index(const __virtio16 *p)
{
	return __virtio16_to_cpu(true, virt_load_acquire(p));
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

static int pending(struct ivshmem_rx *rx)
{
	rx->avail = get_index(&rx->vring.avail->idx);
	return rx->avail - rx->next;
}

/* A hint; nothing is read because of it. */
static bool seems_pending(struct ivshmem_rx *rx)
{
	return get16(&rx->vring.avail->idx) != READ_ONCE(rx->next);
}

static u32 state(struct core *core, u32 peer)
{
	return le32_to_cpu(virt_load_acquire(&core->state_table[peer]));
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

/* Between our own CPUs */
static void publish(struct core *core, struct driver *plugin)
{
	smp_store_release(&core->plugin, plugin);
	queue_work(system_highpri_wq, &core->events);
}

static void withdraw(struct core *core)
{
	WRITE_ONCE(core->plugin, NULL);
}

static int handler(int irq, void *data)
{
	struct core *core = data;
	struct driver *plugin = smp_load_acquire(&core->plugin);

	return plugin ? plugin->interrupt(core) : 0;
}

static void event_work(struct work_struct *work)
{
	struct core *core = container_of(work, struct core, events);
	struct driver *plugin = READ_ONCE(core->plugin);

	if (plugin)
		plugin->event(core);
}

/* No more than whether there is one */
static bool is_on(struct core *core)
{
	return READ_ONCE(core->plugin);
}

static bool arm_and_ask(struct ivshmem_link *link)
{
	put16(&vring_avail_event(&link->rx.vring), link->rx.next);
	virt_mb();
	return ivshmem_rx_pending(link);
}

static bool publish_and_kick(struct ivshmem_rx *rx)
{
	put_index(&rx->vring.used->idx, rx->next);
	virt_mb();
	return get16(&vring_used_event(&rx->vring)) == rx->told;
}
