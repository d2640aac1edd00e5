// SPDX-License-Identifier: GPL-2.0
/*
 * Workqueues: one pool of workers for all of them. A work item runs on one worker
 * at a time; its WORK_PENDING_BIT is owned by whoever set it, until it runs.
 */
#include <linux/interrupt.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/workqueue.h>

#include "emul.h"

#define WORKERS		8
#define MAX_ACTIVE	256	/* where nobody says otherwise */

/**
 * struct workqueue_struct - a workqueue
 * @name: of workers that work for it
 * @works: queued, in order
 * @max_active: how many run at the same time
 * @active: how many do
 * @entry: in queues
 */
struct workqueue_struct {
	char name[32];
	struct list_head works;
	unsigned int max_active;
	unsigned int active;
	struct list_head entry;
};

/**
 * struct worker - runs work
 * @entry: in workers
 * @thread: NULL with KIT_INLINE, where it lives on a stack
 * @work: what it runs; may have been freed by itself
 * @seq: of that
 * @wq: whose it is
 */
struct worker {
	struct list_head entry;
	struct kit_thread *self;
	const struct work_struct *work;
	unsigned long seq;
	struct workqueue_struct *wq;
};

#define SYSTEM_WQ(_name)								\
	static struct workqueue_struct hosted_##_name = {				\
		.name = #_name, .max_active = MAX_ACTIVE,				\
		.works = LIST_HEAD_INIT(hosted_##_name.works),				\
	};										\
	__typeof__(_name) _name = &hosted_##_name

SYSTEM_WQ(system_wq);
SYSTEM_WQ(system_highpri_wq);
SYSTEM_WQ(system_long_wq);
SYSTEM_WQ(system_unbound_wq);
SYSTEM_WQ(system_freezable_wq);
SYSTEM_WQ(system_power_efficient_wq);
SYSTEM_WQ(system_percpu_wq);
SYSTEM_WQ(system_dfl_wq);

static struct kit_spin lock;		/* all that follows; taken with interrupts off */
static LIST_HEAD(queues);
static LIST_HEAD(workers);
static unsigned long next_seq;
static struct kit_thread *threads[WORKERS];
static unsigned int nr_threads, nr_workers, idle;	/* workers: about to be threads, too */
static unsigned int changed;		/* work came or ended; waited for */
static unsigned int stopping;

/* Who runs @work, of those that began up to @seq. Holds the lock. */
static struct worker *find_runner(const struct work_struct *work, unsigned long seq)
{
	struct worker *worker;

	list_for_each_entry(worker, &workers, entry)
		if (worker->work == work && worker->seq <= seq)
			return worker;
	return NULL;
}

/* The next work that may run. Holds the lock. */
static struct work_struct *pick(void)
{
	struct workqueue_struct *wq;
	struct work_struct *work;

	list_for_each_entry(wq, &queues, entry) {
		if (wq->active >= wq->max_active)
			continue;
		list_for_each_entry(work, &wq->works, entry)
			if (!find_runner(work, ULONG_MAX))
				return work;
	}
	return NULL;
}

static void finish(struct worker *worker)
{
	struct kit_thread *self = kit_current();

	if (self->nheld || self->preempt || self->irqs_off || self->bh_off || self->rcu)
		kit_die("work of %s ends with %s held", worker->wq->name,
			self->nheld ? self->held[self->nheld - 1].name : "preemption or irqs");
}

static void need_worker(void);

/* Returns false where there is nothing to run. */
static bool run_one(struct worker *worker)
{
	unsigned long flags = lock_irqsave(&lock);
	struct work_struct *work = pick();
	work_func_t func;
	bool more;

	if (!work) {
		unlock_irqrestore(&lock, flags);
		return false;
	}
	list_del_init(&work->entry);
	worker->work = work;
	worker->seq = work->seq;
	worker->wq = work->wq;
	worker->wq->active++;
	func = work->func;
	list_add(&worker->entry, &workers);
	/* From now on it may be queued again. */
	clear_bit_unlock(WORK_PENDING_BIT, &work->state);
	more = pick();
	unlock_irqrestore(&lock, flags);

	/* Whoever queued that may have taken this worker for idle. */
	if (more)
		need_worker();
	func(work);
	if (!runs_inline())
		finish(worker);

	flags = lock_irqsave(&lock);
	list_del(&worker->entry);
	worker->wq->active--;
	unlock_irqrestore(&lock, flags);
	tell(&changed);
	return true;
}

bool workqueue_run_one(void)
{
	struct worker worker = { .self = kit_current() };

	return run_one(&worker);
}

static int worker_main(void *arg)
{
	struct worker worker = { .self = kit_current() };
	unsigned int seen = READ_ONCE(changed);

	while (!__atomic_load_n(&stopping, __ATOMIC_SEQ_CST)) {
		__atomic_sub_fetch(&idle, 1, __ATOMIC_SEQ_CST);
		while (run_one(&worker))
			;
		__atomic_add_fetch(&idle, 1, __ATOMIC_SEQ_CST);
		kit_word_wait(&changed, seen, KIT_NEVER);
		seen = READ_ONCE(changed);
	}
	return 0;
}

/* Any context. When all are busy, another one might be what they wait for. */
static void need_worker(void)
{
	struct kit_thread *thread;
	unsigned long flags;
	bool room;
	int err;

	if (runs_inline() || __atomic_load_n(&idle, __ATOMIC_SEQ_CST))
		return;
	flags = lock_irqsave(&lock);
	room = nr_workers < WORKERS && !stopping;
	nr_workers += room;
	unlock_irqrestore(&lock, flags);
	if (!room)
		return;
	__atomic_add_fetch(&idle, 1, __ATOMIC_SEQ_CST);
	err = kit_thread_create(KIT_WORKER, "worker", worker_main, NULL, &thread);
	if (err)
		__atomic_sub_fetch(&idle, 1, __ATOMIC_SEQ_CST);
	flags = lock_irqsave(&lock);
	if (err)
		nr_workers--;
	else
		threads[nr_threads++] = thread;
	unlock_irqrestore(&lock, flags);
	if (__atomic_load_n(&stopping, __ATOMIC_SEQ_CST))
		tell(&changed);
}

/*
 * The caller owns WORK_PENDING_BIT. From before it did until this is done interrupts are
 * off, or it is a timer: who finds the bit waits for that, and may have the one CPU.
 */
static void insert(struct workqueue_struct *wq, struct work_struct *work)
{
	unsigned long flags = lock_irqsave(&lock);

	work->wq = wq;
	work->seq = ++next_seq;
	list_add_tail(&work->entry, &wq->works);
	unlock_irqrestore(&lock, flags);
	tell(&changed);
	need_worker();
}

bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	unsigned long flags;
	bool queue;

	if (!work->func)
		kit_die("work is queued that was never initialised");
	flags = _local_irq_save();
	queue = !test_and_set_bit(WORK_PENDING_BIT, &work->state);
	if (queue)
		insert(wq, work);
	_local_irq_restore(flags);
	return queue;
}

void delayed_work_timer_fn(struct timer_list *timer)
{
	struct delayed_work *dwork = container_of(timer, struct delayed_work, timer);

	insert(dwork->wq, &dwork->work);
}

static void insert_delayed(struct workqueue_struct *wq, struct delayed_work *dwork,
			   unsigned long delay)
{
	if (!dwork->work.func || dwork->timer.function != delayed_work_timer_fn)
		kit_die("delayed work is queued that was never initialised");
	if (!delay) {
		insert(wq, &dwork->work);
		return;
	}
	dwork->wq = wq;
	mod_timer(&dwork->timer, jiffies + delay);
}

bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			   unsigned long delay)
{
	unsigned long flags = _local_irq_save();
	bool queue = !test_and_set_bit(WORK_PENDING_BIT, &dwork->work.state);

	if (queue)
		insert_delayed(wq, dwork, delay);
	_local_irq_restore(flags);
	return queue;
}

/*
 * Own WORK_PENDING_BIT. Returns whether the work was pending, -ENOENT where somebody
 * cancels it and waits for it, or -EAGAIN where somebody is about to put it on the list.
 */
static int try_to_grab(struct work_struct *work, struct delayed_work *dwork)
{
	unsigned long flags;
	bool listed;

	if (dwork && timer_delete(&dwork->timer))
		return 1;
	if (!test_and_set_bit(WORK_PENDING_BIT, &work->state))
		return 0;
	flags = lock_irqsave(&lock);
	listed = !list_empty(&work->entry);
	if (listed)
		list_del_init(&work->entry);
	unlock_irqrestore(&lock, flags);
	if (listed)
		return 1;
	return test_bit(WORK_CANCELING_BIT, &work->state) ? -ENOENT : -EAGAIN;
}

static void wait_for_insert(unsigned int seen)
{
	kit_word_wait(&changed, seen, kit_now() + 20 * NSEC_PER_USEC);
}

/* Whoever grabs the work to put it on no list needs nothing that others may have. */
static int grab(struct work_struct *work, struct delayed_work *dwork)
{
	unsigned int seen = READ_ONCE(changed);
	int pending;

	while ((pending = try_to_grab(work, dwork)) == -EAGAIN) {
		wait_for_insert(seen);
		seen = READ_ONCE(changed);
	}
	return pending;
}

bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			 unsigned long delay)
{
	for (;;) {
		unsigned int seen = READ_ONCE(changed);
		unsigned long flags = _local_irq_save();
		int pending = try_to_grab(&dwork->work, dwork);

		if (pending >= 0)
			insert_delayed(wq, dwork, delay);
		_local_irq_restore(flags);
		if (pending != -EAGAIN)
			return pending > 0;
		wait_for_insert(seen);
	}
}

/* Wait until no run is left that was queued up to now. */
static bool wait_for(struct work_struct *work)
{
	bool waited = false, busy;
	unsigned long target;
	unsigned int seen;
	unsigned long flags = lock_irqsave(&lock);

	target = work->seq;
	unlock_irqrestore(&lock, flags);
	for (;;) {
		flags = lock_irqsave(&lock);
		seen = READ_ONCE(changed);
		busy = (!list_empty(&work->entry) && work->seq <= target) ||
		       find_runner(work, target);
		unlock_irqrestore(&lock, flags);
		if (!busy)
			return waited;
		if (current_work() == work)
			kit_die("work waits for itself");
		waited = true;
		kit_word_sleep(&changed, seen, KIT_NEVER);
	}
}

bool flush_work(struct work_struct *work)
{
	check_may_sleep("flush_work()");
	if (!work->func)
		kit_die("work is flushed that was never initialised");
	return wait_for(work);
}

static bool cancel(struct work_struct *work, struct delayed_work *dwork)
{
	int pending = grab(work, dwork);

	if (pending < 0)
		return false;
	clear_bit_unlock(WORK_PENDING_BIT, &work->state);
	return pending;
}

/* Meanwhile nobody can queue it, the work itself included. */
static bool cancel_sync(struct work_struct *work, struct delayed_work *dwork)
{
	int pending;

	check_may_sleep("cancel_work_sync()");
	if (!work->func)
		kit_die("work is cancelled that was never initialised");
	while ((pending = grab(work, dwork)) < 0) {
		unsigned int seen = READ_ONCE(changed);

		if (test_bit(WORK_CANCELING_BIT, &work->state))
			kit_word_sleep(&changed, seen, kit_now() + NSEC_PER_MSEC);
	}
	set_bit(WORK_CANCELING_BIT, &work->state);
	wait_for(work);
	clear_bit(WORK_CANCELING_BIT, &work->state);
	clear_bit_unlock(WORK_PENDING_BIT, &work->state);
	tell(&changed);
	return pending;
}

bool cancel_work_sync(struct work_struct *work)
{
	return cancel_sync(work, NULL);
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	return cancel(&dwork->work, dwork);
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	return cancel_sync(&dwork->work, dwork);
}

unsigned int work_busy(struct work_struct *work)
{
	unsigned long flags = lock_irqsave(&lock);
	unsigned int busy = (work_pending(work) ? WORK_BUSY_PENDING : 0) |
			    (find_runner(work, ULONG_MAX) ? WORK_BUSY_RUNNING : 0);

	unlock_irqrestore(&lock, flags);
	return busy;
}

struct work_struct *current_work(void)
{
	unsigned long flags = lock_irqsave(&lock);
	const struct work_struct *work = NULL;
	struct worker *worker;

	list_for_each_entry(worker, &workers, entry) {
		if (worker->self != kit_current())
			continue;
		work = worker->work;
		break;
	}
	unlock_irqrestore(&lock, flags);
	return (struct work_struct *)work;
}

/* Is there work of @wq left that was queued up to @seq? Holds the lock. */
static bool has_work(struct workqueue_struct *wq, unsigned long seq)
{
	struct work_struct *work;
	struct worker *worker;

	list_for_each_entry(work, &wq->works, entry)
		if (work->seq <= seq)
			return true;
	list_for_each_entry(worker, &workers, entry)
		if (worker->wq == wq && worker->seq <= seq)
			return true;
	return false;
}

static void wait_for_queue(struct workqueue_struct *wq, unsigned long target)
{
	unsigned long flags;
	unsigned int seen;
	bool busy;

	check_may_sleep("flush_workqueue()");
	for (;;) {
		flags = lock_irqsave(&lock);
		seen = READ_ONCE(changed);
		busy = has_work(wq, target);
		unlock_irqrestore(&lock, flags);
		if (!busy)
			return;
		kit_word_sleep(&changed, seen, KIT_NEVER);
	}
}

void __flush_workqueue(struct workqueue_struct *wq)
{
	unsigned long flags = lock_irqsave(&lock);
	unsigned long target = next_seq;

	unlock_irqrestore(&lock, flags);
	wait_for_queue(wq, target);
}

/* All have the same workers, so of @flags nothing is left but an order, in @max_active. */
struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);
	unsigned long irqs;
	va_list args;

	if (!wq)
		return NULL;
	va_start(args, max_active);
	vsnprintf(wq->name, sizeof(wq->name), fmt, args);
	va_end(args);
	wq->max_active = max_active ?: MAX_ACTIVE;
	INIT_LIST_HEAD(&wq->works);
	irqs = lock_irqsave(&lock);
	list_add_tail(&wq->entry, &queues);
	unlock_irqrestore(&lock, irqs);
	return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	unsigned long flags;

	wait_for_queue(wq, ULONG_MAX);
	flags = lock_irqsave(&lock);
	list_del(&wq->entry);
	unlock_irqrestore(&lock, flags);
	kfree(wq);
}

int workqueue_init(void)
{
	struct workqueue_struct *system[] = {
		system_highpri_wq, system_wq, system_long_wq, system_unbound_wq,
		system_freezable_wq, system_power_efficient_wq, system_percpu_wq, system_dfl_wq,
	};
	unsigned int i;

	stopping = 0;
	for (i = 0; i < ARRAY_SIZE(system); i++)
		if (!system[i]->entry.next)
			list_add_tail(&system[i]->entry, &queues);
	return 0;
}

/* NULL where there are no more; somebody may be about to start one. */
static struct kit_thread *worker_thread(unsigned int n)
{
	struct kit_thread *thread;
	unsigned long flags;
	unsigned int seen;
	bool coming;

	for (;;) {
		flags = lock_irqsave(&lock);
		seen = READ_ONCE(changed);
		thread = n < nr_threads ? threads[n] : NULL;
		coming = nr_threads < nr_workers;
		unlock_irqrestore(&lock, flags);
		if (thread || !coming)
			return thread;
		kit_word_wait(&changed, seen, KIT_NEVER);
	}
}

void workqueue_stop(void)
{
	unsigned long flags = lock_irqsave(&lock);
	struct kit_thread *thread;
	unsigned int n = 0;

	__atomic_store_n(&stopping, 1, __ATOMIC_SEQ_CST);
	unlock_irqrestore(&lock, flags);
	tell(&changed);
	while ((thread = worker_thread(n++)))
		kit_thread_join(thread);
	/* Timers still queue work, which stays where it is. */
	flags = lock_irqsave(&lock);
	nr_threads = 0;
	nr_workers = 0;
	unlock_irqrestore(&lock, flags);
	__atomic_store_n(&idle, 0, __ATOMIC_SEQ_CST);
}
