// SPDX-License-Identifier: GPL-2.0
/*
 * Wait queues and completions
 *
 * An entry is a task on its stack, or a callback: a request that is parked, which
 * is replied to by whoever wakes the queue, with the queue's lock held.
 */
#include <linux/completion.h>
#include <linux/wait.h>

#include "emul.h"

void __init_waitqueue_head(struct wait_queue_head *wq, const char *name,
			   struct lock_class_key *key)
{
	wq->lock = (spinlock_t){ .dep_map = { .name = name, .key = key } };
	INIT_LIST_HEAD(&wq->head);
}

int default_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	return wake_up_state(entry->private, mode);
}

/*
 * Off the list last, when nobody here touches the task any more: until then
 * finish_wait() waits for the queue's lock; after it, the entry and the task may be gone.
 */
int autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags,
			     void *key)
{
	int woken = wake_up_state(entry->private, mode);

	if (woken)
		list_del_init_careful(&entry->entry);
	return woken;
}

void init_wait_entry(struct wait_queue_entry *entry, int flags)
{
	entry->flags = flags;
	entry->private = current;
	entry->func = autoremove_wake_function;
	INIT_LIST_HEAD(&entry->entry);
}

void __add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	list_add(&entry->entry, &wq->head);
}

void __add_wait_queue_entry_tail(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	list_add_tail(&entry->entry, &wq->head);
}

void __remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	list_del(&entry->entry);
}

void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	entry->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	__add_wait_queue(wq, entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&wq->lock, flags);
	__remove_wait_queue(wq, entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry, int state)
{
	unsigned long flags;

	entry->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&entry->entry))
		__add_wait_queue(wq, entry);
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* Returns whether nobody was there before. */
bool prepare_to_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry,
			       int state)
{
	unsigned long flags;
	bool first = false;

	entry->flags |= WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&wq->lock, flags);
	if (list_empty(&entry->entry)) {
		first = list_empty(&wq->head);
		__add_wait_queue_entry_tail(wq, entry);
	}
	set_current_state(state);
	spin_unlock_irqrestore(&wq->lock, flags);
	return first;
}

/*
 * Whoever has a signal does not wait; being off the list, it does not swallow an
 * exclusive wake-up either.
 */
long prepare_to_wait_event(struct wait_queue_head *wq, struct wait_queue_entry *entry, int state)
{
	unsigned long flags;
	long err = 0;

	spin_lock_irqsave(&wq->lock, flags);
	if (signal_pending_state(state, current)) {
		list_del_init(&entry->entry);
		err = -ERESTARTSYS;
	} else {
		if (list_empty(&entry->entry)) {
			if (entry->flags & WQ_FLAG_EXCLUSIVE)
				__add_wait_queue_entry_tail(wq, entry);
			else
				__add_wait_queue(wq, entry);
		}
		set_current_state(state);
	}
	spin_unlock_irqrestore(&wq->lock, flags);
	return err;
}

/* Careful: whoever took the entry off the list may still be doing so. */
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry)
{
	unsigned long flags;

	__set_current_state(TASK_RUNNING);
	if (list_empty_careful(&entry->entry))
		return;
	spin_lock_irqsave(&wq->lock, flags);
	list_del_init(&entry->entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* @nr: exclusive waiters, 0 for all. Holds the queue's lock. */
static int wake_entries(struct wait_queue_head *wq, unsigned int mode, int nr, void *key)
{
	struct wait_queue_entry *entry, *next;
	int woken = 0;

	list_for_each_entry_safe(entry, next, &wq->head, entry) {
		unsigned int flags = READ_ONCE(entry->flags);
		int done = entry->func(entry, mode, 0, key);

		if (done < 0)
			break;
		if (!done)
			continue;
		woken++;
		if (flags & WQ_FLAG_EXCLUSIVE && !--nr)
			break;
	}
	return woken;
}

int __wake_up(struct wait_queue_head *wq, unsigned int mode, int nr, void *key)
{
	unsigned long flags;
	int woken;

	spin_lock_irqsave(&wq->lock, flags);
	woken = wake_entries(wq, mode, nr, key);
	spin_unlock_irqrestore(&wq->lock, flags);
	return woken;
}

/*
 * Completions. The count is protected by the queue's lock: when a wait returns,
 * nobody uses the completion any more, so it may be on the stack.
 */

void complete(struct completion *x)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	if (x->done != UINT_MAX)
		x->done++;
	wake_entries(&x->wait, TASK_NORMAL | TASK_WAKEKILL, 1, NULL);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

void complete_all(struct completion *x)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	x->done = UINT_MAX;
	wake_entries(&x->wait, TASK_NORMAL | TASK_WAKEKILL, 0, NULL);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

/* Returns what is left of @timeout, at least 1; 0 after it; or -ERESTARTSYS. */
static long wait_completed(struct completion *x, long timeout, unsigned int state)
{
	struct wait_queue_entry entry;

	check_may_sleep("wait_for_completion()");
	init_wait_entry(&entry, WQ_FLAG_EXCLUSIVE);
	entry.func = default_wake_function;
	spin_lock_irq(&x->wait.lock);
	if (!x->done)
		__add_wait_queue_entry_tail(&x->wait, &entry);
	while (!x->done && timeout > 0) {
		if (signal_pending_state(state, current)) {
			timeout = -ERESTARTSYS;
			break;
		}
		__set_current_state(state);
		spin_unlock_irq(&x->wait.lock);
		timeout = schedule_timeout(timeout);
		spin_lock_irq(&x->wait.lock);
	}
	if (!list_empty(&entry.entry))
		__remove_wait_queue(&x->wait, &entry);
	if (x->done) {
		if (x->done != UINT_MAX)
			x->done--;
		timeout = max(timeout, 1L);
	}
	spin_unlock_irq(&x->wait.lock);
	return timeout;
}

void wait_for_completion(struct completion *x)
{
	wait_completed(x, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE);
}

int wait_for_completion_interruptible(struct completion *x)
{
	long left = wait_completed(x, MAX_SCHEDULE_TIMEOUT, TASK_INTERRUPTIBLE);

	return left < 0 ? left : 0;
}

unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)
{
	return wait_completed(x, timeout, TASK_UNINTERRUPTIBLE);
}

bool try_wait_for_completion(struct completion *x)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&x->wait.lock, flags);
	done = x->done;
	if (done && x->done != UINT_MAX)
		x->done--;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}

bool completion_done(struct completion *x)
{
	unsigned long flags;
	bool done;

	/* The lock: whoever completes has let go of it. */
	spin_lock_irqsave(&x->wait.lock, flags);
	done = x->done;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}
