// SPDX-License-Identifier: GPL-2.0
/*
 * Slots: each open file is one, and the RTOS addresses its requests to one
 *
 * A request is queued, read by the proxy, and answered by its write, in this
 * order; three counters say how far each of these has got. Every request that
 * was taken from the RTOS is answered exactly once: by the proxy, or with an
 * error by us where there is no such slot (ESRCH), the slot has too many
 * requests (EAGAIN) or its proxy closed it (ESRCH). None is answered after the
 * link has ended, as the RTOS knows nothing of it any more.
 *
 * A place that is used again has another generation, so what was meant for the
 * former proxy never reaches the next one.
 */
#include <linux/bitmap.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "shadow.h"

static u64 slot_id(unsigned int index, u32 generation)
{
	return (u64)generation << SHADOW_INDEX_BITS | index;
}

static unsigned int slot_index(const struct shadow_slot *slot)
{
	return slot->id & (SHADOW_MAX_SLOTS - 1);
}

static int give_place(struct shadow_slot *slot)
{
	struct shadow *shadow = slot->shadow;
	unsigned int index;
	int err = 0;

	spin_lock_irq(&shadow->lock);
	index = find_first_zero_bit(shadow->used, shadow->slots);
	if (shadow->gone) {
		err = -ENODEV;
	} else if (index == shadow->slots) {
		err = -EBUSY;
	} else {
		__set_bit(index, shadow->used);
		shadow->places[index].slot = slot;
		slot->id = slot_id(index, shadow->places[index].generation);
		slot->open = true;
	}
	spin_unlock_irq(&shadow->lock);
	return err;
}

/**
 * shadow_slot_open() - make an open file a slot
 * @shadow: the device
 * @file: the open file
 *
 * Context: process. Return: the slot, or an error: -ENODEV, -EBUSY when all
 * slots are taken, -ENOMEM.
 */
struct shadow_slot *shadow_slot_open(struct shadow *shadow, struct file *file)
{
	struct shadow_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);
	int err;

	if (!slot)
		return ERR_PTR(-ENOMEM);
	slot->shadow = shadow;
	slot->file = file;
	slot->owner = current->files;
	INIT_LIST_HEAD(&slot->dying);
	mutex_init(&slot->read_lock);
	init_waitqueue_head(&slot->wait);
	spin_lock_init(&slot->lock);
	err = give_place(slot);
	if (err) {
		kfree(slot);
		return ERR_PTR(err);
	}
	mutex_lock(&shadow->files_lock);
	list_add(&slot->files, &shadow->files);
	mutex_unlock(&shadow->files_lock);
	return slot;
}

/*
 * Answer what the proxy left, with an error, by @budget messages at most. Returns
 * 0, -EAGAIN when there is no room for more now, -EINPROGRESS when the budget was
 * too small.
 */
static int abandon_requests(struct shadow_slot *slot, unsigned int *budget)
{
	const struct shadow_request *request;
	int err = 0;

	spin_lock(&slot->lock);
	while (slot->answered != slot->queued) {
		err = *budget ? 0 : -EINPROGRESS;
		if (err)
			break;
		request = &slot->queue[slot->answered % SHADOW_QUEUE];
		err = shadow_send(slot->shadow, -ESRCH, request->word[SHADOW_TCB],
				  request->word[SHADOW_PRIORITY]);
		if (err == -EAGAIN)
			break;
		slot->answered++;
		if (err) {
			/* The link is down: nobody waits for an answer. */
			err = 0;
			continue;
		}
		(*budget)--;
		shadow_count(slot->shadow, SHADOW_ERRORS);
		shadow_count(slot->shadow, SHADOW_ABANDONED);
	}
	spin_unlock(&slot->lock);
	return err;
}

/**
 * shadow_bury() - answer what closed slots left, and give their places away
 * @shadow: the device
 *
 * What finds no room waits for the timer, which is on as long as the peer has
 * not taken all.
 *
 * Context: any, shadow->lock held. Return: true when there is more to do now.
 */
bool shadow_bury(struct shadow *shadow)
{
	unsigned int budget = SHADOW_BUDGET;
	struct shadow_slot *slot, *next;
	int err;

	lockdep_assert_held(&shadow->lock);
	list_for_each_entry_safe(slot, next, &shadow->dying, dying) {
		err = abandon_requests(slot, &budget);
		if (err)
			return err == -EINPROGRESS;
		list_del_init(&slot->dying);
		__clear_bit(slot_index(slot), shadow->used);
		if (slot->released)
			kfree(slot);
	}
	return false;
}

/**
 * shadow_slot_close() - end the slot; the file may stay open
 * @slot: the slot; nothing is done where it was closed before
 *
 * Its place is free as soon as the requests that it left have been answered.
 *
 * Context: process.
 */
void shadow_slot_close(struct shadow_slot *slot)
{
	struct shadow *shadow = slot->shadow;
	unsigned int index = slot_index(slot);

	spin_lock_irq(&shadow->lock);
	if (slot->open) {
		shadow->places[index].slot = NULL;
		shadow->places[index].generation++;
		spin_lock(&slot->lock);
		WRITE_ONCE(slot->open, false);
		spin_unlock(&slot->lock);
		list_add_tail(&slot->dying, &shadow->dying);
		if (shadow_bury(shadow))
			queue_delayed_work(system_highpri_wq, &shadow->work, 0);
	}
	spin_unlock_irq(&shadow->lock);
	/* Another process may have the file and be waiting in it. */
	wake_up_poll(&slot->wait, EPOLLIN | EPOLLERR | EPOLLHUP);
	wake_up_all(&shadow->room);
}

/**
 * shadow_slot_release() - the file is gone
 * @slot: the slot, freed by this or when its requests have been answered
 *
 * Context: process.
 */
void shadow_slot_release(struct shadow_slot *slot)
{
	struct shadow *shadow = slot->shadow;
	bool free;

	shadow_slot_close(slot);
	mutex_lock(&shadow->files_lock);
	list_del(&slot->files);
	mutex_unlock(&shadow->files_lock);
	spin_lock_irq(&shadow->lock);
	slot->released = true;
	free = list_empty(&slot->dying);
	spin_unlock_irq(&shadow->lock);
	if (free)
		kfree(slot);
}

static int queue_request(struct shadow_slot *slot, const u64 *word)
{
	struct shadow_request *request = &slot->queue[slot->queued % SHADOW_QUEUE];
	int err = 0;

	spin_lock(&slot->lock);
	if (slot->queued - slot->answered == SHADOW_QUEUE) {
		err = -EAGAIN;
	} else {
		memcpy(request->word, word, sizeof(request->word));
		WRITE_ONCE(slot->priority, word[SHADOW_PRIORITY]);
		WRITE_ONCE(slot->queued, slot->queued + 1);
		wake_up_interruptible_poll(&slot->wait, EPOLLIN | EPOLLRDNORM);
	}
	spin_unlock(&slot->lock);
	return err;
}

static struct shadow_slot *find_slot(struct shadow *shadow, u64 id)
{
	unsigned int index = id & (SHADOW_MAX_SLOTS - 1);
	struct shadow_slot *slot;

	lockdep_assert_held(&shadow->lock);
	if (index >= shadow->slots)
		return NULL;
	slot = shadow->places[index].slot;
	return slot && slot->id == id ? slot : NULL;
}

/**
 * shadow_take_request() - queue a request, or answer it with an error
 * @shadow: the device
 * @word: SHADOW_REQUEST_WORDS words, our copy
 *
 * Context: any, shadow->lock held. Return: 0, or -EAGAIN when an error reply is
 * due and there is no room for it: nothing was done then.
 */
int shadow_take_request(struct shadow *shadow, const u64 *word)
{
	struct shadow_slot *slot = find_slot(shadow, word[SHADOW_SLOT]);
	int err = slot ? queue_request(slot, word) : -ESRCH;

	if (err) {
		if (shadow_send(shadow, err, word[SHADOW_TCB], word[SHADOW_PRIORITY]))
			return -EAGAIN;
		shadow_count(shadow, SHADOW_ERRORS);
		shadow_count(shadow, slot ? SHADOW_QUEUE_FULL : SHADOW_STALE);
	}
	shadow_count(shadow, SHADOW_REQUESTS);
	return 0;
}

/* What came over the link that ended is nobody's any more. */
static void reset_slot(struct shadow_slot *slot)
{
	spin_lock(&slot->lock);
	slot->unanswered += slot->read - slot->answered;
	slot->answered = slot->queued;
	WRITE_ONCE(slot->read, slot->queued);
	slot->resets++;
	WRITE_ONCE(slot->reset, true);
	spin_unlock(&slot->lock);
	wake_up_poll(&slot->wait, EPOLLIN | EPOLLERR | EPOLLHUP);
}

/**
 * shadow_reset_slots() - forget all requests, and tell the proxies
 * @shadow: the device, whose link is down, or will be at once
 *
 * Context: any, shadow->lock held.
 */
void shadow_reset_slots(struct shadow *shadow)
{
	unsigned int index;

	for_each_set_bit(index, shadow->used, shadow->slots)
		if (shadow->places[index].slot)
			reset_slot(shadow->places[index].slot);
	/* With the link down nothing can be sent, so none of the dying has to wait. */
	shadow_bury(shadow);
}

/**
 * shadow_end_slots() - the device goes: all calls find an error from now on
 * @shadow: the device
 *
 * Context: process. May be called again.
 */
void shadow_end_slots(struct shadow *shadow)
{
	spin_lock_irq(&shadow->lock);
	WRITE_ONCE(shadow->gone, true);
	shadow_reset_slots(shadow);
	spin_unlock_irq(&shadow->lock);
	wake_up_all(&shadow->room);
}

/**
 * shadow_slot_peek() - look at the next request
 * @slot: the slot
 * @request: filled in when there is one
 *
 * Context: any, slot->lock held. Return: 0, -EAGAIN when there is none,
 * -ECONNRESET once after the link ended, -ENODEV or -EBADFD when none will
 * ever come, as the device or the slot is gone.
 */
int shadow_slot_peek(struct shadow_slot *slot, struct shadow_request *request)
{
	lockdep_assert_held(&slot->lock);
	if (READ_ONCE(slot->shadow->gone))
		return -ENODEV;
	if (!slot->open)
		return -EBADFD;
	if (slot->reset) {
		WRITE_ONCE(slot->reset, false);
		return -ECONNRESET;
	}
	if (slot->read == slot->queued)
		return -EAGAIN;
	*request = slot->queue[slot->read % SHADOW_QUEUE];
	return 0;
}

/**
 * shadow_slot_answer() - reply to the oldest request that was read
 * @slot: the slot
 * @value: what the system call returned
 *
 * A write for a request that is not the RTOS's any more, or for none at all, is
 * swallowed.
 *
 * Context: any, slot->lock held. Return: 0, or -EAGAIN when there is no room.
 */
int shadow_slot_answer(struct shadow_slot *slot, u64 value)
{
	const struct shadow_request *request = &slot->queue[slot->answered % SHADOW_QUEUE];
	int err;

	lockdep_assert_held(&slot->lock);
	if (slot->unanswered) {
		slot->unanswered--;
	} else if (slot->open && slot->answered != slot->read) {
		err = shadow_send(slot->shadow, value, request->word[SHADOW_TCB],
				  request->word[SHADOW_PRIORITY]);
		if (err == -EAGAIN)
			return err;
		slot->answered++;
		if (!err) {
			shadow_count(slot->shadow, SHADOW_REPLIES);
			return 0;
		}
	}
	shadow_count(slot->shadow, SHADOW_SWALLOWED);
	return 0;
}
