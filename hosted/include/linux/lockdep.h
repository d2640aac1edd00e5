/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_LOCKDEP_H
#define _HOSTED_LINUX_LOCKDEP_H

#include <linux/lockdep_types.h>
#include <linux/bug.h>

/* Does the running thread hold @_l? A spinlock, a mutex, an rwsem: what has a dep_map. */
bool __lock_is_held(const void *lock);

#define lockdep_is_held(_l)		__lock_is_held(_l)
#define lockdep_assert_held(_l)		((void)WARN_ON(!__lock_is_held(_l)))
#define lockdep_assert_held_write(_l)	((void)WARN_ON(!__lock_is_held_write(_l)))
#define lockdep_assert_held_read(_l)	lockdep_assert_held(_l)
#define lockdep_assert_held_once(_l)	lockdep_assert_held(_l)
#define lockdep_assert_not_held(_l)	((void)WARN_ON(__lock_is_held(_l)))
#define lockdep_assert(_c)		((void)WARN_ON(!(_c)))
#define lockdep_assert_irqs_disabled()	((void)WARN_ON(!irqs_disabled()))
#define lockdep_assert_in_softirq()	((void)WARN_ON(!in_softirq()))
#define lockdep_set_class(_l, _key)	((_l)->dep_map.key = (_key), (_l)->dep_map.class = 0)
#define lockdep_set_class_and_name(_l, _key, _name) \
	(lockdep_set_class(_l, _key), (_l)->dep_map.name = (_name))
extern struct lock_class_key __lockdep_no_validate__;
#define lockdep_set_novalidate_class(_l) lockdep_set_class(_l, &__lockdep_no_validate__)
#define lockdep_register_key(_key)	((void)(_key))
#define lockdep_unregister_key(_key)	((void)(_key))

#endif
