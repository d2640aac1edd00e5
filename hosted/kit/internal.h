/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kit's files know of each other
 */
#ifndef HOSTED_KIT_INTERNAL_H
#define HOSTED_KIT_INTERNAL_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kit.h"

#define likely(_x)	__builtin_expect(!!(_x), 1)
#define unlikely(_x)	__builtin_expect(!!(_x), 0)
#define ARRAY_SIZE(_a)	(sizeof(_a) / sizeof((_a)[0]))

/* stack.c */
int stack_init(void);
void stack_enter(int slot);		/* on the new stack */
void *stack_base(int slot);
size_t stack_size(void);

/* thread.c */
int thread_slot(enum kit_kind kind, const char *name, int (*fn)(void *arg), void *arg, int slot);
void thread_wait(int slot);
void thread_hand_over(struct kit_thread *self);
const char *thread_kind(enum kit_kind kind);

/* sync.c */
int sync_init(void);
void sync_reap(struct kit_thread *thread);
void sync_count(void);

/* policy.c */
void policy_init(void);
void policy_go(void);
void policy_born(struct kit_thread *thread);
void policy_start(struct kit_thread *self);
void policy_end(struct kit_thread *self);
int policy_wait(const unsigned int *word, unsigned int value, kit_u64 deadline);
void policy_wake(const unsigned int *word, unsigned int count);
kit_u64 policy_now(void);
void policy_time(kit_u64 ns);

static inline bool policy_is_virtual(void)
{
	return kit_policy >= KIT_REPLAY;
}

/* irq.c */
bool irq_run_inline(void);

/* time.c */
void time_init(void);

/* memory.c */
void memory_init(void);

/* grant.c */
int grant_init(void);
bool grant_fault(kit_addr addr, bool write, bool bus);

/* log.c */
void log_init(void);

#endif /* HOSTED_KIT_INTERNAL_H */
