// SPDX-License-Identifier: GPL-2.0
/*
 * What is put off: timers, work, RCU
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "test/test.h"

struct timed {
	struct timer_list timer;
	struct hrtimer hrtimer;
	int again;
	atomic_t runs;
	unsigned long at;
	ktime_t ktime;
	bool context;
};

static void on_timer(struct timer_list *timer)
{
	struct timed *timed = timer_container_of(timed, timer, timer);

	timed->at = jiffies;
	timed->context = in_serving_softirq() && !in_hardirq();
	atomic_inc(&timed->runs);
	if (timed->again && timed->again--)
		mod_timer(timer, jiffies + 1);
}

static void wait_runs(struct timed *timed, int runs)
{
	int i;

	for (i = 0; i < PATIENCE && atomic_read(&timed->runs) < runs; i++)
		msleep(1);
}

HOSTED_TEST_EACH(r26_timers_run_when_they_are_due)
{
	unsigned long far = jiffies + 1000 * HZ, expires;
	struct timed timed = { .again = 3 };

	timer_setup(&timed.timer, on_timer, 0);
	CHECK_EQ(mod_timer(&timed.timer, far + 1000), 0);
	CHECK_EQ(mod_timer(&timed.timer, far), 1);
	CHECK(timer_pending(&timed.timer));
	CHECK_EQ(timer_reduce(&timed.timer, far + 5), 1);
	CHECK_EQ(timed.timer.expires, far);
	expires = jiffies + msecs_to_jiffies(10);
	CHECK_EQ(timer_reduce(&timed.timer, expires), 1);
	msleep(5);
	if (atomic_read(&timed.runs))
		CHECK(time_after_eq(jiffies, expires));
	wait_runs(&timed, 4);
	msleep(5);
	CHECK_EQ(atomic_read(&timed.runs), 4);
	CHECK(time_after_eq(timed.at, expires));
	CHECK(timed.context);
	CHECK(!timer_pending(&timed.timer));
	CHECK_EQ(timer_delete_sync(&timed.timer), 0);
	timed.timer.expires = jiffies + 1000 * HZ;
	add_timer(&timed.timer);
	CHECK_EQ(timer_delete(&timed.timer), 1);
	CHECK_EQ(timer_shutdown_sync(&timed.timer), 0);
	mod_timer(&timed.timer, jiffies);
	CHECK(!timer_pending(&timed.timer));
}

static void busy_timer(struct timer_list *timer)
{
	struct timed *timed = timer_container_of(timed, timer, timer);

	atomic_inc(&timed->runs);
	udelay(50);
	mod_timer(timer, jiffies);
	timed->at++;
}

HOSTED_TEST(r26_timer_delete_sync_waits_for_its_function)
{
	struct timed *timed = kzalloc(sizeof(*timed), GFP_KERNEL);

	REQUIRE(timed);
	timer_setup(&timed->timer, busy_timer, 0);
	mod_timer(&timed->timer, jiffies);
	while (!atomic_read(&timed->runs))
		msleep(1);
	timer_delete_sync(&timed->timer);
	CHECK(!timer_pending(&timed->timer));
	kfree(timed);
}

struct pair {
	struct timer_list timer;
	struct tasklet_struct tasklet;
	bool begun, deleting, ended;
};

static void wait_for_tasklet(struct timer_list *timer)
{
	struct pair *pair = timer_container_of(pair, timer, timer);

	WRITE_ONCE(pair->begun, true);
	while (!READ_ONCE(pair->deleting))
		udelay(20);
	udelay(200);
	WRITE_ONCE(pair->ended, true);
}

static void delete_timer(unsigned long data)
{
	struct pair *pair = (struct pair *)data;

	WRITE_ONCE(pair->deleting, true);
	timer_delete_sync(&pair->timer);
	CHECK(READ_ONCE(pair->ended));
}

/* With one CPU, a tasklet does not begin before the timer's function is through. */
HOSTED_TEST_ON(r26_a_tasklet_may_wait_for_a_timer, NULL, ON(KIT_SMP) | ON(KIT_REPLAY), SECONDS, 0)
{
	struct pair pair = { };

	timer_setup(&pair.timer, wait_for_tasklet, 0);
	tasklet_init(&pair.tasklet, delete_timer, (unsigned long)&pair);
	mod_timer(&pair.timer, jiffies);
	while (!READ_ONCE(pair.begun))
		msleep(1);
	tasklet_schedule(&pair.tasklet);
	tasklet_kill(&pair.tasklet);
	CHECK(READ_ONCE(pair.ended));
}

static enum hrtimer_restart on_hrtimer(struct hrtimer *timer)
{
	struct timed *timed = container_of(timer, struct timed, hrtimer);

	timed->ktime = ktime_get();
	timed->context = in_hardirq();
	atomic_inc(&timed->runs);
	if (!timed->again || !timed->again--)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(NSEC_PER_MSEC));
	return HRTIMER_RESTART;
}

HOSTED_TEST_EACH(r26_hrtimers_run_when_they_are_due)
{
	struct timed timed = { .again = 4 };
	ktime_t start = ktime_get();

	hrtimer_setup(&timed.hrtimer, on_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	CHECK(!hrtimer_active(&timed.hrtimer));
	hrtimer_start(&timed.hrtimer, ns_to_ktime(1000 * NSEC_PER_SEC), HRTIMER_MODE_REL);
	CHECK(hrtimer_active(&timed.hrtimer));
	hrtimer_start(&timed.hrtimer, ns_to_ktime(2 * NSEC_PER_MSEC), HRTIMER_MODE_REL);
	wait_runs(&timed, 5);
	msleep(5);
	CHECK_EQ(atomic_read(&timed.runs), 5);
	CHECK(timed.ktime - start >= 6 * NSEC_PER_MSEC);
	CHECK(timed.context);
	CHECK_EQ(hrtimer_cancel(&timed.hrtimer), 0);
	hrtimer_start(&timed.hrtimer, ktime_add_ms(ktime_get(), 1000000), HRTIMER_MODE_ABS);
	CHECK_EQ(hrtimer_cancel(&timed.hrtimer), 1);
}

/*
 * Work
 */

struct job {
	struct work_struct work;
	struct delayed_work dwork;
	atomic_t runs;
	atomic_t inside;
	int ms;
	int again;
	struct completion *done;
	struct workqueue_struct *wq;
};

static void do_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	CHECK_EQ(atomic_inc_return(&job->inside), 1);
	CHECK(current_work() == work);
	if (job->ms)
		msleep(job->ms);
	atomic_dec(&job->inside);
	atomic_inc(&job->runs);
}

HOSTED_TEST_EACH(work_runs_once_for_each_time_it_is_queued)
{
	struct job job = { };
	int i;

	INIT_WORK(&job.work, do_job);
	for (i = 1; i <= 10; i++) {
		CHECK(schedule_work(&job.work));
		flush_work(&job.work);
		CHECK_EQ(atomic_read(&job.runs), i);
	}
	CHECK(!flush_work(&job.work));
	CHECK(!cancel_work_sync(&job.work));
}

static int queuer(void *data)
{
	struct job *job = data;
	int i;

	for (i = 0; i < 200; i++) {
		queue_work(job->wq, &job->work);
		kit_point();
	}
	return 0;
}

HOSTED_TEST(work_is_run_by_one_worker_at_a_time)
{
	struct task_struct *tasks[3];
	struct job job = { .wq = system_unbound_wq };
	int i;

	INIT_WORK(&job.work, do_job);
	for (i = 0; i < 3; i++) {
		tasks[i] = kthread_run(queuer, &job, "queuer-%d", i);
		REQUIRE(!IS_ERR(tasks[i]));
	}
	for (i = 0; i < 3; i++)
		kit_thread_join(tasks[i]->thread);
	flush_work(&job.work);
	CHECK(atomic_read(&job.runs) >= 1);
	CHECK(!work_busy(&job.work));
}

static void wait_for_other(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	CHECK(wait_for_completion_timeout(job->done, msecs_to_jiffies(PATIENCE)));
}

static void complete_other(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	complete(job->done);
}

HOSTED_TEST(work_that_waits_does_not_hold_up_other_work)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct job a = { .done = &done }, b = { .done = &done };

	INIT_WORK(&a.work, wait_for_other);
	INIT_WORK(&b.work, complete_other);
	schedule_work(&a.work);
	msleep(5);
	schedule_work(&b.work);
	flush_work(&a.work);
	flush_work(&b.work);
}

/* One worker is idle when both come. */
HOSTED_TEST(work_queued_at_once_may_wait_for_each_other)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct job first = { }, a = { .done = &done }, b = { .done = &done };

	INIT_WORK(&first.work, do_job);
	INIT_WORK(&a.work, wait_for_other);
	INIT_WORK(&b.work, complete_other);
	schedule_work(&first.work);
	flush_work(&first.work);
	msleep(5);
	schedule_work(&a.work);
	schedule_work(&b.work);
	flush_work(&a.work);
	flush_work(&b.work);
}

HOSTED_TEST(an_ordered_queue_runs_one_after_the_other)
{
	struct workqueue_struct *wq = alloc_ordered_workqueue("ordered-%d", 0, 1);
	struct job jobs[5] = { };
	int i;

	REQUIRE(wq);
	for (i = 0; i < 5; i++) {
		jobs[i].ms = 1;
		INIT_WORK(&jobs[i].work, do_job);
		queue_work(wq, &jobs[i].work);
	}
	flush_work(&jobs[2].work);
	CHECK_EQ(atomic_read(&jobs[0].runs) + atomic_read(&jobs[1].runs), 2);
	flush_workqueue(wq);
	CHECK_EQ(atomic_read(&jobs[4].runs), 1);
	destroy_workqueue(wq);
}

static void requeue(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, dwork.work);

	atomic_inc(&job->runs);
	queue_delayed_work(system_wq, &job->dwork, 1);
}

HOSTED_TEST_EACH(delayed_work_that_queues_itself_can_be_cancelled)
{
	struct job job = { };

	INIT_DELAYED_WORK(&job.dwork, requeue);
	CHECK(schedule_delayed_work(&job.dwork, 1000 * HZ));
	CHECK(!schedule_delayed_work(&job.dwork, 0));
	CHECK(delayed_work_pending(&job.dwork));
	CHECK(mod_delayed_work(system_wq, &job.dwork, 2));
	while (atomic_read(&job.runs) < 3)
		msleep(1);
	/* What it returns depends on where it meets the work. */
	cancel_delayed_work_sync(&job.dwork);
	atomic_set(&job.runs, 0);
	msleep(10);
	CHECK_EQ(atomic_read(&job.runs), 0);
	CHECK(!cancel_delayed_work(&job.dwork));
}

static void modify_itself(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, dwork.work);

	atomic_inc(&job->runs);
	msleep(2);
	mod_delayed_work(system_wq, &job->dwork, 0);
}

HOSTED_TEST(work_that_modifies_itself_can_be_cancelled)
{
	struct job job = { };

	INIT_DELAYED_WORK(&job.dwork, modify_itself);
	mod_delayed_work(system_highpri_wq, &job.dwork, 1);
	mod_delayed_work(system_highpri_wq, &job.dwork, 0);
	while (atomic_read(&job.runs) < 3)
		msleep(1);
	cancel_delayed_work_sync(&job.dwork);
	atomic_set(&job.runs, 0);
	msleep(10);
	CHECK_EQ(atomic_read(&job.runs), 0);
}

struct modified {
	struct delayed_work dwork;
	struct timer_list timer;
	unsigned int ticks;
	atomic_t runs;
};

static void count_run(struct work_struct *work)
{
	atomic_inc(&container_of(work, struct modified, dwork.work)->runs);
}

static void modify_from_timer(struct timer_list *timer)
{
	struct modified *modified = timer_container_of(modified, timer, timer);
	int i;

	for (i = 0; i < 20; i++) {
		mod_delayed_work(system_wq, &modified->dwork, i % 2);
		cancel_delayed_work(&modified->dwork);
	}
	WRITE_ONCE(modified->ticks, modified->ticks + 1);
	mod_timer(timer, jiffies + 1);
}

/* Who finds it pending may have the one CPU. */
HOSTED_TEST_ON(work_is_modified_in_any_context_at_the_same_time, NULL, ON_THREADS, SECONDS, 0)
{
	struct modified modified = { };
	int i;

	INIT_DELAYED_WORK(&modified.dwork, count_run);
	timer_setup(&modified.timer, modify_from_timer, 0);
	mod_timer(&modified.timer, jiffies + 1);
	for (i = 0; READ_ONCE(modified.ticks) < 200; i++) {
		if (i % 3)
			mod_delayed_work(system_wq, &modified.dwork, i % 3 - 1);
		else
			queue_work(system_wq, &modified.dwork.work);
	}
	timer_shutdown_sync(&modified.timer);
	mod_delayed_work(system_wq, &modified.dwork, 0);
	flush_work(&modified.dwork.work);
	CHECK(atomic_read(&modified.runs) >= 1);
}

static void free_itself(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	complete(job->done);
	kfree(job);
}

HOSTED_TEST_EACH(work_may_free_itself)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct job *job = kzalloc(sizeof(*job), GFP_KERNEL);

	REQUIRE(job);
	job->done = &done;
	INIT_WORK(&job->work, free_itself);
	schedule_work(&job->work);
	wait_for_completion(&done);
	flush_scheduled_work();
}

static void lock_and_forget(struct work_struct *work)
{
	static DEFINE_MUTEX(forgotten);

	mutex_lock(&forgotten);
}

HOSTED_DIES(work_that_ends_with_a_lock_held_is_told, "ends with forgotten held")
{
	static DECLARE_WORK(work, lock_and_forget);

	schedule_work(&work);
	flush_work(&work);
}

/*
 * RCU
 */

struct reader {
	bool inside, leave;
	bool left;
};

static int rcu_reader(void *data)
{
	struct reader *reader = data;

	rcu_read_lock();
	WRITE_ONCE(reader->inside, true);
	while (!READ_ONCE(reader->leave))
		udelay(20);
	WRITE_ONCE(reader->left, true);
	rcu_read_unlock();
	return 0;
}

static int let_leave(void *data)
{
	struct reader *reader = data;

	msleep(10);
	WRITE_ONCE(reader->leave, true);
	return 0;
}

HOSTED_TEST(rcu_a_grace_period_waits_for_readers)
{
	struct reader reader = { };
	struct task_struct *tasks[2];

	synchronize_rcu();
	tasks[0] = kthread_run(rcu_reader, &reader, "reader");
	tasks[1] = kthread_run(let_leave, &reader, "let-leave");
	REQUIRE(!IS_ERR(tasks[0]) && !IS_ERR(tasks[1]));
	while (!READ_ONCE(reader.inside))
		msleep(1);
	synchronize_rcu();
	CHECK(READ_ONCE(reader.left));
	kit_thread_join(tasks[0]->thread);
	kit_thread_join(tasks[1]->thread);
}

struct item {
	int value;
	struct hlist_node node;
	struct rcu_head rcu;
};

struct shelf {
	struct hlist_head list;
	bool stop;
};

static int browse(void *data)
{
	struct shelf *shelf = data;
	struct item *item;

	while (!READ_ONCE(shelf->stop)) {
		rcu_read_lock();
		hlist_for_each_entry_rcu(item, &shelf->list, node)
			CHECK_EQ(item->value, 42);
		rcu_read_unlock();
		udelay(5);
	}
	return 0;
}

static void poison_item(struct rcu_head *rcu)
{
	struct item *item = container_of(rcu, struct item, rcu);

	item->value = -1;
	kfree(item);
}

HOSTED_TEST(rcu_readers_never_see_what_was_freed)
{
	struct shelf shelf = { };
	struct task_struct *task;
	struct item *item;
	int i;

	task = kthread_run(browse, &shelf, "browse");
	REQUIRE(!IS_ERR(task));
	for (i = 0; i < 200; i++) {
		item = kzalloc(sizeof(*item), GFP_KERNEL);
		REQUIRE(item);
		item->value = 42;
		hlist_add_head_rcu(&item->node, &shelf.list);
		kit_point();
		hlist_del_rcu(&item->node);
		if (i % 3 == 0) {
			kfree_rcu(item, rcu);
		} else if (i % 3 == 1) {
			call_rcu(&item->rcu, poison_item);
		} else {
			synchronize_rcu();
			kfree(item);
		}
	}
	WRITE_ONCE(shelf.stop, true);
	kit_thread_join(task->thread);
	rcu_barrier();
}

HOSTED_DIES(rcu_a_grace_period_in_a_reader_is_told, "rcu_read_lock()")
{
	rcu_read_lock();
	synchronize_rcu();
}

/*
 * R24: whoever waits for one of these, in a request, does not hold up the next one.
 */

static struct {
	void (*wait)(void);
	unsigned int next;
	bool begun;		/* what request 0 waits for */
	bool wake;		/* request 1 came */
	atomic_t done;
} role;

static void sleep_until_woken(void)
{
	int i;

	WRITE_ONCE(role.begun, true);
	for (i = 0; i < PATIENCE && !READ_ONCE(role.wake); i++)
		msleep(1);
	CHECK(READ_ONCE(role.wake));
}

static void spin_until_woken(void)
{
	int i;

	WRITE_ONCE(role.begun, true);
	for (i = 0; i < 20 * PATIENCE && !READ_ONCE(role.wake); i++)
		udelay(50);
	CHECK(READ_ONCE(role.wake));
}

static void await_begin(void)
{
	while (!READ_ONCE(role.begun))
		udelay(20);
}

static void sleeping_work(struct work_struct *work)
{
	sleep_until_woken();
}

static DECLARE_WORK(role_work, sleeping_work);

static void wait_by_flush_work(void)
{
	schedule_work(&role_work);
	flush_work(&role_work);
}

static void wait_by_cancel_work(void)
{
	schedule_work(&role_work);
	await_begin();
	cancel_work_sync(&role_work);
}

static void wait_by_flush_queue(void)
{
	schedule_work(&role_work);
	flush_workqueue(system_wq);
}

static int sleeping_thread(void *data)
{
	sleep_until_woken();
	return 0;
}

static void wait_by_kthread_stop(void)
{
	struct task_struct *task = kthread_run(sleeping_thread, NULL, "sleeping");

	REQUIRE(!IS_ERR(task));
	await_begin();
	kthread_stop(task);
}

static irqreturn_t sleeping_handler(int irq, void *dev_id)
{
	sleep_until_woken();
	return IRQ_HANDLED;
}

static void raise_and_wait(bool synchronize)
{
	REQUIRE(!request_threaded_irq(5, NULL, sleeping_handler, IRQF_ONESHOT, "role", &role));
	kit_irq_raise(5);
	await_begin();
	if (synchronize)
		synchronize_irq(5);
	free_irq(5, &role);
}

static void wait_by_synchronize_irq(void)
{
	raise_and_wait(true);
}

static void wait_by_free_irq(void)
{
	raise_and_wait(false);
}

static void spinning_timer(struct timer_list *timer)
{
	spin_until_woken();
}

static void wait_by_timer_delete(void)
{
	struct timer_list timer;

	timer_setup(&timer, spinning_timer, 0);
	mod_timer(&timer, jiffies);
	await_begin();
	timer_delete_sync(&timer);
}

static enum hrtimer_restart spinning_hrtimer(struct hrtimer *timer)
{
	spin_until_woken();
	return HRTIMER_NORESTART;
}

static void wait_by_hrtimer_cancel(void)
{
	struct hrtimer timer;

	hrtimer_setup(&timer, spinning_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	hrtimer_start(&timer, 0, HRTIMER_MODE_REL);
	await_begin();
	hrtimer_cancel(&timer);
}

static int spinning_reader(void *data)
{
	rcu_read_lock();
	spin_until_woken();
	rcu_read_unlock();
	return 0;
}

static void wait_by_synchronize_rcu(void)
{
	struct task_struct *task = kthread_run(spinning_reader, NULL, "spinning");

	REQUIRE(!IS_ERR(task));
	await_begin();
	synchronize_rcu();
	kit_thread_join(task->thread);
}

static int serve_two(void *arg)
{
	unsigned int request = role.next++;

	if (request > 1) {
		while (atomic_read(&role.done) < 2)
			msleep(1);
		return -EPIPE;
	}
	kit_current()->request = &role;
	if (request)
		WRITE_ONCE(role.wake, true);
	else
		role.wait();
	kit_current()->request = NULL;
	atomic_inc(&role.done);
	return 0;
}

#define R24(_how, _policies)								\
	HOSTED_TEST_ON(r24_who_waits_by_##_how##_delays_no_other, NULL, _policies, SECONDS, 0) \
	{										\
		role.wait = wait_by_##_how;						\
		CHECK_EQ(kit_serve(serve_two, NULL), -EPIPE);				\
	}
R24(flush_work, ON_ALL)
R24(cancel_work, ON_ALL)
R24(flush_queue, ON_ALL)
R24(kthread_stop, ON_ALL)
R24(synchronize_irq, ON_ALL)
R24(free_irq, ON_ALL)
/* With one CPU, it is the timer's until its function is through. */
R24(timer_delete, ON(KIT_SMP) | ON(KIT_REPLAY))
R24(hrtimer_cancel, ON(KIT_SMP) | ON(KIT_REPLAY))
R24(synchronize_rcu, ON_ALL)

/* Each turn of a loop that does not wait takes the slow path. */
HOSTED_TEST_EACH(r26_a_timer_that_is_as_far_as_can_be_lets_the_thread_sleep)
{
	struct timed far = { };
	kit_u64 calls;

	timer_setup(&far.timer, on_timer, 0);
	mod_timer(&far.timer, jiffies + msecs_to_jiffies(0xfffffffe));
	msleep(1);
	calls = kit_sync_calls();
	msleep(20);
	CHECK(kit_sync_calls() - calls < 100);
	CHECK_EQ(timer_delete_sync(&far.timer), 1);
	CHECK_EQ(atomic_read(&far.runs), 0);
}

/* Again and again: a wake-up that comes before the sleep is none. */
static void wake_sleeper(struct timer_list *timer)
{
	struct timed *timed = timer_container_of(timed, timer, timer);

	WRITE_ONCE(timed->context, true);
	wake_up_process((void *)timed->at);
	mod_timer(timer, jiffies + 20);
}

HOSTED_TEST_EACH(r26_a_sleep_that_is_as_long_as_can_be_lasts_until_the_wake_up)
{
	struct timed timed = { .at = (unsigned long)current };

	timer_setup(&timed.timer, wake_sleeper, 0);
	mod_timer(&timed.timer, jiffies + 20);
	CHECK(schedule_timeout_uninterruptible(msecs_to_jiffies(0xfffffffe)) > 0);
	CHECK(READ_ONCE(timed.context));
	timer_delete_sync(&timed.timer);
}

static int count_one(void *runs)
{
	atomic_inc(runs);
	while (!kthread_should_stop())
		msleep(1);
	return 0;
}

static int count_and_end(void *runs)
{
	atomic_inc(runs);
	return 0;
}

/* Linux lets it, where nobody calls kthread_stop(). */
HOSTED_TEST(r07_a_thread_that_ends_by_itself_leaves_its_slot)
{
	atomic_t runs = ATOMIC_INIT(0);
	int i;

	for (i = 0; i < 100; i++) {
		REQUIRE(!IS_ERR(kthread_run(count_and_end, &runs, "short")));
		while (atomic_read(&runs) <= i)
			msleep(1);
	}
}

HOSTED_TEST(r03_a_thread_in_place_of_one_that_was_stopped_is_a_new_one)
{
	atomic_t runs = ATOMIC_INIT(0);
	int i;

	for (i = 1; i <= 3; i++) {
		struct task_struct *task = kthread_run(count_one, &runs, "one");

		REQUIRE(!IS_ERR(task));
		while (atomic_read(&runs) < i && !task->should_stop)
			msleep(1);
		CHECK_EQ(kthread_stop(task), 0);
		CHECK_EQ(atomic_read(&runs), i);
	}
}
