// SPDX-License-Identifier: GPL-2.0
/*
 * R10, R27: interrupts, and what they put off
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "test/test.h"

#define LINE	5

struct counter {
	atomic_t count;
	bool in_hardirq;
	bool mine;
	int level;		/* how often it is answered before it is let go */
	unsigned int slow;	/* microseconds */
	bool inside;
};

static irqreturn_t count_irq(int irq, void *dev_id)
{
	struct counter *counter = dev_id;

	WRITE_ONCE(counter->inside, true);
	counter->in_hardirq = in_hardirq() && irqs_disabled();
	if (counter->level && !--counter->level)
		kit_irq_level(irq, false);
	if (counter->slow)
		udelay(counter->slow);
	atomic_inc(&counter->count);
	WRITE_ONCE(counter->inside, false);
	return counter->mine ? IRQ_HANDLED : IRQ_NONE;
}

static void wait_count(struct counter *counter, int n)
{
	int i;

	for (i = 0; i < PATIENCE && atomic_read(&counter->count) < n; i++)
		msleep(1);
	CHECK_EQ(atomic_read(&counter->count), n);
}

static unsigned int irq_threads(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < KIT_SLOTS; i++)
		n += __atomic_load_n(&kit_threads[i].kind, __ATOMIC_RELAXED) == KIT_IRQ;
	return n;
}

HOSTED_TEST(r10_each_request_has_a_thread_that_waits_for_the_line)
{
	struct counter counter = { .mine = true }, other = { .mine = true };
	int i;

	CHECK_EQ(irq_threads(), 0);
	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	CHECK_EQ(irq_threads(), 1);
	REQUIRE(!request_irq(LINE + 1, count_irq, 0, "other", &other));
	CHECK_EQ(irq_threads(), 2);
	free_irq(LINE + 1, &other);
	CHECK_EQ(irq_threads(), 1);
	CHECK_EQ(kit_irq_listeners(LINE), 1);
	for (i = 1; i <= 20; i++) {
		kit_irq_raise(LINE);
		wait_count(&counter, i);
	}
	CHECK(counter.in_hardirq);
	CHECK_STR(free_irq(LINE, &counter), "test");
	CHECK_EQ(irq_threads(), 0);
	CHECK_EQ(kit_irq_listeners(LINE), 0);
	kit_irq_raise(LINE);
	msleep(2);
	CHECK_EQ(atomic_read(&counter.count), 20);
}

HOSTED_TEST_EACH(r27_a_level_is_handled_until_it_goes)
{
	struct counter counter = { .mine = true, .level = 7 };

	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	kit_irq_level(LINE, true);
	wait_count(&counter, 7);
	msleep(2);
	CHECK_EQ(atomic_read(&counter.count), 7);
	free_irq(LINE, &counter);
}

HOSTED_TEST_EACH(r27_a_level_that_is_high_at_the_request_is_handled)
{
	struct counter counter = { .mine = true, .level = 1 };

	kit_irq_level(LINE, true);
	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	wait_count(&counter, 1);
	free_irq(LINE, &counter);
}

HOSTED_TEST_EACH(r27_a_line_that_nobody_answers_for_is_masked)
{
	struct counter counter = { };
	int i;

	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	kit_irq_level(LINE, true);
	wait_count(&counter, 10000);
	for (i = 0; i < PATIENCE && !test_logged("nobody cared"); i++)
		msleep(1);
	CHECK(i < PATIENCE);
	kit_irq_level(LINE, false);
	free_irq(LINE, &counter);
}

HOSTED_TEST_EACH(r27_a_shared_line_calls_all_and_frees_the_right_one)
{
	struct counter a = { .mine = true }, b = { .mine = true }, c = { .mine = true };

	CHECK_EQ(request_irq(LINE, count_irq, IRQF_SHARED, "none", NULL), -EINVAL);
	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "a", &a));
	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "b", &b));
	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "c", &c));
	CHECK_EQ(request_irq(LINE, count_irq, 0, "alone", &a), -EBUSY);
	kit_irq_raise(LINE);
	wait_count(&a, 1);
	wait_count(&b, 1);
	wait_count(&c, 1);

	/* Freeing one in the middle leaves those before and behind it. */
	CHECK_STR(free_irq(LINE, &b), "b");
	atomic_set(&a.count, 0);
	atomic_set(&c.count, 0);
	kit_irq_raise(LINE);
	wait_count(&c, 1);
	wait_count(&a, 1);
	CHECK_EQ(atomic_read(&b.count), 1);

	CHECK_STR(free_irq(LINE, &a), "a");
	atomic_set(&c.count, 0);
	kit_irq_raise(LINE);
	wait_count(&c, 1);
	CHECK_STR(free_irq(LINE, &c), "c");
	CHECK_EQ(kit_irq_listeners(KIT_IRQS), 0);
}

/* @a is in its handler, and @b waits for the next edge, when the level rises. */
struct sharers {
	struct counter b;
	bool raised;
};

static irqreturn_t raise_level(int irq, void *dev_id)
{
	struct sharers *sharers = dev_id;

	if (!sharers->raised) {
		while (!atomic_read(&sharers->b.count))
			cpu_relax();
		mdelay(20);
		sharers->raised = true;
		kit_irq_level(irq, true);
	}
	return IRQ_NONE;
}

HOSTED_TEST_ON(r27_a_level_wakes_all_who_share_the_line, NULL, ON(KIT_SMP), SECONDS, 0)
{
	struct sharers sharers = { .b = { .mine = true, .level = 2 } };

	REQUIRE(!request_irq(LINE, raise_level, IRQF_SHARED, "a", &sharers));
	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "b", &sharers.b));
	kit_irq_raise(LINE);
	wait_count(&sharers.b, 2);
	CHECK(!test_logged("nobody cared"));
	free_irq(LINE, &sharers.b);
	free_irq(LINE, &sharers);
}

HOSTED_TEST_EACH(r27_nobody_cares_only_when_all_who_share_a_line_were_asked)
{
	struct counter a = { }, b = { .mine = true, .slow = 100000, .level = 1 };
	int i;

	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "a", &a));
	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "b", &b));
	for (i = 1; i <= 3; i++) {
		b.level = 1;
		kit_irq_level(LINE, true);
		wait_count(&b, i);
		CHECK(!test_logged("nobody cared"));
	}
	free_irq(LINE, &b);
	free_irq(LINE, &a);
}

HOSTED_TEST_EACH(r27_a_shared_line_that_nobody_answers_for_is_masked)
{
	struct counter a = { }, b = { };
	int i;

	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "a", &a));
	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "b", &b));
	kit_irq_level(LINE, true);
	for (i = 0; i < PATIENCE && !test_logged("nobody cared"); i++)
		msleep(1);
	CHECK(i < PATIENCE);
	synchronize_irq(LINE);
	CHECK(atomic_read(&a.count) >= 10000);
	CHECK(atomic_read(&b.count) >= 10000);
	kit_irq_level(LINE, false);
	free_irq(LINE, &b);
	free_irq(LINE, &a);
}

HOSTED_DIES(r27_freeing_what_was_not_requested_is_told, "irq 5 is freed by")
{
	free_irq(LINE, (void *)LINE);
}

/* Until the handler runs for the @nth time, or has run already, on a busy machine. */
static void wait_inside(struct counter *counter, int nth)
{
	while (kit_policy != KIT_REPLAY && !READ_ONCE(counter->inside) &&
	       atomic_read(&counter->count) < nth)
		usleep_range(10, 20);
}

HOSTED_TEST(r27_free_irq_waits_for_the_handler)
{
	struct counter *counter = kzalloc(sizeof(*counter), GFP_KERNEL);
	int i;

	REQUIRE(counter);
	counter->mine = true;
	counter->slow = 2000;
	for (i = 0; i < 5; i++) {
		REQUIRE(!request_irq(LINE, count_irq, 0, "slow", counter));
		kit_irq_raise(LINE);
		wait_inside(counter, i + 1);
		free_irq(LINE, counter);
		CHECK(!READ_ONCE(counter->inside));
		atomic_set(&counter->count, i + 1);
	}
	kfree(counter);
}

/* Often, as on a busy machine the handler may have ended before anybody waits for it. */
HOSTED_TEST(r27_synchronize_irq_waits_for_the_handler)
{
	struct counter counter = { .mine = true, .slow = 2000 };
	bool began;
	int i;

	REQUIRE(!request_irq(LINE, count_irq, 0, "slow", &counter));
	for (i = 0; i < 20; i++) {
		kit_irq_raise(LINE);
		wait_inside(&counter, i + 1);
		began = READ_ONCE(counter.inside);
		synchronize_irq(LINE);
		CHECK(!began || !READ_ONCE(counter.inside));
	}
	free_irq(LINE, &counter);
}

HOSTED_TEST_EACH(r27_a_disabled_line_is_handled_later)
{
	struct counter counter = { .mine = true };

	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	disable_irq(LINE);
	disable_irq_nosync(LINE);
	kit_irq_raise(LINE);
	msleep(5);
	CHECK_EQ(atomic_read(&counter.count), 0);
	enable_irq(LINE);
	msleep(5);
	CHECK_EQ(atomic_read(&counter.count), 0);
	enable_irq(LINE);
	wait_count(&counter, 1);
	free_irq(LINE, &counter);
}

/* The handler is late: its thread has seen the edge when the line is disabled. */
HOSTED_TEST_EACH(r27_an_edge_just_before_the_line_is_disabled_is_handled_later)
{
	/* It takes three switches at the right moments. */
	int times = kit_policy == KIT_REPLAY ? 1000 : 100, i;
	struct counter counter = { .mine = true };

	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	for (i = 1; i <= times && atomic_read(&counter.count) == i - 1; i++) {
		kit_irq_raise(LINE);
		kit_point();
		disable_irq(LINE);
		kit_point();
		enable_irq(LINE);
		wait_count(&counter, i);
	}
	free_irq(LINE, &counter);
}

static irqreturn_t wake_thread(int irq, void *dev_id)
{
	return IRQ_WAKE_THREAD;
}

static irqreturn_t threaded(int irq, void *dev_id)
{
	struct counter *counter = dev_id;

	CHECK(!in_hardirq());
	msleep(1);
	atomic_inc(&counter->count);
	return IRQ_HANDLED;
}

/* Who is held back by the other's thread has seen the edge, too. */
HOSTED_TEST(r27_an_edge_of_a_shared_line_that_is_held_back_is_handled_later)
{
	struct counter oneshot = { }, other = { .mine = true };
	int i;

	REQUIRE(!request_threaded_irq(LINE, NULL, threaded, IRQF_ONESHOT | IRQF_SHARED, "oneshot",
				      &oneshot));
	REQUIRE(!request_irq(LINE, count_irq, IRQF_SHARED, "other", &other));
	for (i = 1; i <= 50 && atomic_read(&other.count) == i - 1; i++) {
		kit_irq_raise(LINE);
		wait_count(&oneshot, i);
		wait_count(&other, i);
	}
	free_irq(LINE, &other);
	free_irq(LINE, &oneshot);
}

HOSTED_TEST_EACH(r27_a_line_that_is_not_there_is_nobodys)
{
	disable_irq(UINT_MAX);
	synchronize_irq(UINT_MAX);
	enable_irq(UINT_MAX);
	CHECK_EQ(request_irq(UINT_MAX, count_irq, 0, "none", NULL), -EINVAL);
}

HOSTED_TEST_EACH(r27_a_line_that_was_freed_disabled_is_enabled_by_the_next_request)
{
	struct counter counter = { .mine = true };

	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	disable_irq(LINE);
	free_irq(LINE, &counter);
	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	kit_irq_raise(LINE);
	wait_count(&counter, 1);
	free_irq(LINE, &counter);

	REQUIRE(!request_irq(LINE, count_irq, IRQF_NO_AUTOEN, "test", &counter));
	kit_irq_raise(LINE);
	msleep(5);
	CHECK_EQ(atomic_read(&counter.count), 1);
	enable_irq(LINE);
	wait_count(&counter, 2);
	free_irq(LINE, &counter);
}

HOSTED_TEST(r27_no_handler_runs_while_a_lock_keeps_interrupts_off)
{
	static DEFINE_SPINLOCK(lock);
	struct counter counter = { .mine = true };

	if (kit_policy != KIT_UP) {
		test_skip("each thread is a CPU of its own");
		return;
	}
	REQUIRE(!request_irq(LINE, count_irq, 0, "test", &counter));
	spin_lock_irq(&lock);
	kit_irq_raise(LINE);
	mdelay(20);
	CHECK_EQ(atomic_read(&counter.count), 0);
	spin_unlock_irq(&lock);
	wait_count(&counter, 1);
	free_irq(LINE, &counter);
}

HOSTED_TEST(r27_a_threaded_handler_may_sleep)
{
	struct counter counter = { };

	REQUIRE(!request_threaded_irq(LINE, wake_thread, threaded, 0, "both", &counter));
	kit_irq_raise(LINE);
	wait_count(&counter, 1);
	free_irq(LINE, &counter);
	REQUIRE(!request_threaded_irq(LINE, NULL, threaded, IRQF_ONESHOT, "thread", &counter));
	kit_irq_raise(LINE);
	wait_count(&counter, 2);
	kit_irq_raise(LINE);
	wait_count(&counter, 3);
	synchronize_irq(LINE);
	free_irq(LINE, &counter);
}

static irqreturn_t request_another(int irq, void *dev_id)
{
	struct counter *counter = dev_id, other = { };

	WRITE_ONCE(counter->inside, true);
	atomic_inc(&counter->count);
	msleep(20);
	CHECK_EQ(request_irq(LINE + 1, count_irq, 0, "other", &other), 0);
	free_irq(LINE + 1, &other);
	WRITE_ONCE(counter->inside, false);
	return IRQ_HANDLED;
}

HOSTED_TEST(r27_a_threaded_handler_may_request_an_interrupt)
{
	struct counter counter = { };

	REQUIRE(!request_threaded_irq(LINE, NULL, request_another, IRQF_ONESHOT, "one", &counter));
	kit_irq_raise(LINE);
	wait_count(&counter, 1);
	synchronize_irq(LINE);
	CHECK(!READ_ONCE(counter.inside));
	free_irq(LINE, &counter);
}

static irqreturn_t sleeping(int irq, void *dev_id)
{
	msleep(1);
	return IRQ_HANDLED;
}

HOSTED_DIES(r27_sleeping_in_a_handler_is_told, "with an interrupt being handled")
{
	if (request_irq(LINE, sleeping, 0, "wrong", NULL))
		return;
	kit_irq_raise(LINE);
	msleep(PATIENCE);
}

HOSTED_TEST_EACH(r27_a_request_can_be_made_to_fail)
{
	struct counter counter = { .mine = true };

	kit_fail(KIT_WHAT_IRQ, 2);
	CHECK_EQ(request_irq(LINE, count_irq, 0, "first", &counter), 0);
	free_irq(LINE, &counter);
	CHECK_EQ(request_irq(LINE, count_irq, 0, "second", &counter), -ENOMEM);
	CHECK_EQ(request_irq(LINE, count_irq, 0, "third", &counter), 0);
	free_irq(LINE, &counter);
	CHECK_EQ(kit_balance(KIT_WHAT_IRQ), 0);
}

HOSTED_DIES(r27_a_lock_that_interrupts_take_is_not_held_with_them_on,
	    "lock context: irq_lock is taken by interrupts")
{
	static DEFINE_SPINLOCK(irq_lock);
	unsigned long flags;

	local_irq_save(flags);
	kit_current()->hardirq++;
	spin_lock(&irq_lock);
	spin_unlock(&irq_lock);
	kit_current()->hardirq--;
	local_irq_restore(flags);
	spin_lock(&irq_lock);
}

/*
 * Softirqs and tasklets
 */

struct deferred {
	struct tasklet_struct tasklet;
	atomic_t runs;
	bool softirq;
};

static void run_tasklet(unsigned long data)
{
	struct deferred *deferred = (struct deferred *)data;

	deferred->softirq = in_serving_softirq() && !in_hardirq();
	atomic_inc(&deferred->runs);
}

static irqreturn_t schedule_it(int irq, void *dev_id)
{
	struct deferred *deferred = dev_id;

	tasklet_schedule(&deferred->tasklet);
	tasklet_schedule(&deferred->tasklet);
	CHECK_EQ(atomic_read(&deferred->runs), 0);
	return IRQ_HANDLED;
}

static void wait_runs(struct deferred *deferred, int n)
{
	int i;

	for (i = 0; i < PATIENCE && atomic_read(&deferred->runs) < n; i++)
		msleep(1);
	CHECK_EQ(atomic_read(&deferred->runs), n);
}

HOSTED_TEST_EACH(r27_a_tasklet_runs_once_after_the_handler)
{
	struct deferred deferred = { };

	tasklet_init(&deferred.tasklet, run_tasklet, (unsigned long)&deferred);
	REQUIRE(!request_irq(LINE, schedule_it, 0, "test", &deferred));
	kit_irq_raise(LINE);
	wait_runs(&deferred, 1);
	CHECK(deferred.softirq);
	free_irq(LINE, &deferred);
	tasklet_kill(&deferred.tasklet);
}

HOSTED_TEST_EACH(r27_a_tasklet_can_be_scheduled_disabled_and_killed)
{
	struct deferred deferred = { };

	tasklet_init(&deferred.tasklet, run_tasklet, (unsigned long)&deferred);
	tasklet_schedule(&deferred.tasklet);
	tasklet_kill(&deferred.tasklet);
	CHECK_EQ(atomic_read(&deferred.runs), 1);
	tasklet_disable(&deferred.tasklet);
	tasklet_enable(&deferred.tasklet);
	local_bh_disable();
	tasklet_schedule(&deferred.tasklet);
	CHECK_EQ(atomic_read(&deferred.runs), 1);
	local_bh_enable();
	CHECK_EQ(atomic_read(&deferred.runs), 2);
	tasklet_kill(&deferred.tasklet);
}

struct keen {
	struct tasklet_struct tasklet;
	struct kit_thread *first;
	unsigned int mine, left;	/* runs, of these by @first; those to come */
	unsigned int runs;
};

static void run_keen(struct tasklet_struct *t)
{
	struct keen *keen = from_tasklet(keen, t, tasklet);

	keen->mine += kit_current() == keen->first;
	WRITE_ONCE(keen->runs, keen->runs + 1);
	udelay(50);
	if (keen->left && keen->left--)
		tasklet_schedule(t);
}

HOSTED_TEST_EACH(r27_a_tasklet_that_schedules_itself_keeps_nobody_for_ever)
{
	struct keen keen = { .first = kit_current(), .left = 100 };
	unsigned int mine;
	int i;

	tasklet_setup(&keen.tasklet, run_keen);
	local_bh_disable();
	tasklet_schedule(&keen.tasklet);
	local_bh_enable();
	mine = keen.mine;
	CHECK(mine >= 1);
	CHECK(mine <= 10);
	for (i = 0; i < PATIENCE && READ_ONCE(keen.runs) < 101; i++)
		msleep(1);
	CHECK_EQ(READ_ONCE(keen.runs), 101);
	tasklet_kill(&keen.tasklet);
}

HOSTED_TEST_ON(r27_a_tasklet_that_schedules_itself_can_be_killed, NULL, ON_THREADS, SECONDS, 0)
{
	struct keen keen = { .left = UINT_MAX };
	unsigned int runs;

	tasklet_setup(&keen.tasklet, run_keen);
	tasklet_schedule(&keen.tasklet);
	while (READ_ONCE(keen.runs) < 20)
		msleep(1);
	tasklet_kill(&keen.tasklet);
	runs = READ_ONCE(keen.runs);
	msleep(5);
	CHECK_EQ(READ_ONCE(keen.runs), runs);
}

HOSTED_TEST_EACH(r27_a_thread_without_a_handler_has_to_hold_the_line_back)
{
	int cookie;

	CHECK_EQ(request_threaded_irq(LINE, NULL, threaded, 0, "thread", &cookie), -EINVAL);
	CHECK_EQ(request_threaded_irq(LINE, NULL, NULL, IRQF_ONESHOT, "none", &cookie), -EINVAL);
}
