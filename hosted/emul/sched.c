// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks: threads as the kernel sees them; sleeping, waking, signals
 *
 * A task's state says whether it may run; parking is only how it waits for that. So
 * a wake-up between setting the state and schedule() is not lost.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/sprintf.h>
#include <linux/string.h>

#include "emul.h"

static struct task_struct tasks[KIT_SLOTS];

unsigned int nr_cpu_ids = KIT_SLOTS;

struct task_struct *hosted_current(void)
{
	struct kit_thread *thread = kit_current();
	struct task_struct *task = &tasks[thread->slot];

	/* The first time on this slot, or for another thread than before. */
	if (unlikely(thread->task != task)) {
		*task = (struct task_struct){
			.pid = thread->slot + 1, .tgid = thread->slot + 1, .thread = thread,
		};
		strscpy(task->comm, thread->name);
		thread->task = task;
	}
	return task;
}

int smp_processor_id(void)
{
	return kit_policy == KIT_SMP || kit_policy == KIT_REPLAY ? kit_current()->slot : 0;
}

int signal_pending_state(unsigned int state, struct task_struct *task)
{
	return (state & TASK_INTERRUPTIBLE && signal_pending(task)) ||
	       (state & TASK_WAKEKILL && fatal_signal_pending(task));
}

static kit_u64 deadline_after(long timeout)
{
	/* The end of a jiffy, as the kernel's timers; never with MAX_SCHEDULE_TIMEOUT. */
	return ticks_to_ns(kit_now() / TICK + timeout + 1);
}

static void sleep_until(kit_u64 deadline)
{
	struct task_struct *task = current;
	unsigned int state;

	check_may_sleep("schedule()");
	/* Who set the state with __set_current_state() looks for signals here: send_sig(). */
	smp_mb();
	while ((state = READ_ONCE(task->__state)) != TASK_RUNNING) {
		if (signal_pending_state(state, task) || kit_park(deadline))
			break;
	}
	__set_current_state(TASK_RUNNING);
}

void schedule(void)
{
	kit_point();
	if (READ_ONCE(current->__state) != TASK_RUNNING)
		sleep_until(KIT_NEVER);
}

/* Returns how many jiffies are left. */
long schedule_timeout(long timeout)
{
	unsigned long end = jiffies + timeout;
	long left;

	if (timeout < 0)
		kit_die("schedule_timeout() of %ld jiffies", timeout);
	sleep_until(deadline_after(timeout));
	if (timeout == MAX_SCHEDULE_TIMEOUT)
		return timeout;
	left = end - jiffies;
	return left > 0 ? left : 0;
}

long schedule_timeout_interruptible(long timeout)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return schedule_timeout(timeout);
}

long schedule_timeout_uninterruptible(long timeout)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(timeout);
}

int wake_up_state(struct task_struct *task, unsigned int state)
{
	unsigned int old;

	/*
	 * What the caller stored comes before our look at the state. Pairs with
	 * set_current_state(), which stores that before its caller looks for what we
	 * stored.
	 */
	smp_mb();
	old = READ_ONCE(task->__state);
	do {
		if (!(old & state))
			return 0;
	} while (!try_cmpxchg(&task->__state, &old, (unsigned int)TASK_RUNNING));
	kit_unpark(task->thread);
	kit_point();
	return 1;
}

int wake_up_process(struct task_struct *task)
{
	return wake_up_state(task, TASK_NORMAL | TASK_WAKEKILL);
}

int send_sig(int sig, struct task_struct *task, int priv)
{
	/* Pairs with set_current_state(): who sleeps looks for signals after it. */
	smp_store_mb(task->signal, (unsigned int)sig);
	wake_up_state(task, TASK_INTERRUPTIBLE | (sig == SIGKILL ? TASK_WAKEKILL : 0));
	return 0;
}

void flush_signals(struct task_struct *task)
{
	WRITE_ONCE(task->signal, 0);
}

int _cond_resched(void)
{
	check_may_sleep("cond_resched()");
	kit_point();
	return 0;
}

/* Who serves requests has what privileges the supervisor gave: all that there are. */
bool capable(int cap)
{
	return true;
}

/*
 * Delays
 */

void udelay(unsigned long us)
{
	kit_delay((kit_u64)us * NSEC_PER_USEC);
}

void mdelay(unsigned long ms)
{
	kit_delay((kit_u64)ms * NSEC_PER_MSEC);
}

/* One jiffy more, as the first one has begun. */
void msleep(unsigned int ms)
{
	unsigned long timeout = msecs_to_jiffies(ms) + 1;

	while (timeout)
		timeout = schedule_timeout_uninterruptible(timeout);
}

unsigned long msleep_interruptible(unsigned int ms)
{
	unsigned long timeout = msecs_to_jiffies(ms) + 1;

	while (timeout && !signal_pending(current))
		timeout = schedule_timeout_interruptible(timeout);
	return jiffies_to_msecs(timeout);
}

void usleep_range_state(unsigned long min, unsigned long max, unsigned int state)
{
	kit_u64 until = kit_now() + (kit_u64)min * NSEC_PER_USEC;

	while (kit_now() < until) {
		__set_current_state(state);
		sleep_until(until);
		if (signal_pending_state(state, current))
			break;
	}
}

/*
 * Kernel threads
 */

struct kthread {
	int (*fn)(void *data);
	void *data;
	struct task_struct *task;
	unsigned int go;
};

static int kthread_main(void *arg)
{
	struct kthread *kthread = arg;
	struct kthread copy;
	int ret;

	kthread->task = current;
	__set_current_state(TASK_UNINTERRUPTIBLE);
	__atomic_store_n(&kthread->go, 1, __ATOMIC_RELEASE);
	kit_word_wake(&kthread->go, 0);
	/* From here on it is kthread_create()'s to free once it is told a second time. */
	copy = *kthread;
	__atomic_store_n(&kthread->go, 2, __ATOMIC_RELEASE);
	kit_word_wake(&kthread->go, 0);
	schedule();
	if (READ_ONCE(copy.task->should_stop))
		return -EINTR;
	ret = copy.fn(copy.data);
	/* Who returns unasked needs no kthread_stop(). */
	if (!READ_ONCE(copy.task->should_stop))
		kit_thread_let_go();
	return ret;
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *fmt, ...)
{
	struct kthread kthread = { .fn = fn, .data = data };
	struct kit_thread *thread;
	char name[KIT_NAME_LEN];
	unsigned int go;
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	check_may_sleep("kthread_create()");
	err = kit_thread_create(KIT_OTHER, name, kthread_main, &kthread, &thread);
	if (err)
		return ERR_PTR(err);
	while ((go = __atomic_load_n(&kthread.go, __ATOMIC_ACQUIRE)) != 2)
		kit_word_wait(&kthread.go, go, KIT_NEVER);
	return kthread.task;
}

int kthread_stop(struct task_struct *task)
{
	check_may_sleep("kthread_stop()");
	/* Pairs with set_current_state(), after which threads ask whether to stop. */
	smp_store_mb(task->should_stop, 1U);
	wake_up_process(task);
	return kit_thread_join(task->thread);
}

bool kthread_should_stop(void)
{
	return READ_ONCE(current->should_stop);
}
