/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_BARRIER_H
#define _HOSTED_ASM_BARRIER_H

#include <linux/compiler.h>

/*
 * Fences. Race detectors know none, so there each is a read-modify-write of one
 * word: that orders at least as much.
 */
#ifdef HOSTED_TSAN
extern int hosted_fence;
#define __hosted_mb(_order)	((void)__atomic_fetch_add(&hosted_fence, 0, __ATOMIC_SEQ_CST))
#else
#define __hosted_mb(_order)	__atomic_thread_fence(_order)
#endif

#define mb()			__hosted_mb(__ATOMIC_SEQ_CST)
#define rmb()			__hosted_mb(__ATOMIC_ACQUIRE)
#define wmb()			__hosted_mb(__ATOMIC_RELEASE)
#define smp_mb()		mb()
#define smp_rmb()		rmb()
#define smp_wmb()		wmb()
#define dma_rmb()		rmb()
#define dma_wmb()		wmb()
#define virt_mb()		mb()

#define smp_load_acquire(_p)		__atomic_load_n(_p, __ATOMIC_ACQUIRE)
#define smp_store_release(_p, _v)	__atomic_store_n(_p, _v, __ATOMIC_RELEASE)
#define smp_store_mb(_p, _v)		((void)__atomic_exchange_n(&(_p), _v, __ATOMIC_SEQ_CST))
#define virt_load_acquire(_p)		smp_load_acquire(_p)
#define virt_store_release(_p, _v)	smp_store_release(_p, _v)

static inline void cpu_relax(void)
{
#ifdef __x86_64__
	__builtin_ia32_pause();
#else
	barrier();
#endif
}

#endif
