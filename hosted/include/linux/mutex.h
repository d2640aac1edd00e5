/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_MUTEX_H
#define _HOSTED_LINUX_MUTEX_H

#include <linux/cleanup.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

struct mutex {
	unsigned int owner;		/* slot + 1, MUTEX_WAITERS */
	spinlock_t wait_lock;
	struct list_head waiters;
	struct lockdep_map dep_map;
};

#define __MUTEX_INITIALIZER(_name) {							\
	.wait_lock = __SPIN_LOCK_INITIALIZER(_name.wait_lock),				\
	.waiters = LIST_HEAD_INIT(_name.waiters),					\
	__LOCKDEP_MAP(_name)								\
}
#define DEFINE_MUTEX(_name)	struct mutex _name = __MUTEX_INITIALIZER(_name)

void __mutex_init(struct mutex *lock, const char *name, struct lock_class_key *key);
void mutex_lock_nested(struct mutex *lock, unsigned int subclass);
int __must_check mutex_lock_interruptible(struct mutex *lock);
int mutex_trylock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
bool mutex_is_locked(struct mutex *lock);

#define mutex_init(_l) do {								\
	static struct lock_class_key __hosted_key;					\
	__mutex_init(_l, #_l, &__hosted_key);						\
} while (0)
#define mutex_lock(_l)		mutex_lock_nested(_l, 0)

DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T))

#endif
