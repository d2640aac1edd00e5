/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What emul's files know of each other, and classes of them
 */
#ifndef HOSTED_EMUL_H
#define HOSTED_EMUL_H

#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "kit/kit.h"

/* locking.c: what lockdep and the context checks know */
enum lock_mode { LOCK_READ, LOCK_WRITE, LOCK_TRY };

struct lockdep_map;

void lock_acquire(struct lockdep_map *map, const void *lock, unsigned int subclass,
		  enum lock_mode mode);
void lock_release(const void *lock, const char *how);
void check_may_sleep(const char *what);

/* irq.c: interrupt context of the running thread */
void hardirq_enter(void);
void hardirq_exit(void);
void softirq_run(struct kit_thread *self);
int softirq_init(void);
void softirq_stop(void);

/* timer.c */
int timer_init(void);
void timer_stop(void);
bool timer_run_due(void);

/* workqueue.c */
int workqueue_init(void);
void workqueue_stop(void);
bool workqueue_run_one(void);

/* string.c */
int parse_number(const char *s, unsigned int base, unsigned long long *value, bool *negative,
		 const char **end);

/* timer.c: a lock of the kit that callers in interrupts take, too */
unsigned long lock_irqsave(struct kit_spin *lock);
void unlock_irqrestore(struct kit_spin *lock, unsigned long flags);
/* Adds 1 to a word that threads wait for. */
void tell(unsigned int *word);

#define TICK	(NSEC_PER_SEC / HZ)

/* What is too far to tell is never. */
static inline kit_u64 ticks_to_ns(kit_u64 ticks)
{
	return ticks > KIT_NEVER / TICK ? KIT_NEVER : ticks * TICK;
}

/* KIT_INLINE: no thread is made for what is put off. */
static inline bool runs_inline(void)
{
	return kit_policy == KIT_INLINE;
}

#endif /* HOSTED_EMUL_H */
