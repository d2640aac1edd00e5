/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_LOCKDEP_H
#define _HOSTED_LINUX_LOCKDEP_H

#include <linux/lockdep_types.h>
#include <linux/bug.h>

/* Does the running thread hold @_l? A spinlock, a mutex, an rwsem: what has a dep_map. */
bool __lock_is_held(const void *lock);

#define lockdep_is_held(_l)		__lock_is_held(_l)
#define lockdep_assert_held(_l)		((void)WARN_ON(!__lock_is_held(_l)))
#define lockdep_set_class(_l, _key)	((_l)->dep_map.key = (_key), (_l)->dep_map.class = 0)
extern struct lock_class_key __lockdep_no_validate__;
#define lockdep_set_novalidate_class(_l) lockdep_set_class(_l, &__lockdep_no_validate__)

#endif
