// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path: waiting and waking, and the sync thread, which ends threads that
 * nobody joins. Whatever needs no waiting never gets here, and a counter tells.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
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

static void lock_slow(unsigned int *word, unsigned int me, const char *what)
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

static inline bool try_lock(unsigned int *word, unsigned int me)
{
	unsigned int free = 0;

	return __atomic_compare_exchange_n(word, &free, me, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void unlock(unsigned int *word)
{
	if (unlikely(__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) & KIT_SPIN_WAITERS))
		kit_word_wake(word, 1);
}

/* KIT_UP: who has the CPU */
static unsigned int cpu;

void kit_cpu_own(void)
{
	struct kit_thread *self;

	if (kit_policy != KIT_UP)
		return;
	self = kit_current();
	if (!self->vcpu++ && unlikely(!try_lock(&cpu, self->slot + 1)))
		lock_slow(&cpu, self->slot + 1, "the virtual CPU");
}

void kit_cpu_leave(void)
{
	struct kit_thread *self;

	if (kit_policy != KIT_UP)
		return;
	self = kit_current();
	if (!self->vcpu)
		kit_die("the virtual CPU is given back by a thread that does not have it");
	if (!--self->vcpu)
		unlock(&cpu);
}

/* With UP, only the holder of the CPU gets here, so a lock is held by itself or nobody. */
static bool up_trylock(struct kit_spin *lock, unsigned int me)
{
	if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED))
		return false;
	__atomic_store_n(&lock->word, me, __ATOMIC_RELAXED);
	return true;
}

void kit_spin_lock(struct kit_spin *lock)
{
	unsigned int me = kit_current()->slot + 1;

	kit_point();
	if (kit_policy == KIT_UP) {
		kit_cpu_own();
		if (unlikely(!up_trylock(lock, me)))
			kit_die("a spinlock is taken by the thread that holds it");
	} else if (unlikely(!try_lock(&lock->word, me))) {
		lock_slow(&lock->word, me, "a spinlock");
	}
}

bool kit_spin_trylock(struct kit_spin *lock)
{
	unsigned int me = kit_current()->slot + 1;
	bool taken;

	kit_point();
	if (kit_policy != KIT_UP)
		return try_lock(&lock->word, me);
	kit_cpu_own();
	taken = up_trylock(lock, me);
	if (!taken)
		kit_cpu_leave();
	return taken;
}

void kit_spin_unlock(struct kit_spin *lock)
{
	if (kit_policy == KIT_UP) {
		__atomic_store_n(&lock->word, 0, __ATOMIC_RELAXED);
		kit_cpu_leave();
	} else {
		unlock(&lock->word);
	}
	kit_point();
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
