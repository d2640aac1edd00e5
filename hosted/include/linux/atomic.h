/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_ATOMIC_H
#define _HOSTED_LINUX_ATOMIC_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>

#define ATOMIC_INIT(_i)		{ (_i) }
#define ATOMIC64_INIT(_i)	{ (_i) }

/* As in the kernel: what returns a value is ordered, what does not is not. */
#define __hosted_atomic(_p, _t, _v)							\
	static inline _v _p##_read(const _t *v)						\
	{										\
		return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);			\
	}										\
	static inline _v _p##_read_acquire(const _t *v)					\
	{										\
		return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);			\
	}										\
	static inline void _p##_set(_t *v, _v i)					\
	{										\
		__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);			\
	}										\
	static inline void _p##_set_release(_t *v, _v i)				\
	{										\
		__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);			\
	}										\
	static inline _v _p##_xchg(_t *v, _v i)						\
	{										\
		return __atomic_exchange_n(&v->counter, i, __ATOMIC_SEQ_CST);		\
	}										\
	static inline bool _p##_try_cmpxchg(_t *v, _v *old, _v new)			\
	{										\
		return __atomic_compare_exchange_n(&v->counter, old, new, false,	\
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);	\
	}										\
	static inline _v _p##_cmpxchg(_t *v, _v old, _v new)				\
	{										\
		_p##_try_cmpxchg(v, &old, new);						\
		return old;								\
	}										\
	static inline bool _p##_add_unless(_t *v, _v a, _v unless)			\
	{										\
		_v old = _p##_read(v);							\
											\
		do {									\
			if (old == unless)						\
				return false;						\
		} while (!_p##_try_cmpxchg(v, &old, (_v)((u64)old + (u64)a)));		\
		return true;								\
	}										\
	static inline _v _p##_dec_if_positive(_t *v)					\
	{										\
		_v old = _p##_read(v);							\
											\
		do {									\
			if (old <= 0)							\
				return old - 1;						\
		} while (!_p##_try_cmpxchg(v, &old, old - 1));				\
		return old - 1;								\
	}										\
	__hosted_atomic_op(_p, _t, _v, add)						\
	__hosted_atomic_op(_p, _t, _v, sub)						\
	__hosted_atomic_op(_p, _t, _v, and)						\
	__hosted_atomic_op(_p, _t, _v, or)						\
	__hosted_atomic_op(_p, _t, _v, xor)						\
	static inline void _p##_andnot(_v i, _t *v)					\
	{										\
		_p##_and(~i, v);							\
	}

#define __hosted_atomic_op(_p, _t, _v, _op)						\
	static inline void _p##_##_op(_v i, _t *v)					\
	{										\
		__atomic_fetch_##_op(&v->counter, i, __ATOMIC_RELAXED);			\
	}										\
	static inline _v _p##_fetch_##_op(_v i, _t *v)					\
	{										\
		return __atomic_fetch_##_op(&v->counter, i, __ATOMIC_SEQ_CST);		\
	}										\
	static inline _v _p##_fetch_##_op##_relaxed(_v i, _t *v)			\
	{										\
		return __atomic_fetch_##_op(&v->counter, i, __ATOMIC_RELAXED);		\
	}										\
	static inline _v _p##_##_op##_return(_v i, _t *v)				\
	{										\
		return __atomic_##_op##_fetch(&v->counter, i, __ATOMIC_SEQ_CST);	\
	}

__hosted_atomic(atomic, atomic_t, int)
__hosted_atomic(atomic64, atomic64_t, s64)

#define __hosted_atomic_short(_p, _t)							\
	static inline void _p##_inc(_t *v)						\
	{										\
		_p##_add(1, v);								\
	}										\
	static inline void _p##_dec(_t *v)						\
	{										\
		_p##_sub(1, v);								\
	}
__hosted_atomic_short(atomic, atomic_t)
__hosted_atomic_short(atomic64, atomic64_t)

#define atomic_inc_return(_v)		atomic_add_return(1, _v)
#define atomic_dec_return(_v)		atomic_sub_return(1, _v)
#define atomic_inc_and_test(_v)		(atomic_add_return(1, _v) == 0)
#define atomic_dec_and_test(_v)		(atomic_sub_return(1, _v) == 0)
#define atomic_sub_and_test(_i, _v)	(atomic_sub_return(_i, _v) == 0)
#define atomic_fetch_inc(_v)		atomic_fetch_add(1, _v)
#define atomic_fetch_dec(_v)		atomic_fetch_sub(1, _v)
#define atomic_inc_not_zero(_v)		atomic_add_unless(_v, 1, 0)
#define atomic64_inc_return(_v)		atomic64_add_return(1, _v)
#define atomic64_dec_return(_v)		atomic64_sub_return(1, _v)
#define atomic64_dec_and_test(_v)	(atomic64_sub_return(1, _v) == 0)

#define smp_mb__before_atomic()		smp_mb()
#define smp_mb__after_atomic()		smp_mb()

#endif
