/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_WAIT_H
#define _HOSTED_LINUX_WAIT_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#define WQ_FLAG_EXCLUSIVE	0x01

struct wait_queue_entry;
typedef int (*wait_queue_func_t)(struct wait_queue_entry *entry, unsigned int mode, int flags,
				 void *key);

typedef struct wait_queue_entry {
	unsigned int flags;
	void *private;
	wait_queue_func_t func;
	struct list_head entry;
} wait_queue_entry_t;

typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
} wait_queue_head_t;

int default_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key);
int autoremove_wake_function(struct wait_queue_entry *entry, unsigned int mode, int flags,
			     void *key);

#define __WAIT_QUEUE_HEAD_INITIALIZER(_name) {						\
	.lock = __SPIN_LOCK_INITIALIZER(_name.lock),					\
	.head = LIST_HEAD_INIT(_name.head),						\
}
#define DECLARE_WAIT_QUEUE_HEAD(_name) \
	struct wait_queue_head _name = __WAIT_QUEUE_HEAD_INITIALIZER(_name)
#define DECLARE_WAITQUEUE(_name, _task) \
	struct wait_queue_entry _name = { .private = (_task), .func = default_wake_function }
#define DEFINE_WAIT_FUNC(_name, _func)							\
	struct wait_queue_entry _name = {						\
		.private = current, .func = (_func),					\
		.entry = LIST_HEAD_INIT((_name).entry),					\
	}
#define DEFINE_WAIT(_name)	DEFINE_WAIT_FUNC(_name, autoremove_wake_function)

void __init_waitqueue_head(struct wait_queue_head *wq, const char *name,
			   struct lock_class_key *key);
#define init_waitqueue_head(_wq) do {							\
	static struct lock_class_key __hosted_key;					\
	__init_waitqueue_head(_wq, #_wq, &__hosted_key);				\
} while (0)

static inline void init_waitqueue_func_entry(struct wait_queue_entry *entry,
					     wait_queue_func_t func)
{
	entry->flags = 0;
	entry->private = NULL;
	entry->func = func;
}

void init_wait_entry(struct wait_queue_entry *entry, int flags);
void add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void prepare_to_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry, int state);
bool prepare_to_wait_exclusive(struct wait_queue_head *wq, struct wait_queue_entry *entry,
			       int state);
long prepare_to_wait_event(struct wait_queue_head *wq, struct wait_queue_entry *entry, int state);
void finish_wait(struct wait_queue_head *wq, struct wait_queue_entry *entry);
int __wake_up(struct wait_queue_head *wq, unsigned int mode, int nr, void *key);
void __add_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void __add_wait_queue_entry_tail(struct wait_queue_head *wq, struct wait_queue_entry *entry);
void __remove_wait_queue(struct wait_queue_head *wq, struct wait_queue_entry *entry);

static inline int waitqueue_active(struct wait_queue_head *wq)
{
	return !list_empty(&wq->head);
}

#define poll_to_key(_m)			((void *)(uintptr_t)(__poll_t)(_m))
#define key_to_poll(_k)			((__poll_t)(uintptr_t)(_k))

#define wake_up(_wq)			__wake_up(_wq, TASK_NORMAL, 1, NULL)
#define wake_up_all(_wq)		__wake_up(_wq, TASK_NORMAL, 0, NULL)
#define wake_up_interruptible(_wq)	__wake_up(_wq, TASK_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_all(_wq)	__wake_up(_wq, TASK_INTERRUPTIBLE, 0, NULL)
#define wake_up_poll(_wq, _m)		__wake_up(_wq, TASK_NORMAL, 1, poll_to_key(_m))
#define wake_up_interruptible_poll(_wq, _m) \
	__wake_up(_wq, TASK_INTERRUPTIBLE, 1, poll_to_key(_m))

/* Sleeps by @_cmd while @_cond is false. Evaluates to 0, or what ended it early. */
#define ___wait_event(_wq, _cond, _state, _exclusive, _ret, _cmd) ({			\
	struct wait_queue_entry __hosted_entry;						\
	typeof(_ret) __hosted_ret = (_ret);						\
											\
	init_wait_entry(&__hosted_entry, (_exclusive) ? WQ_FLAG_EXCLUSIVE : 0);		\
	for (;;) {									\
		long __hosted_int = prepare_to_wait_event(&(_wq), &__hosted_entry, _state); \
											\
		if (_cond)								\
			break;								\
		if (((_state) & (TASK_INTERRUPTIBLE | TASK_WAKEKILL)) && __hosted_int) { \
			__hosted_ret = __hosted_int;					\
			break;								\
		}									\
		_cmd;									\
	}										\
	finish_wait(&(_wq), &__hosted_entry);						\
	__hosted_ret;									\
})

#define ___wait_timeout(_wq, _cond, _state, _timeout) ({				\
	long __hosted_left = (_timeout);						\
	bool __hosted_met = (_cond);							\
											\
	if (!__hosted_met && __hosted_left) {						\
		long __hosted_err = ___wait_event(_wq,					\
			(__hosted_met = (_cond)) || !__hosted_left, _state, false, 0L,	\
			__hosted_left = schedule_timeout(__hosted_left));		\
											\
		if (__hosted_err)							\
			__hosted_left = __hosted_err;					\
	}										\
	__hosted_met && !__hosted_left ? 1 : __hosted_left;				\
})

#define wait_event(_wq, _cond) do {							\
	might_sleep();									\
	if (!(_cond))									\
		(void)___wait_event(_wq, _cond, TASK_UNINTERRUPTIBLE, false, 0, schedule()); \
} while (0)
#define wait_event_interruptible(_wq, _cond) ({						\
	int __hosted_wei = 0;								\
	might_sleep();									\
	if (!(_cond))									\
		__hosted_wei = ___wait_event(_wq, _cond, TASK_INTERRUPTIBLE, false, 0, schedule()); \
	__hosted_wei;									\
})
#define wait_event_timeout(_wq, _cond, _timeout) \
	({ might_sleep(); ___wait_timeout(_wq, _cond, TASK_UNINTERRUPTIBLE, _timeout); })
#define wait_event_interruptible_timeout(_wq, _cond, _timeout) \
	({ might_sleep(); ___wait_timeout(_wq, _cond, TASK_INTERRUPTIBLE, _timeout); })

#endif
