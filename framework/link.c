// SPDX-License-Identifier: GPL-2.0
/*
 * The RESET/INIT/READY/RUN handshake of a two-peer link
 *
 * Each peer shows in its state register how far it is:
 *
 *	RESET -> INIT	when the peer is below READY, so no longer in our ring
 *	INIT -> READY	when the peer has left RESET; our section is cleared
 *	READY -> RUN	when the peer is READY or RUN, so its section is set up
 *	READY -> RESET	when the peer is RESET
 *	RUN -> RESET	when the peer is below READY, or leaves RUN after both were there
 *	any -> RESET	when the link is stopped, broken or to start over
 *
 * handshake.h has them as a table, which a model checks. The steps depend on both
 * states as they are now, not on how they became so: interrupts may coalesce or
 * get lost. While we are READY or in RUN, a peer that follows the rules cannot pass
 * through RESET unseen, for it waits there until we are below READY.
 *
 * The ring is in use while both are in RUN. Leaving it, the plugin is asked to
 * let go first; only then does the peer learn of it.
 */
#include <linux/module.h>

#include "core.h"
#include "handshake.h"
#include "trace.h"

/* How long RESET is held after the peer broke a rule; bounds what that costs. */
#define BROKEN_HOLDOFF	(HZ / 10)

/*
 * ... and from when our section was cleared: a while, and so many times as long
 * as that took, in which a CPU may have stood still for other reasons
 */
#define CLEAR_HOLDOFF	(HZ / 100)
#define CLEAR_TIMES	4
#define CLEAR_MAX_US	USEC_PER_SEC

/* The most steps at a time; a peer that flips its state makes no endless loop. */
#define MAX_STEPS	8

enum {
	LINK_BROKEN,	/* the peer broke a rule; nothing is taken from the ring */
	LINK_RESET,	/* a reset was asked for */
};

bool ivshmem_link_is_broken(const struct ivshmem_link *link)
{
	return test_bit(LINK_BROKEN, &link->flags);
}

/* States that the handshake does not know are taken as "not there". */
static enum ivshmem_link_state peer_link_state(struct ivshmem_link *link)
{
	u32 state = ivshmem_peer_state(link->idev, link->peer);

	return state <= IVSHMEM_LINK_RUN ? state : IVSHMEM_LINK_RESET;
}

static void set_link_state(struct ivshmem_link *link, enum ivshmem_link_state state,
			   enum ivshmem_link_state peer)
{
	trace_ivshmem_link(to_core(link->idev), link->state, state, peer);
	link->state = state;
	ivshmem_set_state(link->idev, state);
}

static void enter_reset(struct ivshmem_link *link, enum ivshmem_link_state peer)
{
	if (link->running) {
		link->running = false;
		link->ops->down(link);
	}
	clear_bit(LINK_RESET, &link->flags);
	if (test_and_clear_bit(LINK_BROKEN, &link->flags))
		link->holdoff = max(link->holdoff, get_jiffies_64() + BROKEN_HOLDOFF);
	if (link->state == IVSHMEM_LINK_RESET)
		return;
	atomic64_inc(&link->resets);
	set_link_state(link, IVSHMEM_LINK_RESET, peer);
}

/* Is it for us to go back to RESET, whatever the peer does? */
static bool reset_due(const struct ivshmem_link *link)
{
	return !link->started || test_bit(LINK_BROKEN, &link->flags) ||
	       test_bit(LINK_RESET, &link->flags);
}

/*
 * Each time that the peer restarts our whole section is to be cleared. One that
 * does nothing else shall not have a CPU busy with it, however large that is.
 */
static void clear_section(struct ivshmem_link *link)
{
	ktime_t start = ktime_get();
	s64 us;

	ivshmem_ring_clear(link);
	us = min_t(s64, ktime_us_delta(ktime_get(), start), CLEAR_MAX_US);
	link->holdoff = get_jiffies_64() + CLEAR_HOLDOFF + usecs_to_jiffies(CLEAR_TIMES * us);
}

/* One step of the handshake. Returns false when there is none to make. */
static bool link_step(struct ivshmem_link *link)
{
	enum ivshmem_link_state peer = peer_link_state(link);
	enum ivshmem_step step = link->running ? STEP_UP : (enum ivshmem_step)link->state;
	enum ivshmem_step next = ivshmem_next_step[step][peer];
	u64 now = get_jiffies_64();

	if (reset_due(link)) {
		enter_reset(link, peer);
		return link->started;
	}
	if (step == STEP_RESET && time_before64(now, link->holdoff)) {
		mod_delayed_work(system_highpri_wq, &link->work, link->holdoff - now);
		return false;
	}
	if (next == step)
		return false;
	switch (next) {
	case STEP_RESET:
		enter_reset(link, peer);
		break;
	case STEP_READY:
		clear_section(link);
		fallthrough;
	case STEP_INIT:
	case STEP_RUN:
		set_link_state(link, (enum ivshmem_link_state)next, peer);
		break;
	default:
		link->running = true;
		link->ops->up(link);
	}
	return true;
}

static bool link_update(struct ivshmem_link *link)
{
	int steps = 0;

	lockdep_assert_held(&link->lock);
	while (steps < MAX_STEPS && link_step(link))
		steps++;
	return steps;
}

/*
 * Go as far as the peer's state allows: with each event, and each recheck.
 * Process context, without the RTNL. Returns true when there was a step to make.
 */
bool ivshmem_link_update(struct ivshmem_link *link)
{
	bool found;

	mutex_lock(&link->lock);
	found = link_update(link);
	mutex_unlock(&link->lock);
	return found;
}

/*
 * The device was reset, so the peer has seen us in RESET, or will: leave the ring
 * before it is shown anything else. Process context, without the RTNL.
 */
void ivshmem_link_restore(struct ivshmem_link *link)
{
	mutex_lock(&link->lock);
	if (link->state > IVSHMEM_LINK_INIT)
		enter_reset(link, peer_link_state(link));
	ivshmem_restore(to_core(link->idev));
	mutex_unlock(&link->lock);
}

static void link_work(struct work_struct *work)
{
	ivshmem_link_update(container_of(work, struct ivshmem_link, work.work));
}

/**
 * ivshmem_link_start() - take part in the link
 * @link: the link
 *
 * ops->up may be called before this returns.
 *
 * Context: process.
 */
void ivshmem_link_start(struct ivshmem_link *link)
{
	mutex_lock(&link->lock);
	link->started = true;
	link->holdoff = 0;
	link_update(link);
	mutex_unlock(&link->lock);
}
EXPORT_SYMBOL_GPL(ivshmem_link_start);

/**
 * ivshmem_link_stop() - leave the link and hold RESET
 * @link: the link
 *
 * When this returns, ops->down has been called if the link was up, and ops->up
 * is not called again before ivshmem_link_start().
 *
 * Context: process.
 */
void ivshmem_link_stop(struct ivshmem_link *link)
{
	mutex_lock(&link->lock);
	link->started = false;
	link_update(link);
	mutex_unlock(&link->lock);
}
EXPORT_SYMBOL_GPL(ivshmem_link_stop);

/**
 * ivshmem_link_reset() - start the link over, as after a peer's restart
 * @link: the link
 *
 * For a peer that seems stuck. ops->down and ops->up follow from elsewhere.
 *
 * Context: any.
 */
void ivshmem_link_reset(struct ivshmem_link *link)
{
	set_bit(LINK_RESET, &link->flags);
	mod_delayed_work(system_highpri_wq, &link->work, 0);
}
EXPORT_SYMBOL_GPL(ivshmem_link_reset);

/**
 * ivshmem_link_broken() - the peer broke a rule: count, tell, reset the link
 * @link: the link
 * @what: which value was wrong
 * @found: the value
 * @expected: what it had to be, or its bound
 *
 * From now on the ring is taken as empty, until the link has been through
 * RESET, which is held for a tenth of a second.
 *
 * Context: any, between ops->up and ops->down.
 */
void ivshmem_link_broken(struct ivshmem_link *link, const char *what, u64 found, u64 expected)
{
	if (test_and_set_bit(LINK_BROKEN, &link->flags))
		return;
	atomic64_inc(&link->errors);
	trace_ivshmem_ring_error(to_core(link->idev), what, found, expected);
	if (__ratelimit(&link->ratelimit))
		dev_warn(&link->idev->dev, "peer %u broke the ring: %s 0x%llx, bound 0x%llx\n",
			 link->peer, what, found, expected);
	mod_delayed_work(system_highpri_wq, &link->work, 0);
}
EXPORT_SYMBOL_GPL(ivshmem_link_broken);

/**
 * ivshmem_link_doorbell() - tell the peer that the ring has changed
 * @link: the link
 *
 * Context: any. Return: see ivshmem_doorbell().
 */
int ivshmem_link_doorbell(struct ivshmem_link *link)
{
	return ivshmem_doorbell(link->idev, link->peer, link->vector);
}
EXPORT_SYMBOL_GPL(ivshmem_link_doorbell);

static int link_map(struct ivshmem_link *link)
{
	struct ivshmem_section out = ivshmem_output_section(link->idev, link->idev->id);
	struct ivshmem_section in = ivshmem_output_section(link->idev, link->peer);

	out.size = link->layout.size;
	in.size = link->layout.size;
	link->out = ivshmem_map_section(&out);
	link->in = ivshmem_map_section_ro(&in);
	if (link->out && link->in)
		return 0;
	dev_err(&link->idev->dev, "cannot map output sections of 0x%llx bytes\n", in.size);
	return -ENOMEM;
}

static void link_unmap(struct ivshmem_link *link)
{
	ivshmem_unmap_section(link->in);
	ivshmem_unmap_section(link->out);
}

/**
 * ivshmem_link_init() - set up a link, stopped
 * @link: the link, zeroed memory
 * @idev: a device with two peers
 * @ops: what to do when the link comes and goes
 * @size: how much of each output section is the ring's, from its start, bytes
 *
 * From the end of probe on, the core lets the link follow the peer. A device
 * has one link at most.
 *
 * Context: process, in the plugin's probe. Return: 0, -ENODEV for a device that
 * can have no such link, -EINVAL where @size is too small or too large, -ENOSPC
 * where the machine lacks interrupt vectors, -ENOMEM. The reason is logged.
 */
int ivshmem_link_init(struct ivshmem_link *link, struct ivshmem_device *idev,
		      const struct ivshmem_link_ops *ops, u64 size)
{
	u64 section = ivshmem_output_section(idev, idev->id).size;
	struct ivshmem_core *core = to_core(idev);
	int err;

	if (idev->max_peers != 2) {
		dev_err(&idev->dev, "link has %u peers, want 2\n", idev->max_peers);
		return -ENODEV;
	}
	/* The peer rings vector 1 for frames, where the device has one. */
	if (!core->intx && idev->vectors < 2 && core->table > idev->vectors) {
		dev_err(&idev->dev, "only %u of %u vectors, want at least 2\n", idev->vectors,
			core->table);
		return -ENOSPC;
	}
	if (size > section || ivshmem_ring_layout(size, &link->layout)) {
		dev_err(&idev->dev, "ring of 0x%llx bytes in an output section of 0x%llx, want at least 0x%lx\n",
			size, section, PAGE_SIZE);
		return -EINVAL;
	}

	link->idev = idev;
	link->ops = ops;
	link->peer = !idev->id;
	link->vector = min(1U, idev->vectors - 1);
	mutex_init(&link->lock);
	INIT_DELAYED_WORK(&link->work, link_work);
	ratelimit_state_init(&link->ratelimit, HZ, 1);
	ratelimit_set_flags(&link->ratelimit, RATELIMIT_MSG_ON_RELEASE);

	err = link_map(link);
	if (!err)
		err = ivshmem_ring_init(link);
	if (err) {
		link_unmap(link);
		return err;
	}
	core->link = link;
	return 0;
}
EXPORT_SYMBOL_GPL(ivshmem_link_init);

/**
 * ivshmem_link_exit() - undo ivshmem_link_init()
 * @link: the link; it is stopped if it was not yet
 *
 * Context: process, in the plugin's remove, when events have ended.
 */
void ivshmem_link_exit(struct ivshmem_link *link)
{
	to_core(link->idev)->link = NULL;
	ivshmem_link_stop(link);
	cancel_delayed_work_sync(&link->work);
	ivshmem_ring_exit(link);
	link_unmap(link);
}
EXPORT_SYMBOL_GPL(ivshmem_link_exit);
