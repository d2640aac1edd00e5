/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RCUPDATE_H
#define _HOSTED_LINUX_RCUPDATE_H

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/preempt.h>
#include <asm/barrier.h>
#include <linux/types.h>

/* Readers are counted; a grace period waits for those that were there before. */
void rcu_read_lock(void);
void rcu_read_unlock(void);
void synchronize_rcu(void);
void call_rcu(struct rcu_head *head, rcu_callback_t func);
void rcu_barrier(void);
void kvfree_call_rcu(struct rcu_head *head, void *ptr);

#define rcu_access_pointer(_p)		READ_ONCE(_p)
#define rcu_dereference_raw(_p)		smp_load_acquire(&(_p))
#define rcu_dereference_check(_p, _c)	smp_load_acquire(&(_p))
#define rcu_dereference(_p)		smp_load_acquire(&(_p))
#define rcu_dereference_protected(_p, _c) ({ (void)(_c); READ_ONCE(_p); })
#define rcu_assign_pointer(_p, _v)	smp_store_release(&(_p), _v)
#define RCU_INIT_POINTER(_p, _v)	WRITE_ONCE(_p, _v)
#define rcu_replace_pointer(_p, _v, _c)	({ (void)(_c); xchg(&(_p), _v); })
#define kfree_rcu(_p, _m)		kvfree_call_rcu(&(_p)->_m, _p)

DEFINE_LOCK_GUARD_0(rcu, rcu_read_lock(), rcu_read_unlock())

#endif
