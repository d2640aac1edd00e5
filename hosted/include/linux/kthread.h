/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_KTHREAD_H
#define _HOSTED_LINUX_KTHREAD_H

#include <linux/err.h>
#include <linux/sched.h>

struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *fmt, ...)
	__printf(3, 4);
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);

#define kthread_run(_fn, _data, _fmt, ...) ({						\
	struct task_struct *__hosted_k = kthread_create(_fn, _data, _fmt, ##__VA_ARGS__); \
	if (!IS_ERR(__hosted_k))							\
		wake_up_process(__hosted_k);						\
	__hosted_k;									\
})

#endif
