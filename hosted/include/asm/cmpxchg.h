/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_CMPXCHG_H
#define _HOSTED_ASM_CMPXCHG_H

#define xchg(_p, _v)			__atomic_exchange_n(_p, _v, __ATOMIC_SEQ_CST)
#define cmpxchg(_p, _o, _n) ({								\
	typeof(*(_p)) __hosted_o = (_o);						\
	__atomic_compare_exchange_n(_p, &__hosted_o, _n, 0, __ATOMIC_SEQ_CST,		\
				    __ATOMIC_RELAXED);					\
	__hosted_o;									\
})
#define try_cmpxchg(_p, _op, _n) \
	__atomic_compare_exchange_n(_p, _op, _n, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

#endif
