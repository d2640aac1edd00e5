// SPDX-License-Identifier: GPL-2.0
/*
 * Events: what the plugin is told, from one work item per device
 *
 * The state table is compared with what was told last whenever vector 0 fires,
 * when events come on, and about once a second, as interrupts get lost: those
 * raised while Interrupt Control is 0 or the vector is masked. The recheck is
 * not deferrable: on an idle CPU that would be no bound at all.
 */
#include <linux/mm.h>

#include "core.h"
#include "trace.h"

#define RECHECK_INTERVAL	HZ

/* More than any handshake needs, and nothing to a CPU with tables of so many entries */
#define LOOKS_A_TICK		8U
#define LOOKS_PEERS		1024

/*
 * Either the state tells, or the rest does twice in a row, as a plugin may just be
 * on its way into one-shot mode, or out of it.
 */
static bool was_reset(struct ivshmem_core *core)
{
	bool before = test_bit(IVSHMEM_LOST, &core->flags), now = ivshmem_looks_reset(core);
	bool reset = ivshmem_lost_state(core) || (now && before);

	assign_bit(IVSHMEM_LOST, &core->flags, now && !reset);
	return reset;
}

/* Every peer that is there will be told of again. Event work, or events are off. */
static void forget_states(struct ivshmem_core *core)
{
	memset(core->seen, 0, core->idev.max_peers * sizeof(*core->seen));
}

/*
 * A device that stopped existing without a hot-unplug (its process died, the
 * cell was destroyed) leaves a state table that never changes; its registers
 * read as all ones, though. All peers count as gone then. When it is back it is
 * as after a reset, which may also come between two looks, so without what we,
 * or a program, had set.
 */
static void check_device(struct ivshmem_core *core, struct ivshmem_driver *plugin)
{
	bool reset;

	if (ivshmem_read_register(core, IVSHMEM_REG_ID) == IVSHMEM_GONE) {
		if (!test_and_set_bit(IVSHMEM_DEAD, &core->flags))
			dev_err(&core->idev.dev, "device is dead: ID register reads 0x%x, want %u\n",
				IVSHMEM_GONE, core->idev.id);
		return;
	}
	reset = was_reset(core);
	if (test_and_clear_bit(IVSHMEM_DEAD, &core->flags))
		dev_info(&core->idev.dev, "device is back\n");
	else if (!reset)
		return;
	else if (!plugin->quiet)
		/* Else a program has registers, and may have done it. */
		dev_info(&core->idev.dev, "device was reset\n");

	if (core->link) {
		ivshmem_link_restore(core->link);
	} else if (!plugin->quiet) {
		ivshmem_restore(core);
	} else if (plugin->resume) {
		plugin->resume(&core->idev);
		forget_states(core);
	}
}

/* Report each difference between the table and what was told last. */
static bool scan_states(struct ivshmem_core *core, struct ivshmem_driver *plugin)
{
	struct ivshmem_device *idev = &core->idev;
	bool found = false;
	u32 peer, old, new;

	for (peer = 0; peer < idev->max_peers; peer++) {
		new = ivshmem_peer_state(idev, peer);
		old = core->seen[peer];
		if (new == old || peer == idev->id)
			continue;
		core->seen[peer] = new;
		found = true;
		ivshmem_count(core, IVSHMEM_STATE_CHANGES);
		trace_ivshmem_peer_state(core, peer, old, new);
		if (plugin->peer_state)
			plugin->peer_state(idev, peer, old, new);
		cond_resched();
	}
	return found;
}

/*
 * The handshake looks at the state table by itself, between two looks of ours
 * too, so what it has not seen yet need not differ from what we saw last.
 */
static bool update_link(struct ivshmem_core *core)
{
	return core->link && ivshmem_link_update(core->link);
}

/*
 * A peer may change its state without end, and to have a worker look costs more
 * than the interrupt. After so many looks the next one waits for the next tick.
 */
static void count_look(struct ivshmem_core *core)
{
	unsigned long now = jiffies;

	if (core->events_in != now) {
		core->events_in = now;
		core->looks = 0;
	}
	WRITE_ONCE(core->events_next, now + (++core->looks >= core->max_looks));
}

static void look(struct ivshmem_core *core, struct ivshmem_driver *plugin)
{
	bool recheck = test_and_clear_bit(IVSHMEM_RECHECK_DUE, &core->flags);
	unsigned long fired;
	bool found;

	if (recheck)
		check_device(core, plugin);
	found = scan_states(core, plugin);
	found |= update_link(core);
	/* One of these works may serve an interrupt as well as a recheck. */
	fired = READ_ONCE(core->vector[0].fired);
	found &= fired == core->fired;
	core->fired = fired;
	if (!recheck)
		return;
	if (plugin->recheck)
		found |= plugin->recheck(&core->idev);
	/* The first one has no interrupt to blame. */
	if (test_and_set_bit(IVSHMEM_SETTLED, &core->flags) && found)
		ivshmem_count(core, IVSHMEM_RECHECKS);
}

static void event_work(struct work_struct *work)
{
	struct ivshmem_core *core = container_of(work, struct ivshmem_core, events.work);
	struct ivshmem_driver *plugin = READ_ONCE(core->plugin);

	/* Events went off; the plugin stays until this work was waited for. */
	if (!plugin)
		return;
	look(core, plugin);
	count_look(core);
}

static void recheck_work(struct work_struct *work)
{
	struct ivshmem_core *core = container_of(work, struct ivshmem_core, recheck.work);

	set_bit(IVSHMEM_RECHECK_DUE, &core->flags);
	queue_delayed_work(system_highpri_wq, &core->events, 0);
	queue_delayed_work(system_highpri_wq, &core->recheck, RECHECK_INTERVAL);
}

static void free_seen(void *seen)
{
	kvfree(seen);
}

int ivshmem_events_init(struct ivshmem_core *core)
{
	INIT_DELAYED_WORK(&core->events, event_work);
	core->events_next = jiffies;
	core->max_looks = clamp(LOOKS_A_TICK * LOOKS_PEERS / core->idev.max_peers, 1U,
				LOOKS_A_TICK);
	INIT_DELAYED_WORK(&core->recheck, recheck_work);
	core->seen = kvcalloc(core->idev.max_peers, sizeof(*core->seen), GFP_KERNEL);
	if (!core->seen)
		return -ENOMEM;
	return devm_add_action_or_reset(&core->pdev->dev, free_seen, core->seen);
}

/*
 * Let events reach @plugin, starting with the peers that are there already.
 * Interrupts are enabled last, then everything is looked at once: what happened
 * before had no interrupt. Process context, device lock held.
 */
void ivshmem_events_on(struct ivshmem_core *core, struct ivshmem_driver *plugin)
{
	device_lock_assert(&core->idev.dev);
	forget_states(core);
	clear_bit(IVSHMEM_SETTLED, &core->flags);
	clear_bit(IVSHMEM_LOST, &core->flags);
	/* Pairs with the acquire in the interrupt handler. */
	smp_store_release(&core->plugin, plugin);
	if (!plugin->quiet)
		ivshmem_enable_interrupts(&core->idev);
	recheck_work(&core->recheck.work);
}

/*
 * After this no event is running, nor does one come. Process context, device
 * lock held.
 */
void ivshmem_events_off(struct ivshmem_core *core)
{
	device_lock_assert(&core->idev.dev);
	/* Handlers queue the work only when they find a plugin; nor can it enable interrupts. */
	WRITE_ONCE(core->plugin, NULL);
	ivshmem_disable_interrupts(&core->idev);
	ivshmem_synchronize_vectors(core);
	cancel_delayed_work_sync(&core->recheck);
	cancel_delayed_work_sync(&core->events);
}
