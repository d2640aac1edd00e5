/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SCHED_H
#define _HOSTED_LINUX_SCHED_H

#include <asm/barrier.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/types.h>

#define TASK_RUNNING		0x0000
#define TASK_INTERRUPTIBLE	0x0001
#define TASK_UNINTERRUPTIBLE	0x0002
#define TASK_WAKEKILL		0x0100
#define TASK_NORMAL		(TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)
#define TASK_COMM_LEN		16
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX

struct files_struct;
struct kit_thread;

/**
 * struct task_struct - a thread of the kit as the kernel sees it
 * @__state: TASK_*
 * @pid: slot + 1, or the client's, where a request says so
 * @tgid: the same
 * @comm: name
 * @files: the file table of a client; class/chrdev.c
 * @signal: a signal is pending: the client of the request gave up
 * @should_stop: see kthread_stop()
 * @thread: the kit's
 */
struct task_struct {
	unsigned int __state;
	pid_t pid;
	pid_t tgid;
	char comm[TASK_COMM_LEN];
	struct files_struct *files;
	unsigned int signal;
	unsigned int should_stop;
	struct kit_thread *thread;
};

struct task_struct *hosted_current(void);
#define current			hosted_current()

#define __set_current_state(_s)	WRITE_ONCE(current->__state, (_s))
#define set_current_state(_s)	smp_store_mb(current->__state, (unsigned int)(_s))

void schedule(void);
long schedule_timeout(long timeout);
long schedule_timeout_interruptible(long timeout);
long schedule_timeout_uninterruptible(long timeout);
int wake_up_process(struct task_struct *task);
int wake_up_state(struct task_struct *task, unsigned int state);
int _cond_resched(void);

#define cond_resched()		_cond_resched()

static inline pid_t task_pid_vnr(struct task_struct *task)
{
	return task->pid;
}

#include <linux/sched/signal.h>

#endif
