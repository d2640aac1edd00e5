/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BITOPS_H
#define _HOSTED_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

static inline void set_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline void clear_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

static inline bool test_bit(long nr, const volatile unsigned long *addr)
{
	return __atomic_load_n((unsigned long *)addr + BIT_WORD(nr), __ATOMIC_RELAXED) &
	       BIT_MASK(nr);
}

static inline bool test_bit_acquire(long nr, const volatile unsigned long *addr)
{
	return __atomic_load_n((unsigned long *)addr + BIT_WORD(nr), __ATOMIC_ACQUIRE) &
	       BIT_MASK(nr);
}

static inline bool test_and_set_bit(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

static inline bool test_and_clear_bit(long nr, volatile unsigned long *addr)
{
	return __atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

static inline void clear_bit_unlock(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_RELEASE);
}

static inline void __set_bit(long nr, volatile unsigned long *addr)
{
	addr[BIT_WORD(nr)] |= BIT_MASK(nr);
}

static inline void __clear_bit(long nr, volatile unsigned long *addr)
{
	addr[BIT_WORD(nr)] &= ~BIT_MASK(nr);
}

#define assign_bit(_nr, _addr, _value) \
	((_value) ? set_bit((_nr), (_addr)) : clear_bit((_nr), (_addr)))

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

#define ffs(_x)			__builtin_ffs(_x)
#define __ffs(_x)		((unsigned long)__builtin_ctzl(_x))
#define __fls(_x)		((unsigned long)(63 - __builtin_clzl(_x)))
#define hweight32(_x)		((unsigned int)__builtin_popcount((u32)(_x)))

#define __hosted_rot(_type, _l, _r)							\
	static inline _type _l(_type x, unsigned int n)					\
	{										\
		n &= sizeof(x) * 8 - 1;							\
		return n ? (_type)(x << n | x >> (sizeof(x) * 8 - n)) : x;		\
	}										\
	static inline _type _r(_type x, unsigned int n)					\
	{										\
		n &= sizeof(x) * 8 - 1;							\
		return n ? (_type)(x >> n | x << (sizeof(x) * 8 - n)) : x;		\
	}
__hosted_rot(u8, rol8, ror8)
__hosted_rot(u16, rol16, ror16)
__hosted_rot(u32, rol32, ror32)
__hosted_rot(u64, rol64, ror64)

static inline s32 sign_extend32(u32 value, int index)
{
	return (s32)(value << (31 - index)) >> (31 - index);
}

#include <linux/find.h>

#endif
