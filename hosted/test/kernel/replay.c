// SPDX-License-Identifier: GPL-2.0
/*
 * The REPLAY policy: the same seed, the same run; another seed, another one
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "test/test.h"

#define STEPS	60

static u64 trace;
static DEFINE_SPINLOCK(lock);

static int walker(void *data)
{
	long id = (long)data;
	int i;

	for (i = 0; i < STEPS; i++) {
		spin_lock(&lock);
		trace = trace * 1099511628211ULL + id + 1;
		spin_unlock(&lock);
		if (i % 10 == id)
			usleep_range(id * 7, id * 7 + 1);
	}
	return 0;
}

static void walk(void)
{
	struct task_struct *tasks[3];
	long i;

	for (i = 0; i < 3; i++) {
		tasks[i] = kthread_run(walker, (void *)i, "walker-%ld", i);
		REQUIRE(!IS_ERR(tasks[i]));
	}
	for (i = 0; i < 3; i++)
		kit_thread_join(tasks[i]->thread);
}

/* test/base/replay.c compares what this prints with different seeds. */
HOSTED_TEST_ON(replay_prints_the_trace_of_its_seed, NULL, ON(KIT_REPLAY), SECONDS, 0)
{
	walk();
	kit_log(5, "trace %llx at %lld ns", trace, ktime_get());
}

static DEFINE_MUTEX(a);
static DEFINE_MUTEX(b);

static int never(void *data)
{
	wait_for_completion(data);
	return 0;
}

HOSTED_TEST_ON(replay_tells_of_a_deadlock, "deadlock: all threads wait", ON(KIT_REPLAY), SECONDS, 0)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct task_struct *task = kthread_run(never, &done, "never");

	kit_thread_join(task->thread);
	mutex_lock(&a);
	mutex_lock(&b);
}

/* A race that needs a switch in one place: some seed finds it, and repeats it. */
static int shared;

static int racer(void *data)
{
	int seen, i;

	for (i = 0; i < 20; i++) {
		seen = READ_ONCE(shared);
		spin_lock(&lock);
		spin_unlock(&lock);
		WRITE_ONCE(shared, seen + 1);
	}
	return 0;
}

HOSTED_TEST_ON(replay_finds_a_race, NULL, ON(KIT_REPLAY), SECONDS, 0)
{
	struct task_struct *tasks[2];
	int i;

	for (i = 0; i < 2; i++) {
		tasks[i] = kthread_run(racer, NULL, "racer-%d", i);
		REQUIRE(!IS_ERR(tasks[i]));
	}
	for (i = 0; i < 2; i++)
		kit_thread_join(tasks[i]->thread);
	CHECK(shared < 40);
}
