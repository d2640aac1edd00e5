/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SEMAPHORE_H
#define _HOSTED_LINUX_SEMAPHORE_H

#include <linux/list.h>
#include <linux/spinlock.h>

struct semaphore {
	spinlock_t lock;
	int count;
	struct list_head waiters;
};

#define __SEMAPHORE_INITIALIZER(_name, _n) {						\
	.lock = __SPIN_LOCK_INITIALIZER(_name.lock),					\
	.count = _n,									\
	.waiters = LIST_HEAD_INIT(_name.waiters),					\
}
#define DEFINE_SEMAPHORE(_name, _n) \
	struct semaphore _name = __SEMAPHORE_INITIALIZER(_name, _n)

#define sema_init(_sem, _n) do {							\
	spin_lock_init(&(_sem)->lock);							\
	(_sem)->count = (_n);								\
	INIT_LIST_HEAD(&(_sem)->waiters);						\
} while (0)

void down(struct semaphore *sem);
int __must_check down_interruptible(struct semaphore *sem);
int __must_check down_trylock(struct semaphore *sem);
int __must_check down_timeout(struct semaphore *sem, long timeout);
void up(struct semaphore *sem);

#endif
