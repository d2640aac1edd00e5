/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SPINLOCK_H
#define _HOSTED_LINUX_SPINLOCK_H

#include <linux/atomic.h>
#include <linux/bottom_half.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/preempt.h>
#include <linux/rwlock.h>
#include <linux/spinlock_types.h>

/*
 * With the SMP policy a lock is a real lock, with UP it is the virtual CPU; see
 * kit.h. Each checks owner, context and order.
 */
void _spin_lock(spinlock_t *lock, unsigned int subclass);
void _spin_lock_bh(spinlock_t *lock);
void _spin_lock_irq(spinlock_t *lock);
unsigned long _spin_lock_irqsave(spinlock_t *lock, unsigned int subclass);
bool _spin_trylock(spinlock_t *lock);
bool _spin_trylock_bh(spinlock_t *lock);
bool _spin_trylock_irqsave(spinlock_t *lock, unsigned long *flags);
void _spin_unlock(spinlock_t *lock);
void _spin_unlock_bh(spinlock_t *lock);
void _spin_unlock_irq(spinlock_t *lock);
void _spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags);
bool _spin_is_locked(const spinlock_t *lock);

#define spin_lock_init(_l) do {								\
	static struct lock_class_key __hosted_key;					\
	(_l)->word = 0;									\
	__lockdep_init(&(_l)->dep_map, #_l, &__hosted_key);				\
} while (0)

#define spin_lock(_l)			_spin_lock(_l, 0)
#define spin_lock_bh(_l)		_spin_lock_bh(_l)
#define spin_lock_irq(_l)		_spin_lock_irq(_l)
#define spin_lock_irqsave(_l, _f)	((_f) = _spin_lock_irqsave(_l, 0))
#define spin_trylock(_l)		_spin_trylock(_l)
#define spin_trylock_bh(_l)		_spin_trylock_bh(_l)
#define spin_trylock_irqsave(_l, _f)	_spin_trylock_irqsave(_l, &(_f))
#define spin_unlock(_l)			_spin_unlock(_l)
#define spin_unlock_bh(_l)		_spin_unlock_bh(_l)
#define spin_unlock_irq(_l)		_spin_unlock_irq(_l)
#define spin_unlock_irqrestore(_l, _f)	_spin_unlock_irqrestore(_l, _f)
#define spin_is_locked(_l)		_spin_is_locked(_l)
#define assert_spin_locked(_l)		lockdep_assert_held(_l)

#define raw_spin_lock_init(_l)			spin_lock_init(&(_l)->lock)
#define raw_spin_lock(_l)			spin_lock(&(_l)->lock)
#define raw_spin_lock_irq(_l)			spin_lock_irq(&(_l)->lock)
#define raw_spin_lock_irqsave(_l, _f)		spin_lock_irqsave(&(_l)->lock, _f)
#define raw_spin_trylock(_l)			spin_trylock(&(_l)->lock)
#define raw_spin_unlock(_l)			spin_unlock(&(_l)->lock)
#define raw_spin_unlock_irq(_l)			spin_unlock_irq(&(_l)->lock)
#define raw_spin_unlock_irqrestore(_l, _f)	spin_unlock_irqrestore(&(_l)->lock, _f)

DEFINE_LOCK_GUARD_1(spinlock, spinlock_t, spin_lock(_T->lock), spin_unlock(_T->lock))
DEFINE_LOCK_GUARD_1(spinlock_irq, spinlock_t, spin_lock_irq(_T->lock),
		    spin_unlock_irq(_T->lock))
DEFINE_LOCK_GUARD_1(spinlock_bh, spinlock_t, spin_lock_bh(_T->lock), spin_unlock_bh(_T->lock))
DEFINE_LOCK_GUARD_1(spinlock_irqsave, spinlock_t, spin_lock_irqsave(_T->lock, _T->flags),
		    spin_unlock_irqrestore(_T->lock, _T->flags), unsigned long flags)

#endif
