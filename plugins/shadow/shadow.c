// SPDX-License-Identifier: GPL-2.0
/*
 * Remote system calls over an ivshmem link, protocol 0002, as cRTOS speaks it
 *
 * A program on the RTOS issues Linux system calls. Each is a message to one of
 * the proxies, processes here that have the RTOS's memory mapped, execute it and
 * write back the result: see slot.c and chardev.c.
 *
 * The RTOS takes one message per interrupt, and several doorbells may arrive as
 * one interrupt. So each message is rung for whatever its event index says, and
 * while it lags behind it is rung again. Messages of the RTOS are taken in the
 * interrupt handler: a system call's time is that of two doorbells and a wakeup.
 */
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "shadow.h"

/* After how long the peer is rung again, nanoseconds */
#define MIN_PERIOD	(1 * NSEC_PER_MSEC)
#define MAX_PERIOD	(16 * NSEC_PER_MSEC)

/* How long an interrupt may be on its way, microseconds */
#define INTERRUPT_USECS	20000

unsigned int shadow_slots = 1024;
module_param_named(slots, shadow_slots, uint, 0444);
MODULE_PARM_DESC(slots, "open files that each device can have, 1 to 65536 (default 1024)");

static bool suppress;
module_param(suppress, bool, 0644);
MODULE_PARM_DESC(suppress, "do not interrupt an RTOS that runs something of higher priority than the message is for (default: off)");

/*
 * Sending: under tx_lock
 */

static u32 taken(const struct shadow *shadow)
{
	return shadow->sent - ivshmem_tx_in_flight(&shadow->link);
}

/* Only for a peer that polls: the RTOS never fetches what it was not told of. */
static bool is_suppressed(const struct shadow *shadow)
{
	const __le64 *priority = shadow->peer_page;

	return READ_ONCE(suppress) && le64_to_cpu(READ_ONCE(*priority)) > shadow->urgency;
}

/*
 * Before we have been told that the link ended, the state table shows it. A reply
 * that is sent to an RTOS that restarts hits what is no waiting thread any more,
 * and a doorbell before its driver is ready follows a null pointer there.
 */
static bool peer_runs(const struct shadow *shadow)
{
	return ivshmem_peer_state(shadow->idev, shadow->link.peer) == IVSHMEM_LINK_RUN;
}

static void ring(struct shadow *shadow, bool again)
{
	if (is_suppressed(shadow) || !peer_runs(shadow))
		return;
	if (again)
		shadow_count(shadow, SHADOW_RERINGS);
	shadow->owed = false;
	ivshmem_link_doorbell(&shadow->link);
}

/* Returns how many messages the peer has taken since the last time. */
static int tx_reclaim(struct shadow *shadow)
{
	unsigned int bytes = 0;
	int messages;

	lockdep_assert_held(&shadow->tx_lock);
	messages = ivshmem_tx_reclaim(&shadow->link, &bytes);
	if (messages <= 0)
		return 0;
	if (!ivshmem_tx_in_flight(&shadow->link))
		shadow->urgency = 0;
	if (shadow->full) {
		WRITE_ONCE(shadow->full, false);
		wake_up_poll(&shadow->room, EPOLLOUT | EPOLLWRNORM);
	}
	return messages;
}

static void start_timer(struct shadow *shadow)
{
	if (shadow->timer_on)
		return;
	shadow->timer_on = true;
	shadow->tick = shadow->sent;
	shadow->seen = taken(shadow);
	shadow->period = MIN_PERIOD;
	hrtimer_start(&shadow->timer, ns_to_ktime(shadow->period), HRTIMER_MODE_REL);
}

/*
 * The peer wants to know that its messages were taken. A reply will tell it, most
 * likely soon, and a doorbell costs as much as a system call; so only if there is
 * none by the next tick. Under shadow->lock, interrupts are off.
 */
static void owe_doorbell(struct shadow *shadow)
{
	spin_lock(&shadow->tx_lock);
	shadow->owed = true;
	start_timer(shadow);
	spin_unlock(&shadow->tx_lock);
}

static __le64 *tx_reserve(struct shadow *shadow)
{
	__le64 *room = ivshmem_tx_reserve(&shadow->link, 2 * sizeof(*room));

	if (!room && tx_reclaim(shadow))
		room = ivshmem_tx_reserve(&shadow->link, 2 * sizeof(*room));
	if (!room)
		WRITE_ONCE(shadow->full, true);
	return room;
}

/**
 * shadow_send() - send the RTOS a reply, or a signal
 * @shadow: the device
 * @value: result of a system call, or signal number
 * @cookie: tcb of the request, or SHADOW_SIGNAL | pid
 * @priority: of the request, its last word but one
 *
 * Context: any. Return: 0, -EAGAIN when there is no room, -ENOLINK when the link
 * is down.
 */
int shadow_send(struct shadow *shadow, u64 value, u64 cookie, u64 priority)
{
	unsigned long flags;
	int err = -ENOLINK;
	__le64 *room;

	spin_lock_irqsave(&shadow->tx_lock, flags);
	if (!shadow->up || !peer_runs(shadow))
		goto unlock;
	room = tx_reserve(shadow);
	err = room ? 0 : -EAGAIN;
	if (err)
		goto unlock;
	room[0] = cpu_to_le64(value);
	room[1] = cpu_to_le64(cookie);
	ivshmem_tx_commit(&shadow->link, 2 * sizeof(*room));
	shadow->sent++;
	shadow->urgency = max_t(u32, shadow->urgency, priority);
	ring(shadow, false);
	start_timer(shadow);
unlock:
	spin_unlock_irqrestore(&shadow->tx_lock, flags);
	return err;
}

/*
 * Ring again where the peer has still not taken what was sent before the last
 * tick; the less it moves the less often. Returns whether to go on.
 */
static bool tx_tick(struct shadow *shadow)
{
	unsigned long flags;
	bool on = false;
	u32 now;

	spin_lock_irqsave(&shadow->tx_lock, flags);
	if (shadow->up) {
		tx_reclaim(shadow);
		if (shadow->owed)
			ring(shadow, false);
		/* Held back while the peer is urgent, a doorbell is owed still. */
		on = ivshmem_tx_in_flight(&shadow->link) || shadow->owed;
	}
	shadow->timer_on = on;
	if (!on)
		goto unlock;
	now = taken(shadow);
	if ((s32)(now - shadow->tick) < 0)
		ring(shadow, true);
	shadow->period = now == shadow->seen ? min_t(u64, 2 * shadow->period, MAX_PERIOD) :
					       MIN_PERIOD;
	shadow->seen = now;
	shadow->tick = shadow->sent;
	hrtimer_forward_now(&shadow->timer, ns_to_ktime(shadow->period));
unlock:
	spin_unlock_irqrestore(&shadow->tx_lock, flags);
	return on;
}

/*
 * Receiving: under lock
 */

/* Returns false where the message has to wait for room to answer it. */
static bool take_message(struct shadow *shadow, const struct ivshmem_frame *frame)
{
	__le64 copy[SHADOW_REQUEST_WORDS];
	u64 word[SHADOW_REQUEST_WORDS];
	unsigned int i;

	if (frame->len != sizeof(copy)) {
		ivshmem_link_broken(&shadow->link, "message length", frame->len, sizeof(copy));
		return false;
	}
	/* Once; from now on the peer may change what it likes. */
	memcpy(copy, frame->data, sizeof(copy));
	barrier();
	for (i = 0; i < ARRAY_SIZE(word); i++)
		word[i] = le64_to_cpu(copy[i]);
	return !shadow_take_request(shadow, word);
}

/* What is left of this tick's share, whoever had the rest of it; returns the time. Under lock */
static u64 begin_share(struct shadow *shadow)
{
	unsigned long now = jiffies;
	u64 start = ktime_get_ns();

	if (shadow->served_in != now) {
		shadow->served_in = now;
		shadow->served = 0;
	}
	shadow->until = start + SHADOW_SHARE - shadow->served;
	return start;
}

/*
 * Take messages until there are none, or no room to answer one. Returns true
 * when there may be more.
 */
static bool receive(struct shadow *shadow)
{
	struct ivshmem_link *link = &shadow->link;
	struct ivshmem_frame frame;
	int looks, found;
	bool more = true;

	for (looks = 0; more && looks < SHADOW_BUDGET && ktime_get_ns() < shadow->until; looks++) {
		found = ivshmem_rx_peek(link, &frame);
		if (found < 0 || (found && !take_message(shadow, &frame)))
			more = false;
		else if (found)
			ivshmem_rx_done(link);
		else
			more = ivshmem_rx_arm(link, 0);
	}
	if (ivshmem_rx_kick(link))
		owe_doorbell(shadow);
	return more;
}

/*
 * Do all that there is to do with the ring. Any context. What is beyond the
 * ring's share of a tick waits for the next one, and until then nobody serves
 * it: a peer may ask, and ring, without end.
 */
static void service(struct shadow *shadow)
{
	unsigned long flags;
	u64 start;
	bool more;

	if (READ_ONCE(shadow->behind))
		return;
	spin_lock_irqsave(&shadow->lock, flags);
	if (shadow->up) {
		start = begin_share(shadow);
		more = shadow_bury(shadow);
		more |= receive(shadow);
		spin_lock(&shadow->tx_lock);
		tx_reclaim(shadow);
		spin_unlock(&shadow->tx_lock);
		shadow->served += ktime_get_ns() - start;
		if (shadow->served >= SHADOW_SHARE) {
			WRITE_ONCE(shadow->behind, true);
			queue_delayed_work(system_highpri_wq, &shadow->work, 1);
		} else if (more) {
			queue_delayed_work(system_highpri_wq, &shadow->work, 0);
		}
	}
	spin_unlock_irqrestore(&shadow->lock, flags);
}

static void service_work(struct work_struct *work)
{
	struct shadow *shadow = container_of(work, struct shadow, work.work);

	WRITE_ONCE(shadow->behind, false);
	/*
	 * Pairs with the barrier between what the peer publishes and its doorbell:
	 * what an interrupt that still found us behind has told of is seen now.
	 */
	smp_mb();
	service(shadow);
}

static enum hrtimer_restart shadow_timer(struct hrtimer *timer)
{
	struct shadow *shadow = container_of(timer, struct shadow, timer);
	bool on = tx_tick(shadow);

	/*
	 * What waited for room has no other interrupt. After the tick: it finds
	 * all the room where this was the last one, and starts the timer anew.
	 */
	service(shadow);
	return on ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/*
 * Link
 */

static void set_up(struct shadow *shadow, bool up)
{
	spin_lock_irq(&shadow->lock);
	spin_lock(&shadow->tx_lock);
	WRITE_ONCE(shadow->up, up);
	WRITE_ONCE(shadow->full, false);
	WRITE_ONCE(shadow->behind, false);
	shadow->sent = 0;
	shadow->owed = false;
	shadow->urgency = 0;
	spin_unlock(&shadow->tx_lock);
	if (!up)
		shadow_reset_slots(shadow);
	spin_unlock_irq(&shadow->lock);
}

static void shadow_up(struct ivshmem_link *link)
{
	struct shadow *shadow = container_of(link, struct shadow, link);

	set_up(shadow, true);
	/* The peer may have sent already, and wants an event index. */
	service(shadow);
}

static void shadow_down(struct ivshmem_link *link)
{
	struct shadow *shadow = container_of(link, struct shadow, link);

	set_up(shadow, false);
	wake_up_all(&shadow->room);
	/* Both only start while the link is up. */
	hrtimer_cancel(&shadow->timer);
	cancel_delayed_work_sync(&shadow->work);
	shadow->timer_on = false;
}

static const struct ivshmem_link_ops shadow_link_ops = {
	.up = shadow_up,
	.down = shadow_down,
};

/*
 * The device's events
 */

/* Whichever vector the peer rings. */
static void ivshmem_shadow_interrupt(struct ivshmem_device *idev, unsigned int vector)
{
	struct shadow *shadow = ivshmem_get_drvdata(idev);

	atomic_inc(&shadow->events);
	service(shadow);
}

static bool has_work(struct shadow *shadow)
{
	return READ_ONCE(shadow->up) && ivshmem_rx_pending(&shadow->link);
}

/* Has a doorbell been lost? It may as well be on its way. */
static bool ivshmem_shadow_recheck(struct ivshmem_device *idev)
{
	struct shadow *shadow = ivshmem_get_drvdata(idev);
	int events = atomic_read(&shadow->events);

	if (!has_work(shadow))
		return false;
	usleep_range(INTERRUPT_USECS, 2 * INTERRUPT_USECS);
	if (events != atomic_read(&shadow->events) || !has_work(shadow))
		return false;
	service(shadow);
	return true;
}

static void ivshmem_shadow_suspend(struct ivshmem_device *idev)
{
	struct shadow *shadow = ivshmem_get_drvdata(idev);

	ivshmem_link_stop(&shadow->link);
}

static void ivshmem_shadow_resume(struct ivshmem_device *idev)
{
	struct shadow *shadow = ivshmem_get_drvdata(idev);

	ivshmem_link_start(&shadow->link);
}

/*
 * Binding
 */

static int check_device(struct ivshmem_device *idev)
{
	u64 size = ivshmem_output_section(idev, idev->id).size;

	if (idev->vectors < 2) {
		dev_err(&idev->dev, "device has %u vectors, want at least 2\n", idev->vectors);
		return -ENODEV;
	}
	if (size < 2 * SHADOW_PRIORITY_PAGE) {
		dev_err(&idev->dev, "output section is 0x%llx bytes, want at least 0x%x\n", size,
			2 * SHADOW_PRIORITY_PAGE);
		return -EINVAL;
	}
	if (!shadow_slots || shadow_slots > SHADOW_MAX_SLOTS) {
		dev_err(&idev->dev, "parameter slots is %u, want 1 to %lu\n", shadow_slots,
			SHADOW_MAX_SLOTS);
		return -EINVAL;
	}
	return 0;
}

static int make_places(struct shadow *shadow)
{
	unsigned int i;

	shadow->slots = shadow_slots;
	shadow->places = kvcalloc(shadow->slots, sizeof(*shadow->places), GFP_KERNEL);
	shadow->used = bitmap_zalloc(shadow->slots, GFP_KERNEL);
	if (!shadow->places || !shadow->used)
		return -ENOMEM;
	/* An RTOS that outlives a binding has slots of the last one in mind. */
	for (i = 0; i < shadow->slots; i++)
		shadow->places[i].generation = get_random_u32();
	return 0;
}

/* The last page of an output section; the priority is where 0x1000 bytes are left. */
static struct ivshmem_section priority_page(struct ivshmem_device *idev, u32 peer)
{
	struct ivshmem_section section = ivshmem_output_section(idev, peer);

	section.start += section.size - PAGE_SIZE;
	section.size = PAGE_SIZE;
	return section;
}

static int map_priorities(struct shadow *shadow)
{
	struct ivshmem_section out = priority_page(shadow->idev, shadow->idev->id);
	struct ivshmem_section in = priority_page(shadow->idev, !shadow->idev->id);
	void *page;

	page = ivshmem_map_section(&out);
	shadow->peer_page = ivshmem_map_section_ro(&in);
	if (!page || !shadow->peer_page) {
		ivshmem_unmap_section(page);
		ivshmem_unmap_section(shadow->peer_page);
		dev_err(&shadow->idev->dev, "cannot map the priority pages\n");
		return -ENOMEM;
	}
	/* Linux has no priority that the RTOS could look at. */
	memset(page + PAGE_SIZE - SHADOW_PRIORITY_PAGE, 0, SHADOW_PRIORITY_PAGE);
	ivshmem_unmap_section(page);
	shadow->peer_page += PAGE_SIZE - SHADOW_PRIORITY_PAGE;
	return 0;
}

static void unmap_priorities(struct shadow *shadow)
{
	ivshmem_unmap_section(shadow->peer_page - (PAGE_SIZE - SHADOW_PRIORITY_PAGE));
}

static struct shadow *alloc_shadow(struct ivshmem_device *idev)
{
	struct shadow *shadow = kzalloc(sizeof(*shadow), GFP_KERNEL);

	if (!shadow)
		return NULL;
	shadow->idev = idev;
	mutex_init(&shadow->files_lock);
	INIT_LIST_HEAD(&shadow->files);
	spin_lock_init(&shadow->lock);
	INIT_LIST_HEAD(&shadow->dying);
	INIT_DELAYED_WORK(&shadow->work, service_work);
	spin_lock_init(&shadow->tx_lock);
	init_waitqueue_head(&shadow->room);
	hrtimer_setup(&shadow->timer, shadow_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	/* From here on, put_device() frees it. */
	shadow_init_device(shadow);
	return shadow;
}

static int ivshmem_shadow_probe(struct ivshmem_device *idev)
{
	struct shadow *shadow;
	int err;

	err = check_device(idev);
	if (err)
		return err;
	shadow = alloc_shadow(idev);
	if (!shadow)
		return -ENOMEM;
	ivshmem_set_drvdata(idev, shadow);
	shadow->window = ivshmem_window_create();
	err = make_places(shadow);
	if (err || !shadow->window) {
		err = -ENOMEM;
		goto put;
	}
	err = ivshmem_link_init(&shadow->link, idev, &shadow_link_ops,
				ivshmem_output_section(idev, idev->id).size - SHADOW_PRIORITY_PAGE);
	if (err)
		goto put;
	err = map_priorities(shadow);
	if (err)
		goto exit;
	err = shadow_find_rw(shadow);
	if (err)
		goto unmap;
	err = shadow_add_node(shadow);
	if (err)
		goto release;
	ivshmem_link_start(&shadow->link);
	return 0;

release:
	shadow_release_rw(shadow);
unmap:
	unmap_priorities(shadow);
exit:
	ivshmem_link_exit(&shadow->link);
put:
	put_device(&shadow->dev);
	return err;
}

/* Files may stay open; what they still need goes with the last of them. */
static void ivshmem_shadow_remove(struct ivshmem_device *idev)
{
	struct shadow *shadow = ivshmem_get_drvdata(idev);

	shadow_end_slots(shadow);
	ivshmem_link_exit(&shadow->link);
	shadow_remove_node(shadow);
	shadow_release_rw(shadow);
	unmap_priorities(shadow);
	put_device(&shadow->dev);
}

static const struct ivshmem_device_id ivshmem_shadow_ids[] = {
	IVSHMEM_PROTOCOL(IVSHMEM_PROTOCOL_SHADOW),
	IVSHMEM_PROTOCOL_END
};

static struct ivshmem_driver ivshmem_shadow_driver = {
	.driver = { .name = "shadow" },
	.id_table = ivshmem_shadow_ids,
	.probe = ivshmem_shadow_probe,
	.remove = ivshmem_shadow_remove,
	.interrupt = ivshmem_shadow_interrupt,
	.recheck = ivshmem_shadow_recheck,
	.suspend = ivshmem_shadow_suspend,
	.resume = ivshmem_shadow_resume,
};

static int __init ivshmem_shadow_init(void)
{
	int err;

	err = shadow_chardev_init();
	if (err)
		return err;
	err = ivshmem_register_driver(&ivshmem_shadow_driver);
	if (err)
		shadow_chardev_exit();
	return err;
}
module_init(ivshmem_shadow_init);

static void __exit ivshmem_shadow_exit(void)
{
	ivshmem_unregister_driver(&ivshmem_shadow_driver);
	shadow_chardev_exit();
}
module_exit(ivshmem_shadow_exit);

MODULE_ALIAS("ivshmem:p0002");
MODULE_DESCRIPTION("Remote system calls over ivshmem links");
MODULE_LICENSE("GPL");
