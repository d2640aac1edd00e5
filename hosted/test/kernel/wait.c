// SPDX-License-Identifier: GPL-2.0
/*
 * R11, R12, R21 to R23, R26: sleeping, waking, completions, time
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "test/test.h"

static DECLARE_WAIT_QUEUE_HEAD(queue);

struct sleeper {
	struct task_struct *task;
	bool exclusive;
	bool *go;
	atomic_t *ready, *awake;
};

static int sleeper(void *data)
{
	struct sleeper *self = data;
	DEFINE_WAIT(wait);
	bool leave;

	for (;;) {
		if (self->exclusive)
			prepare_to_wait_exclusive(&queue, &wait, TASK_UNINTERRUPTIBLE);
		else
			prepare_to_wait(&queue, &wait, TASK_UNINTERRUPTIBLE);
		/* Who is ready has looked: it waits for the wake-up. */
		leave = READ_ONCE(*self->go);
		atomic_inc(self->ready);
		if (leave)
			break;
		schedule();
	}
	finish_wait(&queue, &wait);
	atomic_inc(self->awake);
	return 0;
}

static void wait_until(atomic_t *count, int value)
{
	while (atomic_read(count) < value)
		msleep(1);
}

HOSTED_TEST(r21_exclusive_waiters_are_woken_one_by_one_after_all_others)
{
	atomic_t ready = ATOMIC_INIT(0), awake = ATOMIC_INIT(0);
	struct sleeper sleepers[5];
	bool go = false;
	int i;

	for (i = 0; i < 5; i++) {
		sleepers[i] = (struct sleeper){
			.exclusive = i >= 2, .go = &go, .ready = &ready, .awake = &awake,
		};
		sleepers[i].task = kthread_run(sleeper, &sleepers[i], "sleeper-%d", i);
		REQUIRE(!IS_ERR(sleepers[i].task));
	}
	wait_until(&ready, 5);
	WRITE_ONCE(go, true);
	wake_up(&queue);
	wait_until(&awake, 3);
	msleep(10);
	/* Two that share and one of those that do not. */
	CHECK_EQ(atomic_read(&awake), 3);
	wake_up(&queue);
	wait_until(&awake, 4);
	wake_up_all(&queue);
	for (i = 0; i < 5; i++)
		kit_thread_join(sleepers[i].task->thread);
	CHECK_EQ(atomic_read(&awake), 5);
	CHECK(!waitqueue_active(&queue));
}

struct guest {
	struct task_struct *task;
	bool *go;
	atomic_t *waiting;
	int slot;		/* where it waited */
	int spoilt;		/* bytes that were not as it left them */
};

static int guest(void *data)
{
	struct guest *self = data;
	volatile u8 room[1024];
	int i;

	memset((void *)room, kit_current()->slot, sizeof(room));
	self->slot = ((kit_addr)__builtin_frame_address(0) - KIT_ARENA) >> KIT_SLOT_SHIFT;
	atomic_inc(self->waiting);
	wait_event(queue, READ_ONCE(*self->go));
	for (i = 0; i < sizeof(room); i++)
		self->spoilt += room[i] != self->slot;
	return 0;
}

HOSTED_TEST(r12_each_waiter_keeps_a_stack_of_its_own)
{
	struct guest guests[5];
	atomic_t waiting = ATOMIC_INIT(0);
	unsigned int slots = 0;
	bool go = false;
	int i;

	for (i = 0; i < 5; i++) {
		guests[i] = (struct guest){ .go = &go, .waiting = &waiting };
		guests[i].task = kthread_run(guest, &guests[i], "guest-%d", i);
		REQUIRE(!IS_ERR(guests[i].task));
	}
	wait_until(&waiting, 5);
	/* More than once, and this stack is used as well. */
	for (i = 0; i < 3; i++) {
		wake_up_all(&queue);
		msleep(5);
	}
	WRITE_ONCE(go, true);
	wake_up_all(&queue);
	for (i = 0; i < 5; i++) {
		kit_thread_join(guests[i].task->thread);
		CHECK_EQ(guests[i].spoilt, 0);
		CHECK(guests[i].slot > 1 && !(slots & BIT(guests[i].slot)));
		slots |= BIT(guests[i].slot);
	}
}

struct ping {
	wait_queue_head_t wait;
	int turn;
};

static int ponger(void *data)
{
	struct ping *ping = data;
	int i;

	for (i = 0; i < 300; i++) {
		wait_event(ping->wait, READ_ONCE(ping->turn) == 1);
		WRITE_ONCE(ping->turn, 0);
		wake_up(&ping->wait);
	}
	return 0;
}

HOSTED_TEST(r21_no_wakeup_is_lost)
{
	struct task_struct *task;
	struct ping ping = { };
	int i;

	init_waitqueue_head(&ping.wait);
	task = kthread_run(ponger, &ping, "ponger");
	REQUIRE(!IS_ERR(task));
	for (i = 0; i < 300; i++) {
		WRITE_ONCE(ping.turn, 1);
		wake_up(&ping.wait);
		CHECK_EQ(wait_event_interruptible(ping.wait, READ_ONCE(ping.turn) == 0), 0);
	}
	kit_thread_join(task->thread);
}

static int interrupter(void *data)
{
	msleep(10);
	send_sig(SIGINT, data, 0);
	return 0;
}

HOSTED_TEST(r21_a_cancelled_client_ends_an_interruptible_wait)
{
	struct task_struct *task = kthread_run(interrupter, current, "interrupter");

	REQUIRE(!IS_ERR(task));
	CHECK_EQ(wait_event_interruptible(queue, false), -ERESTARTSYS);
	CHECK(!waitqueue_active(&queue));
	kit_thread_join(task->thread);
	flush_signals(current);
}

HOSTED_TEST_EACH(r21_a_wait_with_a_time_limit_ends_and_leaves_nothing_behind)
{
	unsigned long start = jiffies;
	int i;

	CHECK_EQ(wait_event_timeout(queue, false, msecs_to_jiffies(20)), 0);
	CHECK(time_after_eq(jiffies, start + msecs_to_jiffies(20)));
	CHECK(!waitqueue_active(&queue));
	CHECK(wait_event_timeout(queue, true, 10) == 10);
	/* Whoever is gone is not touched: its frame is another one's now. */
	for (i = 0; i < 100; i++) {
		CHECK_EQ(wait_event_interruptible_timeout(queue, false, 1), 0);
		wake_up_all(&queue);
	}
}

static int late_waker(void *data)
{
	while (!kthread_should_stop()) {
		wake_up_all(&queue);
		/* Time passes, virtual time as well. */
		udelay(20);
		cond_resched();
	}
	return 0;
}

static noinline void wait_in_this_frame(void)
{
	volatile u8 room[64];

	room[0] = 1;
	wait_event_timeout(queue, READ_ONCE(room[0]) == 2, 1);
}

/* In the place of the frame above. Returns how many bytes were not as they should be. */
static noinline int watch_this_frame(void)
{
	volatile u8 canary[512];
	int i, touched = 0;

	memset((void *)canary, 0xa5, sizeof(canary));
	for (i = 0; i < 5; i++)
		udelay(20);
	for (i = 0; i < sizeof(canary); i++)
		touched += canary[i] != 0xa5;
	return touched;
}

HOSTED_TEST(r21_a_frame_that_has_returned_is_not_touched_by_wakers)
{
	struct task_struct *task = kthread_run(late_waker, NULL, "late-waker");
	int i;

	REQUIRE(!IS_ERR(task));
	for (i = 0; i < 40; i++) {
		wait_in_this_frame();
		CHECK_EQ(watch_this_frame(), 0);
	}
	kthread_stop(task);
}

/*
 * R22: a request that is parked: who wakes the queue runs its callback
 */

struct parked {
	struct wait_queue_entry entry;
	int *value;
	int replied;
	bool locked;
};

static int reply(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	struct parked *parked = container_of(entry, struct parked, entry);

	if (!READ_ONCE(*parked->value))
		return 0;
	list_del_init(&entry->entry);
	parked->locked = lockdep_is_held(&queue.lock);
	parked->replied = *parked->value;
	return 1;
}

HOSTED_TEST_EACH(r22_a_parked_request_is_answered_by_who_wakes_it)
{
	struct parked parked[3] = { };
	int value = 0, i;

	for (i = 0; i < 3; i++) {
		init_waitqueue_func_entry(&parked[i].entry, reply);
		parked[i].value = &value;
		add_wait_queue(&queue, &parked[i].entry);
	}
	wake_up_all(&queue);
	CHECK(waitqueue_active(&queue));
	value = 5;
	wake_up_all(&queue);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(parked[i].replied, 5);
		CHECK(parked[i].locked);
	}
	CHECK(!waitqueue_active(&queue));
}

HOSTED_TEST_EACH(r22_a_parked_request_can_be_cancelled)
{
	struct parked parked = { };
	int value = 0;

	init_waitqueue_func_entry(&parked.entry, reply);
	parked.value = &value;
	add_wait_queue(&queue, &parked.entry);
	remove_wait_queue(&queue, &parked.entry);
	value = 1;
	wake_up_all(&queue);
	CHECK_EQ(parked.replied, 0);
}

/*
 * R23
 */

struct completions {
	struct completion done;
	atomic_t through;
};

static int completer(void *data)
{
	msleep(5);
	complete(data);
	return 0;
}

static int completion_waiter(void *data)
{
	struct completions *all = data;

	wait_for_completion(&all->done);
	atomic_inc(&all->through);
	return 0;
}

HOSTED_TEST(r23_complete_lets_one_through)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct task_struct *task;

	CHECK_EQ(wait_for_completion_timeout(&done, 2), 0);
	CHECK(!completion_done(&done));
	CHECK(!try_wait_for_completion(&done));
	task = kthread_run(completer, &done, "completer");
	REQUIRE(!IS_ERR(task));
	wait_for_completion(&done);
	kit_thread_join(task->thread);
	complete(&done);
	complete(&done);
	CHECK(try_wait_for_completion(&done));
	CHECK(wait_for_completion_timeout(&done, 10) > 0);
	CHECK(!try_wait_for_completion(&done));
}

HOSTED_TEST(r23_complete_all_lets_all_through_and_stays)
{
	struct task_struct *tasks[3];
	struct completions all;
	int i;

	init_completion(&all.done);
	atomic_set(&all.through, 0);
	for (i = 0; i < 3; i++) {
		tasks[i] = kthread_run(completion_waiter, &all, "waiter-%d", i);
		REQUIRE(!IS_ERR(tasks[i]));
	}
	msleep(5);
	CHECK_EQ(atomic_read(&all.through), 0);
	complete_all(&all.done);
	for (i = 0; i < 3; i++)
		kit_thread_join(tasks[i]->thread);
	wait_for_completion(&all.done);
	CHECK(completion_done(&all.done));
	reinit_completion(&all.done);
	CHECK(!completion_done(&all.done));
}

HOSTED_TEST(r23_a_cancelled_client_ends_an_interruptible_wait)
{
	struct task_struct *task = kthread_run(interrupter, current, "interrupter");
	DECLARE_COMPLETION_ONSTACK(done);

	REQUIRE(!IS_ERR(task));
	CHECK_EQ(wait_for_completion_interruptible(&done), -ERESTARTSYS);
	kit_thread_join(task->thread);
	flush_signals(current);
}

/*
 * R26
 */

HOSTED_TEST_EACH(r26_sleeps_last_as_long_as_they_say)
{
	ktime_t start = ktime_get();

	msleep(10);
	CHECK(ktime_get() - start >= 10 * NSEC_PER_MSEC);
	start = ktime_get();
	usleep_range(500, 1000);
	CHECK(ktime_get() - start >= 500 * NSEC_PER_USEC);
	start = ktime_get();
	CHECK_EQ(msleep_interruptible(5), 0);
	CHECK(ktime_get() - start >= 5 * NSEC_PER_MSEC);
	start = ktime_get();
	udelay(100);
	CHECK(ktime_get() - start >= 100 * NSEC_PER_USEC);
	start = ktime_get();
	schedule_timeout_uninterruptible(3);
	CHECK(ktime_get() - start >= 3 * NSEC_PER_SEC / HZ);
}

HOSTED_TEST(r26_ssleep_takes_no_time_where_time_is_virtual)
{
	ktime_t start = ktime_get();

	if (kit_policy != KIT_REPLAY) {
		test_skip("time is real");
		return;
	}
	ssleep(3600);
	CHECK(ktime_get() - start >= 3600 * NSEC_PER_SEC);
}

HOSTED_TEST(r26_a_cancelled_client_ends_msleep_interruptible)
{
	struct task_struct *task = kthread_run(interrupter, current, "interrupter");

	REQUIRE(!IS_ERR(task));
	CHECK(msleep_interruptible(2 * PATIENCE) > PATIENCE);
	kit_thread_join(task->thread);
	flush_signals(current);
}

HOSTED_TEST_EACH(r26_jiffies_and_their_conversions)
{
	unsigned long start = jiffies, now;

	msleep(20);
	CHECK(time_after(jiffies, start));
	CHECK(time_before(start, jiffies));
	CHECK_EQ(jiffies_to_msecs(HZ), 1000);
	CHECK_EQ(msecs_to_jiffies(1000), HZ);
	CHECK_EQ(msecs_to_jiffies(0), 0);
	CHECK_EQ(msecs_to_jiffies(-1), MAX_JIFFY_OFFSET);
	CHECK_EQ(usecs_to_jiffies(1), 1);
	now = jiffies;
	CHECK(get_jiffies_64() >= now);
	/* They wrap soon, so that drivers which mind it are found out. */
	CHECK((u32)(jiffies + 400 * HZ) < (u32)jiffies);
}

HOSTED_TEST(r21_default_wake_function_and_add_wait_queue)
{
	DECLARE_WAITQUEUE(wait, current);

	add_wait_queue(&queue, &wait);
	set_current_state(TASK_INTERRUPTIBLE);
	CHECK_EQ(wake_up_interruptible(&queue), 1);
	CHECK_EQ(READ_ONCE(current->__state), TASK_RUNNING);
	schedule();
	set_current_state(TASK_UNINTERRUPTIBLE);
	CHECK_EQ(wake_up_interruptible(&queue), 0);
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&queue, &wait);
	CHECK(!waitqueue_active(&queue));
}
