// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path: waiting and waking, and the sync thread, which ends threads that
 * nobody joins. Whatever needs no waiting never gets here, and a counter tells.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

static kit_u64 calls;

/* Ended threads, by slot, that the sync thread has to join; a bit each. */
static unsigned int dead;

void sync_count(void)
{
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}

kit_u64 kit_sync_calls(void)
{
	return __atomic_load_n(&calls, __ATOMIC_RELAXED);
}

static int futex_wait(const unsigned int *word, unsigned int value, kit_u64 deadline)
{
	struct timespec limit, *timeout = NULL;

	if (deadline != KIT_NEVER) {
		kit_u64 now = kit_now();

		if (now >= deadline)
			return -ETIMEDOUT;
		limit.tv_sec = (deadline - now) / 1000000000;
		limit.tv_nsec = (deadline - now) % 1000000000;
		timeout = &limit;
	}
	if (!syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout, NULL, 0))
		return 0;
	return errno == ETIMEDOUT ? -ETIMEDOUT : 0;
}

int kit_word_wait(const unsigned int *word, unsigned int value, kit_u64 deadline)
{
	sync_count();
	return policy_is_virtual() ? policy_wait(word, value, deadline) :
				     futex_wait(word, value, deadline);
}

void kit_word_wake(const unsigned int *word, unsigned int count)
{
	sync_count();
	if (policy_is_virtual())
		policy_wake(word, count);
	else
		syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count ? count : INT_MAX, NULL, NULL,
			0);
}

int kit_word_sleep(const unsigned int *word, unsigned int value, kit_u64 deadline)
{
	thread_hand_over(kit_current());
	return kit_word_wait(word, value, deadline);
}

int kit_park(kit_u64 deadline)
{
	struct kit_thread *self = kit_current();
	int err = 0;

	thread_hand_over(self);
	while (!__atomic_exchange_n(&self->token, 0, __ATOMIC_ACQUIRE)) {
		if (err)
			return err;
		err = kit_word_wait(&self->token, 0, deadline);
	}
	return 0;
}

void kit_unpark(struct kit_thread *thread)
{
	if (!__atomic_exchange_n(&thread->token, 1, __ATOMIC_RELEASE))
		kit_word_wake(&thread->token, 1);
}

/*
 * Locks. The word is the owner's slot + 1, so that each check is a comparison;
 * whoever waits leaves a bit there for the owner to see.
 */

#define SPINS	100	/* with SMP, before waiting: an owner holds it for less than this */

static void check_recursion(const unsigned int *word, unsigned int me, const char *what)
{
	if ((__atomic_load_n(word, __ATOMIC_RELAXED) & ~KIT_SPIN_WAITERS) == me)
		kit_die("%s is taken by the thread that holds it", what);
}

void kit_word_lock(unsigned int *word, unsigned int me, const char *what)
{
	unsigned int old, spins = policy_is_virtual() ? 0 : SPINS;

	check_recursion(word, me, what);
	sync_count();
	for (;;) {
		old = __atomic_load_n(word, __ATOMIC_RELAXED);
		if (!old) {
			/* Others may be waiting, too; one wake-up too many does no harm. */
			if (__atomic_compare_exchange_n(word, &old, me | KIT_SPIN_WAITERS, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return;
		} else if (spins) {
			spins--;
			__asm__ volatile("" : : : "memory");
		} else if (old & KIT_SPIN_WAITERS ||
			   __atomic_compare_exchange_n(word, &old, old | KIT_SPIN_WAITERS, false,
						       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			kit_word_wait(word, old | KIT_SPIN_WAITERS, KIT_NEVER);
		}
	}
}

struct kit_spin kit_cpu;

void kit_cpu_left(unsigned int owner)
{
	if ((owner & ~KIT_SPIN_WAITERS) != kit_current()->slot + 1U)
		kit_die("the virtual CPU is given back by a thread that does not have it");
	kit_word_wake(&kit_cpu.word, 1);
}

bool kit_spin_trylock(struct kit_spin *lock)
{
	unsigned int me = kit_current()->slot + 1;
	bool taken;

	kit_point();
	kit_cpu_own();
	taken = kit_word_trylock(&lock->word, me);
	if (!taken)
		kit_cpu_leave();
	return taken;
}

/*
 * The sync thread
 */

void sync_reap(struct kit_thread *thread)
{
	__atomic_fetch_or(&dead, 1U << thread->slot, __ATOMIC_SEQ_CST);
	kit_word_wake(&dead, 0);
}

static int sync_main(void *arg)
{
	const unsigned int *ended = arg;
	unsigned int slots;
	int slot;

	for (;;) {
		slots = __atomic_exchange_n(&dead, 0, __ATOMIC_SEQ_CST);
		for (slot = 0; slot < KIT_SLOTS; slot++)
			if (slots & 1U << slot)
				kit_thread_join(&kit_threads[slot]);
		if (!slots)
			kit_word_wait(ended, 0, KIT_NEVER);
	}
	return 0;
}

int sync_init(void)
{
	return thread_slot(KIT_SYNC, "sync", sync_main, &dead, 1);
}
