/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RWSEM_H
#define _HOSTED_LINUX_RWSEM_H

#include <linux/cleanup.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/spinlock_types.h>

struct rw_semaphore {
	spinlock_t wait_lock;
	int count;			/* readers, -1 for a writer */
	unsigned int owner;		/* slot + 1 of the writer */
	struct list_head waiters;	/* first come, first served */
	struct lockdep_map dep_map;
};

#define __RWSEM_INITIALIZER(_name) {							\
	.wait_lock = __SPIN_LOCK_INITIALIZER(_name.wait_lock),				\
	.waiters = LIST_HEAD_INIT(_name.waiters),					\
	__LOCKDEP_MAP(_name)								\
}
#define DECLARE_RWSEM(_name)	struct rw_semaphore _name = __RWSEM_INITIALIZER(_name)

void __init_rwsem(struct rw_semaphore *sem, const char *name, struct lock_class_key *key);
void down_read(struct rw_semaphore *sem);
int down_read_trylock(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
int down_write_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
void downgrade_write(struct rw_semaphore *sem);
int rwsem_is_locked(struct rw_semaphore *sem);

#define init_rwsem(_s) do {								\
	static struct lock_class_key __hosted_key;					\
	__init_rwsem(_s, #_s, &__hosted_key);						\
} while (0)

DEFINE_GUARD(rwsem_read, struct rw_semaphore *, down_read(_T), up_read(_T))
DEFINE_GUARD(rwsem_write, struct rw_semaphore *, down_write(_T), up_write(_T))

#endif
