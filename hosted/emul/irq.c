// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts: a thread of the kit for each request, which is in hard interrupt
 * context while it calls the handler; softirqs and tasklets run when it leaves
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "emul.h"

unsigned int nr_irqs = NR_IRQS;

/*
 * Context
 */

void hardirq_enter(void)
{
	kit_cpu_own();
	kit_current()->hardirq++;
}

void hardirq_exit(void)
{
	struct kit_thread *self = kit_current();

	self->hardirq--;
	if (self->pending && !self->hardirq && !self->irqs_off && !self->bh_off && !self->softirq)
		softirq_run(self);
	kit_cpu_leave();
}

/**
 * struct irqaction - a requested interrupt
 * @next: in actions
 * @irq: the line
 * @name: who requested it
 * @flags: IRQF_*
 * @dev_id: the handler's
 * @handler: in hard interrupt context; NULL: only @thread_fn
 * @thread_fn: in process context after @handler asked for it; may be NULL
 * @listener: the kit's
 * @thread: runs @thread_fn
 * @wake: how often @thread_fn was asked for, and IRQ_STOP; waited for
 * @done: how often it had been when it last began
 */
struct irqaction {
	struct irqaction *next;
	unsigned int irq;
	const char *name;
	unsigned long flags;
	void *dev_id;
	irq_handler_t handler;
	irq_handler_t thread_fn;
	struct kit_listener *listener;
	struct kit_thread *thread;
	unsigned int wake;
	unsigned int done;
};

#define IRQ_STOP	(1U << 31)

static struct irqaction *actions;
static DEFINE_MUTEX(actions_lock);
static DEFINE_SPINLOCK(wake_lock);	/* who changes the list holds both */
static unsigned int ended;	/* changes when a @thread_fn has ended; waited for */

static void wake_thread(struct irqaction *action)
{
	/* Held back until the thread is through. */
	if (action->flags & IRQF_ONESHOT)
		kit_irq_mask(action->irq);
	__atomic_add_fetch(&action->wake, 1, __ATOMIC_SEQ_CST);
	kit_word_wake(&action->wake, 0);
}

/* Called by the kit, on the line's thread. */
static bool handle_irq(void *arg)
{
	struct irqaction *action = arg;
	irqreturn_t ret = IRQ_WAKE_THREAD;

	hardirq_enter();
	if (action->handler)
		ret = action->handler(action->irq, action->dev_id);
	if (ret == IRQ_WAKE_THREAD) {
		if (!action->thread_fn)
			kit_die("irq %u: %s wants a thread that it has not requested", action->irq,
				action->name);
		wake_thread(action);
	}
	hardirq_exit();
	return ret != IRQ_NONE;
}

static void unmask(unsigned int irq, unsigned int times)
{
	while (times--)
		kit_irq_unmask(irq);
}

static int irq_thread(void *arg)
{
	struct irqaction *action = arg;
	unsigned int wake;

	for (;;) {
		/* Pairs with wake_thread(): what the handler did is seen. */
		wake = smp_load_acquire(&action->wake);
		if ((wake & ~IRQ_STOP) == action->done) {
			if (wake & IRQ_STOP)
				return 0;
			kit_word_wait(&action->wake, wake, KIT_NEVER);
			continue;
		}
		wake &= ~IRQ_STOP;
		action->thread_fn(action->irq, action->dev_id);
		if (action->flags & IRQF_ONESHOT)
			unmask(action->irq, wake - action->done);
		/* Pairs with threads_busy(). */
		smp_store_release(&action->done, wake);
		__atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST);
		kit_word_wake(&ended, 0);
	}
}

static void stop_thread(struct irqaction *action)
{
	if (!action->thread)
		return;
	__atomic_fetch_or(&action->wake, IRQ_STOP, __ATOMIC_SEQ_CST);
	kit_word_wake(&action->wake, 0);
	kit_thread_join(action->thread);
}

/* Holds actions_lock. */
static bool can_share(unsigned int irq, unsigned long flags)
{
	struct irqaction *other;

	for (other = actions; other; other = other->next)
		if (other->irq == irq && !(other->flags & flags & IRQF_SHARED))
			return false;
	return true;
}

static bool is_requested(unsigned int irq)
{
	struct irqaction *other;

	for (other = actions; other; other = other->next)
		if (other->irq == irq)
			return true;
	return false;
}

static int start_action(struct irqaction *action)
{
	int err = 0;

	if (!is_requested(action->irq))
		kit_irq_startup(action->irq, action->flags & IRQF_NO_AUTOEN);
	if (action->thread_fn)
		err = kit_thread_create(KIT_IRQ, action->name, irq_thread, action,
					&action->thread);
	if (!err)
		err = kit_irq_attach(action->irq, action->name, handle_irq, action,
				     &action->listener);
	if (!err)
		return 0;
	stop_thread(action);
	return err;
}

static int add_action(struct irqaction *action)
{
	int err = -EBUSY;

	mutex_lock(&actions_lock);
	if (can_share(action->irq, action->flags)) {
		err = start_action(action);
		if (!err) {
			spin_lock_irq(&wake_lock);
			action->next = actions;
			actions = action;
			spin_unlock_irq(&wake_lock);
		}
	}
	mutex_unlock(&actions_lock);
	return err;
}

int request_threaded_irq(unsigned int irq, irq_handler_t handler, irq_handler_t thread_fn,
			 unsigned long flags, const char *name, void *dev_id)
{
	struct irqaction *action;
	int err;

	check_may_sleep("request_irq()");
	if (irq >= NR_IRQS || (!handler && !thread_fn) || (flags & IRQF_SHARED && !dev_id))
		return -EINVAL;
	/* A line at a level would be raised again before the thread has looked. */
	if (!handler && !(flags & IRQF_ONESHOT)) {
		pr_err("irq %u: a thread without a handler needs IRQF_ONESHOT\n", irq);
		return -EINVAL;
	}
	if (kit_should_fail(KIT_WHAT_IRQ))
		return -ENOMEM;
	action = kzalloc(sizeof(*action), GFP_KERNEL);
	if (!action)
		return -ENOMEM;
	action->irq = irq;
	action->handler = handler;
	action->thread_fn = thread_fn;
	action->flags = flags;
	action->name = name ?: "irq";
	action->dev_id = dev_id;
	err = add_action(action);
	if (err)
		kfree(action);
	else
		kit_count(KIT_WHAT_IRQ, 1);
	return err;
}

static struct irqaction *take_action(unsigned int irq, void *dev_id)
{
	struct irqaction **link, *action = NULL;

	mutex_lock(&actions_lock);
	for (link = &actions; *link; link = &(*link)->next) {
		if ((*link)->irq != irq || (*link)->dev_id != dev_id)
			continue;
		action = *link;
		spin_lock_irq(&wake_lock);
		*link = action->next;
		spin_unlock_irq(&wake_lock);
		break;
	}
	mutex_unlock(&actions_lock);
	return action;
}

const void *free_irq(unsigned int irq, void *dev_id)
{
	struct irqaction *action = take_action(irq, dev_id);
	const char *name;

	check_may_sleep("free_irq()");
	if (WARN(!action, "irq %u is freed by %p, who has not requested it\n", irq, dev_id))
		return NULL;
	name = action->name;
	kit_irq_detach(action->listener);
	stop_thread(action);
	kfree(action);
	kit_count(KIT_WHAT_IRQ, -1);
	return name;
}

static bool threads_busy(unsigned int irq)
{
	struct irqaction *action;
	bool busy = false;
	unsigned int done;

	mutex_lock(&actions_lock);
	for (action = actions; action; action = action->next) {
		if (action->irq != irq || !action->thread)
			continue;
		/* Pairs with irq_thread(): what @thread_fn did is seen. */
		done = smp_load_acquire(&action->done);
		busy |= done != (READ_ONCE(action->wake) & ~IRQ_STOP);
	}
	mutex_unlock(&actions_lock);
	return busy;
}

void synchronize_irq(unsigned int irq)
{
	unsigned int seen;

	check_may_sleep("synchronize_irq()");
	if (irq >= NR_IRQS)
		return;
	kit_irq_synchronize(irq);
	/* Without the lock: a handler's thread may request and free other interrupts. */
	while ((seen = smp_load_acquire(&ended), threads_busy(irq)))
		kit_word_sleep(&ended, seen, KIT_NEVER);
}

void irq_wake_thread(unsigned int irq, void *dev_id)
{
	struct irqaction *action;
	unsigned long flags;

	spin_lock_irqsave(&wake_lock, flags);
	for (action = actions; action; action = action->next)
		if (action->irq == irq && action->dev_id == dev_id && action->thread_fn)
			wake_thread(action);
	spin_unlock_irqrestore(&wake_lock, flags);
}

void disable_irq_nosync(unsigned int irq)
{
	if (irq < NR_IRQS)
		kit_irq_mask(irq);
}

void disable_irq(unsigned int irq)
{
	disable_irq_nosync(irq);
	synchronize_irq(irq);
}

void enable_irq(unsigned int irq)
{
	if (irq < NR_IRQS)
		kit_irq_unmask(irq);
}

struct managed_irq {
	unsigned int irq;
	void *dev_id;
};

static void free_managed(void *data)
{
	struct managed_irq *managed = data;

	free_irq(managed->irq, managed->dev_id);
}

int devm_request_threaded_irq(struct device *dev, unsigned int irq, irq_handler_t handler,
			      irq_handler_t thread_fn, unsigned long flags, const char *name,
			      void *dev_id)
{
	struct managed_irq *managed = devm_kmalloc(dev, sizeof(*managed), GFP_KERNEL);
	int err;

	if (!managed)
		return -ENOMEM;
	*managed = (struct managed_irq){ irq, dev_id };
	err = request_threaded_irq(irq, handler, thread_fn, flags, name ?: dev_name(dev), dev_id);
	return err ?: devm_add_action_or_reset(dev, free_managed, managed);
}

/*
 * Softirqs: a thread runs those that it has raised as soon as it can: when it
 * leaves an interrupt or enables softirqs. Raised in between they go to the
 * softirq thread.
 */

static void (*softirq_actions[NR_SOFTIRQS])(void);
static struct kit_thread *softirq_thread;
static unsigned int softirq_wanted;	/* for the thread, which waits for it */
static unsigned int softirq_stopping;

/* How often a thread looks again before it leaves the rest to the softirq thread */
#define SOFTIRQ_ROUNDS	10

static void wake_softirqd(unsigned int pending)
{
	__atomic_fetch_or(&softirq_wanted, pending, __ATOMIC_SEQ_CST);
	if (!runs_inline())
		kit_word_wake(&softirq_wanted, 0);
}

void softirq_run(struct kit_thread *self)
{
	unsigned int rounds, pending, nr;

	kit_cpu_own();
	self->softirq++;
	for (rounds = 0; rounds < SOFTIRQ_ROUNDS && self->pending; rounds++) {
		pending = self->pending;
		self->pending = 0;
		for (nr = 0; nr < NR_SOFTIRQS; nr++)
			if (pending & BIT(nr))
				softirq_actions[nr]();
	}
	self->softirq--;
	pending = self->pending;
	self->pending = 0;
	kit_cpu_leave();
	if (pending)
		wake_softirqd(pending);
}

/* Returns whether there was anything to run. */
static bool run_wanted(void)
{
	struct kit_thread *self = kit_current();
	unsigned int pending = __atomic_exchange_n(&softirq_wanted, 0, __ATOMIC_SEQ_CST);

	if (!pending)
		return false;
	self->pending |= pending;
	softirq_run(self);
	return true;
}

static int softirqd(void *arg)
{
	while (!__atomic_load_n(&softirq_stopping, __ATOMIC_SEQ_CST))
		if (!run_wanted())
			kit_word_wait(&softirq_wanted, 0, KIT_NEVER);
	return 0;
}

void open_softirq(int nr, void (*action)(void))
{
	softirq_actions[nr] = action;
}

void raise_softirq_irqoff(unsigned int nr)
{
	struct kit_thread *self = kit_current();

	if (!softirq_actions[nr])
		kit_die("softirq %u is raised, which nobody has opened", nr);
	if (self->hardirq || self->softirq || self->bh_off)
		self->pending |= BIT(nr);
	else
		wake_softirqd(BIT(nr));
}

void raise_softirq(unsigned int nr)
{
	raise_softirq_irqoff(nr);
}

/*
 * Tasklets: on a list once each; run by one thread at a time
 */

static struct tasklet_struct *tasklets, **tasklets_tail = &tasklets;
static DEFINE_SPINLOCK(tasklets_lock);

void tasklet_init(struct tasklet_struct *t, void (*func)(unsigned long), unsigned long data)
{
	*t = (struct tasklet_struct){ .func = func, .data = data };
}

void tasklet_setup(struct tasklet_struct *t, void (*callback)(struct tasklet_struct *))
{
	*t = (struct tasklet_struct){ .callback = callback, .use_callback = true };
}

static void enqueue(struct tasklet_struct *t)
{
	unsigned long flags;

	spin_lock_irqsave(&tasklets_lock, flags);
	t->next = NULL;
	*tasklets_tail = t;
	tasklets_tail = &t->next;
	spin_unlock_irqrestore(&tasklets_lock, flags);
	raise_softirq(TASKLET_SOFTIRQ);
}

void __tasklet_schedule(struct tasklet_struct *t)
{
	enqueue(t);
}

void tasklet_schedule(struct tasklet_struct *t)
{
	if (!test_and_set_bit(TASKLET_STATE_SCHED, &t->state))
		__tasklet_schedule(t);
}

static struct tasklet_struct *dequeue_all(void)
{
	struct tasklet_struct *all;

	spin_lock_irq(&tasklets_lock);
	all = tasklets;
	tasklets = NULL;
	tasklets_tail = &tasklets;
	spin_unlock_irq(&tasklets_lock);
	return all;
}

/* Returns false where it has to come again: disabled, or running elsewhere. */
static bool run_tasklet(struct tasklet_struct *t)
{
	if (test_and_set_bit(TASKLET_STATE_RUN, &t->state))
		return false;
	if (atomic_read(&t->count)) {
		clear_bit_unlock(TASKLET_STATE_RUN, &t->state);
		return false;
	}
	if (!test_and_clear_bit(TASKLET_STATE_SCHED, &t->state))
		kit_die("a tasklet is run that was not scheduled");
	if (t->use_callback)
		t->callback(t);
	else
		t->func(t->data);
	clear_bit_unlock(TASKLET_STATE_RUN, &t->state);
	return true;
}

/* What is scheduled meanwhile has its turn in the next round. */
static void tasklet_action(void)
{
	struct tasklet_struct *t, *next;

	for (t = dequeue_all(); t; t = next) {
		next = t->next;
		if (!run_tasklet(t))
			enqueue(t);
	}
}

static void wait_while(unsigned int bit, struct tasklet_struct *t)
{
	while (test_bit_acquire(bit, &t->state)) {
		if (kit_policy == KIT_SMP || kit_policy == KIT_UP)
			usleep_range_state(50, 100, TASK_UNINTERRUPTIBLE);
		else
			kit_idle();
	}
	/* Pairs with clear_bit_unlock() in run_tasklet(); full, as the kernel's. */
	smp_mb();
}

/* Whoever else keeps scheduling it has ended; it cannot do so itself while the bit is ours. */
void tasklet_kill(struct tasklet_struct *t)
{
	check_may_sleep("tasklet_kill()");
	while (test_and_set_bit(TASKLET_STATE_SCHED, &t->state))
		wait_while(TASKLET_STATE_SCHED, t);
	wait_while(TASKLET_STATE_RUN, t);
	clear_bit_unlock(TASKLET_STATE_SCHED, &t->state);
}

void tasklet_disable_nosync(struct tasklet_struct *t)
{
	atomic_inc(&t->count);
	/*
	 * Pairs with test_and_set_bit() in run_tasklet(): either that sees the
	 * count, or tasklet_disable() sees TASKLET_STATE_RUN.
	 */
	smp_mb();
}

void tasklet_disable(struct tasklet_struct *t)
{
	tasklet_disable_nosync(t);
	wait_while(TASKLET_STATE_RUN, t);
}

void tasklet_enable(struct tasklet_struct *t)
{
	atomic_dec(&t->count);
}

/*
 * KIT_INLINE: all that is put off, on the stack of whoever waits
 */

static bool run_deferred(void)
{
	return run_wanted() || timer_run_due() || workqueue_run_one();
}

int softirq_init(void)
{
	softirq_stopping = 0;
	open_softirq(TASKLET_SOFTIRQ, tasklet_action);
	kit_inline_deferred = run_deferred;
	if (runs_inline())
		return 0;
	return kit_thread_create(KIT_SOFTIRQ, "softirq", softirqd, NULL, &softirq_thread);
}

void softirq_stop(void)
{
	if (!softirq_thread)
		return;
	__atomic_store_n(&softirq_stopping, 1, __ATOMIC_SEQ_CST);
	/* A bit of no softirq, so that the word changes. */
	wake_softirqd(1U << 31);
	kit_thread_join(softirq_thread);
	softirq_thread = NULL;
}
