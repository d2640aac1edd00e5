// SPDX-License-Identifier: GPL-2.0
/*
 * RCU: each thread counts its readers in one of two places; a grace period turns to
 * the other place and waits until the first is empty, twice.
 *
 * Twice, because a reader may have read which place to use and count there only
 * later.
 */
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "emul.h"

static struct {
	unsigned int place;		/* of the outermost reader */
	unsigned int readers[2];
} cpus[KIT_SLOTS] __attribute__((aligned(64)));

static unsigned int place;
static unsigned int waiting;		/* grace periods that do; then readers tell */
static unsigned int ended;		/* changes when a reader has ended; waited for */
static DEFINE_MUTEX(grace_lock);

void rcu_read_lock(void)
{
	struct kit_thread *self = kit_current();
	unsigned int at;

	if (self->rcu++)
		return;
	at = __atomic_load_n(&place, __ATOMIC_RELAXED);
	cpus[self->slot].place = at;
	/* A full barrier: pairs with those in synchronize_rcu(). */
	__atomic_add_fetch(&cpus[self->slot].readers[at], 1, __ATOMIC_SEQ_CST);
}

void rcu_read_unlock(void)
{
	struct kit_thread *self = kit_current();

	if (unlikely(!self->rcu))
		kit_die("rcu_read_unlock() without rcu_read_lock()");
	if (--self->rcu)
		return;
	__atomic_sub_fetch(&cpus[self->slot].readers[cpus[self->slot].place], 1,
			   __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&waiting, __ATOMIC_SEQ_CST))) {
		__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
		kit_word_wake(&ended, 0);
	}
}

static bool has_readers(unsigned int at)
{
	int slot;

	for (slot = 0; slot < KIT_SLOTS; slot++)
		if (__atomic_load_n(&cpus[slot].readers[at], __ATOMIC_SEQ_CST))
			return true;
	return false;
}

static void wait_for_readers(void)
{
	unsigned int old = place, seen = READ_ONCE(ended);

	__atomic_store_n(&place, !old, __ATOMIC_SEQ_CST);
	while (has_readers(old)) {
		kit_word_sleep(&ended, seen, KIT_NEVER);
		seen = READ_ONCE(ended);
	}
}

void synchronize_rcu(void)
{
	check_may_sleep("synchronize_rcu()");
	if (kit_current()->rcu)
		kit_die("synchronize_rcu() in a reader waits for itself");
	mutex_lock(&grace_lock);
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	wait_for_readers();
	wait_for_readers();
	__atomic_sub_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	mutex_unlock(&grace_lock);
}

/*
 * Callbacks: after a grace period, from work
 */

static struct rcu_head *callbacks, **last = &callbacks;
static DEFINE_SPINLOCK(callbacks_lock);

/* kfree_rcu() has the head's offset in what is to be freed in place of a function. */
#define MAX_OFFSET	4096

static void run_callback(struct rcu_head *head)
{
	unsigned long offset = (unsigned long)head->func;

	if (offset < MAX_OFFSET)
		kvfree((void *)head - offset);
	else
		head->func(head);
}

static void run_callbacks(struct work_struct *work)
{
	struct rcu_head *head, *next;

	spin_lock_irq(&callbacks_lock);
	head = callbacks;
	callbacks = NULL;
	last = &callbacks;
	spin_unlock_irq(&callbacks_lock);
	if (head)
		synchronize_rcu();
	for (; head; head = next) {
		next = head->next;
		local_bh_disable();
		run_callback(head);
		local_bh_enable();
	}
}

static DECLARE_WORK(callbacks_work, run_callbacks);

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	unsigned long flags;

	head->func = func;
	head->next = NULL;
	spin_lock_irqsave(&callbacks_lock, flags);
	*last = head;
	last = &head->next;
	spin_unlock_irqrestore(&callbacks_lock, flags);
	queue_work(system_highpri_wq, &callbacks_work);
}

void rcu_barrier(void)
{
	flush_work(&callbacks_work);
}

void kvfree_call_rcu(struct rcu_head *head, void *ptr)
{
	unsigned long offset = (void *)head - ptr;

	if (offset >= MAX_OFFSET)
		kit_die("kfree_rcu() with the head at offset %lu, want below %d", offset,
			MAX_OFFSET);
	call_rcu(head, (rcu_callback_t)offset);
}
