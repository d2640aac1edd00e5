/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SPINLOCK_TYPES_H
#define _HOSTED_LINUX_SPINLOCK_TYPES_H

#include <linux/lockdep_types.h>

/* kit.h's struct kit_spin; drivers do not see that header. */
typedef struct spinlock {
	unsigned int word;
	struct lockdep_map dep_map;
} spinlock_t;

/* Here neither of them sleeps. */
typedef struct raw_spinlock {
	spinlock_t lock;
} raw_spinlock_t;

typedef struct {
	unsigned int word;		/* protects the rest */
	unsigned int readers;
	unsigned int writer;		/* slot + 1 */
	unsigned int waiters;		/* changes when it may be free; waited for */
	unsigned int sleepers;		/* who wait for that */
	struct lockdep_map dep_map;
} rwlock_t;

#define __SPIN_LOCK_INITIALIZER(_name)	{ __LOCKDEP_MAP(_name) }
#define DEFINE_SPINLOCK(_name)		spinlock_t _name = __SPIN_LOCK_INITIALIZER(_name)
#define DEFINE_RAW_SPINLOCK(_name) \
	raw_spinlock_t _name = { .lock = __SPIN_LOCK_INITIALIZER(_name) }
#define DEFINE_RWLOCK(_name)		rwlock_t _name = { __LOCKDEP_MAP(_name) }

#endif
