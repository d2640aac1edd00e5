// SPDX-License-Identifier: GPL-2.0
/*
 * R9, R14 to R19: locks exclude, cost nothing while nobody waits, and find misuse
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/semaphore.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "test/test.h"

#define THREADS	4
#define ROUNDS	500

static DEFINE_SPINLOCK(spin);
static DEFINE_SPINLOCK(spin2);
static DEFINE_MUTEX(mutex);
static DEFINE_MUTEX(mutex2);
static DEFINE_RWLOCK(rwlock);
static DECLARE_RWSEM(rwsem);
static DEFINE_SEMAPHORE(sem, 1);

static void take_all_locks(void)
{
	unsigned long flags;
	int i;

	for (i = 0; i < 1000; i++) {
		spin_lock(&spin);
		spin_unlock(&spin);
		spin_lock_irqsave(&spin, flags);
		spin_unlock_irqrestore(&spin, flags);
		spin_lock_bh(&spin2);
		spin_unlock_bh(&spin2);
		mutex_lock(&mutex);
		mutex_unlock(&mutex);
		down(&sem);
		up(&sem);
		down_read(&rwsem);
		up_read(&rwsem);
		down_write(&rwsem);
		up_write(&rwsem);
		read_lock(&rwlock);
		read_unlock(&rwlock);
		write_lock(&rwlock);
		write_unlock(&rwlock);
	}
}

HOSTED_TEST(r09_uncontended_locks_never_enter_the_slow_path)
{
	int tries;
	u64 calls;

	/* The kernel's threads come to rest first, which may take its time. */
	for (tries = 0, calls = 1; tries < 20 && calls; tries++) {
		msleep(30);
		calls = kit_sync_calls();
		take_all_locks();
		calls = kit_sync_calls() - calls;
	}
	CHECK_EQ(calls, 0);
}

static int take_mutex(void *data)
{
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	return 0;
}

HOSTED_TEST(r09_a_contended_lock_enters_the_slow_path)
{
	struct task_struct *task;
	u64 calls;

	mutex_lock(&mutex);
	task = kthread_run(take_mutex, NULL, "take-mutex");
	REQUIRE(!IS_ERR(task));
	/* Until somebody waits for it */
	while (READ_ONCE(mutex.owner) == kit_current()->slot + 1)
		msleep(1);
	calls = kit_sync_calls();
	mutex_unlock(&mutex);
	CHECK(kit_sync_calls() > calls);
	kit_thread_join(task->thread);
}

/*
 * Exclusion: a counter that is no atomic, and is looked at twice
 */

struct contest {
	void (*take)(void);
	void (*give)(void);
	int counter;
	bool inside;
};

static int contestant(void *data)
{
	struct contest *contest = data;
	int i, seen;

	for (i = 0; i < ROUNDS; i++) {
		contest->take();
		CHECK(!contest->inside);
		contest->inside = true;
		seen = contest->counter;
		kit_point();
		contest->counter = seen + 1;
		contest->inside = false;
		contest->give();
	}
	return 0;
}

static void hold_contest(void (*take)(void), void (*give)(void))
{
	struct contest contest = { .take = take, .give = give };
	struct task_struct *tasks[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		tasks[i] = kthread_create(contestant, &contest, "contest-%d", i);
		REQUIRE(!IS_ERR(tasks[i]));
	}
	for (i = 0; i < THREADS; i++)
		wake_up_process(tasks[i]);
	for (i = 0; i < THREADS; i++)
		kit_thread_join(tasks[i]->thread);
	CHECK_EQ(contest.counter, THREADS * ROUNDS);
}

#define CONTEST(_name, _take, _give)							\
	static void take_##_name(void)							\
	{										\
		_take;									\
	}										\
	static void give_##_name(void)							\
	{										\
		_give;									\
	}										\
	HOSTED_TEST(_name)								\
	{										\
		hold_contest(take_##_name, give_##_name);				\
	}

CONTEST(r14_semaphore_excludes, down(&sem), up(&sem))
CONTEST(r15_rwsem_writers_exclude, down_write(&rwsem), up_write(&rwsem))
CONTEST(r16_mutex_excludes, mutex_lock(&mutex), mutex_unlock(&mutex))
CONTEST(r17_spinlock_excludes, spin_lock(&spin), spin_unlock(&spin))
CONTEST(r17_spinlock_irq_excludes, spin_lock_irq(&spin), spin_unlock_irq(&spin))
CONTEST(r17_spinlock_bh_excludes, spin_lock_bh(&spin), spin_unlock_bh(&spin))
CONTEST(r18_rwlock_writers_exclude, write_lock(&rwlock), write_unlock(&rwlock))

static void lock_by_trying(void)
{
	while (!spin_trylock(&spin))
		kit_word_wait(&spin.word, 0, 0);
}

CONTEST(r17_trylock_excludes, lock_by_trying(), spin_unlock(&spin))

/*
 * Semaphores
 */

static int upper(void *data)
{
	msleep(20);
	up(data);
	return 0;
}

HOSTED_TEST(r14_down_timeout_ends_in_time_and_down_waits_for_up)
{
	struct semaphore none;
	struct task_struct *task;
	unsigned long start = jiffies;

	sema_init(&none, 0);
	CHECK_EQ(down_timeout(&none, msecs_to_jiffies(30)), -ETIME);
	CHECK(time_after_eq(jiffies, start + msecs_to_jiffies(30)));
	CHECK_EQ(down_trylock(&none), 1);

	task = kthread_run(upper, &none, "upper");
	REQUIRE(!IS_ERR(task));
	CHECK_EQ(down_timeout(&none, msecs_to_jiffies(PATIENCE)), 0);
	kit_thread_join(task->thread);
	up(&none);
	CHECK_EQ(down_trylock(&none), 0);
}

static int canceller(void *data)
{
	msleep(10);
	send_sig(SIGINT, data, 0);
	return 0;
}

HOSTED_TEST(r14_down_interruptible_ends_when_the_client_cancels)
{
	struct task_struct *task;
	struct semaphore none;

	sema_init(&none, 0);
	task = kthread_run(canceller, current, "canceller");
	REQUIRE(!IS_ERR(task));
	CHECK_EQ(down_interruptible(&none), -EINTR);
	kit_thread_join(task->thread);
	flush_signals(current);
	/* And left no trace in the list. */
	up(&none);
	CHECK_EQ(down_trylock(&none), 0);
}

static int holder(void *data)
{
	mutex_lock(&mutex);
	WRITE_ONCE(*(bool *)data, true);
	while (READ_ONCE(*(bool *)data))
		msleep(1);
	mutex_unlock(&mutex);
	return 0;
}

HOSTED_TEST(r16_mutex_lock_interruptible_ends_when_the_client_cancels)
{
	struct task_struct *task, *other;
	bool held = false;

	other = kthread_run(holder, &held, "holder");
	REQUIRE(!IS_ERR(other));
	while (!READ_ONCE(held))
		msleep(1);
	task = kthread_run(canceller, current, "canceller");
	REQUIRE(!IS_ERR(task));
	CHECK_EQ(mutex_lock_interruptible(&mutex), -EINTR);
	kit_thread_join(task->thread);
	/* What is free is taken, whatever is pending. */
	WRITE_ONCE(held, false);
	kit_thread_join(other->thread);
	CHECK(signal_pending(current));
	CHECK_EQ(mutex_lock_interruptible(&mutex), 0);
	mutex_unlock(&mutex);
	flush_signals(current);
}

HOSTED_TEST(r17_trylock_does_not_wait)
{
	CHECK(spin_trylock(&spin));
	CHECK(!spin_trylock(&spin));
	spin_unlock(&spin);
	CHECK(mutex_trylock(&mutex));
	CHECK(!mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	CHECK(down_write_trylock(&rwsem));
	CHECK(!down_read_trylock(&rwsem));
	up_write(&rwsem);
	CHECK(write_trylock(&rwlock));
	CHECK(!read_trylock(&rwlock));
	write_unlock(&rwlock);
}

/*
 * Readers and writers
 */

struct fairness {
	bool stop;
	bool written;
	struct task_struct *readers[3];
};

static int reader(void *data)
{
	struct fairness *fair = data;

	while (!READ_ONCE(fair->stop)) {
		down_read(&rwsem);
		msleep(1);
		up_read(&rwsem);
	}
	return 0;
}

HOSTED_TEST(r15_a_stream_of_readers_does_not_starve_a_writer)
{
	struct fairness fair = { };
	int i, rounds;

	for (i = 0; i < ARRAY_SIZE(fair.readers); i++) {
		fair.readers[i] = kthread_run(reader, &fair, "reader-%d", i);
		REQUIRE(!IS_ERR(fair.readers[i]));
	}
	for (rounds = 0; rounds < 10; rounds++) {
		down_write(&rwsem);
		up_write(&rwsem);
	}
	WRITE_ONCE(fair.stop, true);
	for (i = 0; i < ARRAY_SIZE(fair.readers); i++)
		kit_thread_join(fair.readers[i]->thread);
}

static int read_too(void *data)
{
	down_read(&rwsem);
	up_read(&rwsem);
	return 0;
}

HOSTED_TEST(r15_readers_share)
{
	struct task_struct *task;

	down_read(&rwsem);
	task = kthread_run(read_too, NULL, "read-too");
	REQUIRE(!IS_ERR(task));
	kit_thread_join(task->thread);
	up_read(&rwsem);

	down_write(&rwsem);
	downgrade_write(&rwsem);
	task = kthread_run(read_too, NULL, "read-too");
	REQUIRE(!IS_ERR(task));
	kit_thread_join(task->thread);
	up_read(&rwsem);
	CHECK(!rwsem_is_locked(&rwsem));
}

static int read_lock_too(void *data)
{
	read_lock(&rwlock);
	read_unlock(&rwlock);
	WRITE_ONCE(*(bool *)data, true);
	return 0;
}

/* With one CPU, who has it for reading is alone. */
HOSTED_TEST_ON(r18_readers_share, NULL, ON(KIT_SMP) | ON(KIT_REPLAY), SECONDS, 0)
{
	bool read = false;
	struct task_struct *task = kthread_create(read_lock_too, &read, "read-lock-too");

	REQUIRE(!IS_ERR(task));
	read_lock(&rwlock);
	wake_up_process(task);
	while (!READ_ONCE(read))
		udelay(20);
	read_unlock(&rwlock);
	kit_thread_join(task->thread);
}

HOSTED_TEST(r18_read_locks_nest)
{
	read_lock(&rwlock);
	read_lock(&rwlock);
	read_unlock(&rwlock);
	read_unlock(&rwlock);
	CHECK(write_trylock(&rwlock));
	write_unlock(&rwlock);
}

HOSTED_TEST(r18_rwlocks_turn_interrupts_off)
{
	unsigned long flags;

	read_lock_irqsave(&rwlock, flags);
	CHECK(irqs_disabled());
	read_unlock_irqrestore(&rwlock, flags);
	write_lock_irqsave(&rwlock, flags);
	CHECK(irqs_disabled());
	write_unlock_irqrestore(&rwlock, flags);
	CHECK(!irqs_disabled() && !in_atomic());
	preempt_disable();
	CHECK(in_atomic());
	preempt_enable();
	CHECK(!in_atomic());
}

/*
 * Misuse is told
 */

HOSTED_DIES(r16_recursion_of_a_mutex_is_told, "recursion: mutex ")
{
	mutex_lock(&mutex);
	mutex_lock(&mutex);
}

HOSTED_DIES(r17_recursion_of_a_spinlock_is_told, "recursion: spin ")
{
	spin_lock(&spin);
	spin_lock(&spin);
}

HOSTED_DIES(r18_recursion_of_a_rwlock_is_told, "recursion: rwlock ")
{
	read_lock(&rwlock);
	write_lock(&rwlock);
}

static int lock_it(void *data)
{
	mutex_lock(&mutex);
	WRITE_ONCE(*(bool *)data, true);
	msleep(PATIENCE);
	return 0;
}

HOSTED_DIES(r16_unlock_by_another_thread_is_told,
	    "unlock of mutex, which this thread does not hold")
{
	bool locked = false;

	if (IS_ERR(kthread_run(lock_it, &locked, "lock-it")))
		return;
	while (!READ_ONCE(locked))
		msleep(1);
	mutex_unlock(&mutex);
}

HOSTED_DIES(r17_unlock_of_a_free_lock_is_told, "unlock of spin, which this thread does not hold")
{
	spin_unlock(&spin);
}

HOSTED_DIES(r16_lock_order_is_checked, "lock order: mutex is taken with mutex2 held")
{
	mutex_lock(&mutex);
	mutex_lock(&mutex2);
	mutex_unlock(&mutex2);
	mutex_unlock(&mutex);
	mutex_lock(&mutex2);
	mutex_lock(&mutex);
}

HOSTED_DIES(r17_lock_order_is_checked_over_three, "lock order: spin is taken with spin2 held")
{
	static DEFINE_SPINLOCK(between);

	spin_lock(&spin);
	spin_lock(&between);
	spin_unlock(&between);
	spin_unlock(&spin);
	spin_lock(&between);
	spin_lock(&spin2);
	spin_unlock(&spin2);
	spin_unlock(&between);
	spin_lock(&spin2);
	spin_lock(&spin);
}

HOSTED_DIES(r17_a_lock_that_was_not_initialised_is_told, "never initialised")
{
	static spinlock_t bare;

	spin_lock(&bare);
}

HOSTED_DIES(r19_sleeping_with_a_spinlock_held_names_it,
	    "sleeping in atomic context: schedule() with spin held")
{
	spin_lock(&spin);
	msleep(1);
}

HOSTED_DIES(r19_a_mutex_with_a_spinlock_held_names_it, "mutex_lock() with spin2 held")
{
	spin_lock(&spin2);
	mutex_lock(&mutex);
}

HOSTED_DIES(r19_gfp_kernel_with_interrupts_off_is_told, "GFP_KERNEL with interrupts off")
{
	local_irq_disable();
	kfree(kmalloc(8, GFP_KERNEL));
}

HOSTED_DIES(r19_sleeping_in_an_rcu_reader_is_told, "with rcu_read_lock()")
{
	rcu_read_lock();
	msleep(1);
}

HOSTED_DIES(r17_swapped_bh_unlock_is_told, "softirqs are enabled more often than disabled")
{
	spin_lock(&spin);
	spin_unlock_bh(&spin);
}

HOSTED_DIES(r17_enabling_interrupts_under_irqsave_is_told, "interrupts are enabled within")
{
	unsigned long flags;

	spin_lock_irqsave(&spin, flags);
	spin_lock_irq(&spin2);
	spin_unlock_irq(&spin2);
	spin_unlock_irqrestore(&spin, flags);
}

HOSTED_TEST(r17_bh_locks_leave_softirqs_as_they_were)
{
	spin_lock_bh(&spin);
	CHECK(in_softirq());
	CHECK(!in_serving_softirq());
	spin_unlock_bh(&spin);
	CHECK(!in_softirq());
	CHECK(spin_trylock_bh(&spin));
	CHECK(in_softirq());
	spin_unlock_bh(&spin);
	CHECK(!in_softirq());
	spin_lock(&spin);
	CHECK(!spin_trylock_bh(&spin));
	CHECK(!in_softirq());
	spin_unlock(&spin);
	write_lock_bh(&rwlock);
	CHECK(in_softirq());
	write_unlock_bh(&rwlock);
	CHECK(!in_softirq());
	read_lock_bh(&rwlock);
	CHECK(in_softirq());
	read_unlock_bh(&rwlock);
	CHECK(!in_softirq());
}

/* Page faults may come while interrupts are off. */
HOSTED_TEST(r20_page_faults_with_interrupts_off_do_no_harm)
{
	u8 *pages = test_lazy_pages(64);
	unsigned long flags;
	int i;

	REQUIRE(pages);
	spin_lock_irqsave(&spin, flags);
	for (i = 0; i < 64; i++)
		pages[i * PAGE_SIZE] = i;
	CHECK(irqs_disabled());
	CHECK(_spin_is_locked(&spin));
	spin_unlock_irqrestore(&spin, flags);
	CHECK_EQ(test_lazy_faults(), 64);
	for (i = 0; i < 64; i++)
		CHECK_EQ(pages[i * PAGE_SIZE], i);
}
