/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SCHED_SIGNAL_H
#define _HOSTED_LINUX_SCHED_SIGNAL_H

#include <linux/sched.h>

#define _NSIG		64
#define SIGINT		2
#define SIGKILL		9
#define SIGTERM		15

/* What a client that gives up is to the thread that works for it. */
static inline int signal_pending(struct task_struct *task)
{
	return __atomic_load_n(&task->signal, __ATOMIC_RELAXED) != 0;
}

static inline int fatal_signal_pending(struct task_struct *task)
{
	return __atomic_load_n(&task->signal, __ATOMIC_RELAXED) == SIGKILL;
}

int signal_pending_state(unsigned int state, struct task_struct *task);

/* Any of the two: the task is woken where it waits interruptibly. */
int send_sig(int sig, struct task_struct *task, int priv);
void flush_signals(struct task_struct *task);

#endif
