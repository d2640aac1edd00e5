/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RWLOCK_H
#define _HOSTED_LINUX_RWLOCK_H

#include <linux/lockdep.h>
#include <linux/spinlock_types.h>

void _read_lock(rwlock_t *lock);
void _read_unlock(rwlock_t *lock);
bool _read_trylock(rwlock_t *lock);
void _write_lock(rwlock_t *lock);
void _write_unlock(rwlock_t *lock);
bool _write_trylock(rwlock_t *lock);
void _read_lock_bh(rwlock_t *lock);
void _read_unlock_bh(rwlock_t *lock);
void _write_lock_bh(rwlock_t *lock);
void _write_unlock_bh(rwlock_t *lock);
unsigned long _read_lock_irqsave(rwlock_t *lock);
void _read_unlock_irqrestore(rwlock_t *lock, unsigned long flags);
unsigned long _write_lock_irqsave(rwlock_t *lock);
void _write_unlock_irqrestore(rwlock_t *lock, unsigned long flags);

#define rwlock_init(_l) do {								\
	static struct lock_class_key __hosted_key;					\
	(_l)->word = (_l)->readers = (_l)->writer = (_l)->waiters = 0;			\
	(_l)->sleepers = 0;								\
	__lockdep_init(&(_l)->dep_map, #_l, &__hosted_key);				\
} while (0)

#define read_lock(_l)			_read_lock(_l)
#define read_unlock(_l)			_read_unlock(_l)
#define read_trylock(_l)		_read_trylock(_l)
#define write_lock(_l)			_write_lock(_l)
#define write_unlock(_l)		_write_unlock(_l)
#define write_trylock(_l)		_write_trylock(_l)
#define read_lock_bh(_l)		_read_lock_bh(_l)
#define read_unlock_bh(_l)		_read_unlock_bh(_l)
#define write_lock_bh(_l)		_write_lock_bh(_l)
#define write_unlock_bh(_l)		_write_unlock_bh(_l)
#define read_lock_irqsave(_l, _f)	((_f) = _read_lock_irqsave(_l))
#define read_unlock_irqrestore(_l, _f)	_read_unlock_irqrestore(_l, _f)
#define write_lock_irqsave(_l, _f)	((_f) = _write_lock_irqsave(_l))
#define write_unlock_irqrestore(_l, _f)	_write_unlock_irqrestore(_l, _f)
#define read_lock_irq(_l)		((void)_read_lock_irqsave(_l))
#define read_unlock_irq(_l)		_read_unlock_irqrestore(_l, 0)
#define write_lock_irq(_l)		((void)_write_lock_irqsave(_l))
#define write_unlock_irq(_l)		_write_unlock_irqrestore(_l, 0)

#endif
