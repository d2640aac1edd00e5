// SPDX-License-Identifier: GPL-2.0
/*
 * R3 to R7, R9: threads, their stacks, and what goes wrong with them
 */
#include <alloca.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/test.h"

static unsigned int load(const unsigned int *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(unsigned int *word, unsigned int value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	kit_word_wake(word, 0);
}

static void wait_for(const unsigned int *word, unsigned int value)
{
	unsigned int now;

	while ((now = load(word)) != value)
		kit_word_wait(word, now, KIT_NEVER);
}

static int set_shared(void *arg)
{
	store(arg, 7);
	return 42;
}

KIT_TEST(r03_threads_share_the_address_space)
{
	static unsigned int shared;
	struct kit_thread *thread;

	REQUIRE(!kit_thread_create(KIT_OTHER, "writer", set_shared, &shared, &thread));
	CHECK_EQ(kit_thread_join(thread), 42);
	CHECK_EQ(shared, 7);
}

/* Each line of the map in the arena is a guard or a stack, just where the plan has it. */
KIT_TEST(r04_the_process_map_equals_the_plan)
{
	bool seen[KIT_SLOTS] = { false };
	unsigned long from, to, at;
	char line[512], mode[8];
	FILE *maps = fopen("/proc/self/maps", "r");
	int slot;

	REQUIRE(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || to <= KIT_ARENA ||
		    from >= KIT_ARENA + KIT_SLOTS * KIT_SLOT_SIZE)
			continue;
		for (at = from; at < to; at += 4096) {
			bool guard = ((at - KIT_ARENA) & (KIT_SLOT_SIZE - 1)) < KIT_STACK_GUARD;

			if (!strncmp(mode, guard ? "---p" : "rw-p", 4))
				continue;
			test_failed(__FILE__, __LINE__, "page %lx is %s", at, mode);
			break;
		}
		for (slot = 0; slot < KIT_SLOTS; slot++) {
			at = KIT_ARENA + slot * KIT_SLOT_SIZE + KIT_STACK_GUARD;
			seen[slot] |= from <= at && at < to;
		}
	}
	fclose(maps);
	for (slot = 0; slot < KIT_SLOTS; slot++)
		CHECK(seen[slot]);
}

/* Each level is a page of the stack, and not the compiler's to leave out. */
static __attribute__((noinline)) unsigned int descend(unsigned int depth)
{
	volatile unsigned int page[1024];

	page[depth % 1024] = depth;
	page[0] = depth ? descend(depth + 1) : 0;
	return page[depth % 1024] + page[0];
}

static int overflow(void *arg)
{
	unsigned int *depth = arg;

	*depth = descend(1);
	return 0;
}

static void overflow_as(enum kit_kind kind, const char *name)
{
	unsigned int depth;
	struct kit_thread *thread;

	if (kit_thread_create(kind, name, overflow, &depth, &thread))
		return;
	kit_thread_join(thread);
}

#define OVERFLOW(_name, _kind, _text)							\
	KIT_DIES(_name, "stack overflow, thread 2 (" _text ", deep)")			\
	{										\
		overflow_as(_kind, "deep");						\
	}
OVERFLOW(r05_overflow_of_an_interrupt_thread_is_told, KIT_IRQ, "interrupt")
OVERFLOW(r05_overflow_of_a_timer_thread_is_told, KIT_TIMER, "timer")
OVERFLOW(r05_overflow_of_a_softirq_thread_is_told, KIT_SOFTIRQ, "softirq")
OVERFLOW(r05_overflow_of_a_worker_is_told, KIT_WORKER, "worker")
OVERFLOW(r05_overflow_of_a_sleeper_is_told, KIT_SLEEPER, "sleeper")
OVERFLOW(r05_overflow_of_another_thread_is_told, KIT_OTHER, "thread")

#ifndef KIT_SANITIZED
/* Its end lies in another thread's stack. */
static int jump_far(void *arg)
{
	volatile char *big = alloca(KIT_SLOT_SIZE + 8192);

	/* All of it may be used, as far as the compiler knows. */
	__asm__ volatile("" : "+r" (big) : : "memory");
	big[0] = 1;
	*(unsigned int *)arg = big[0];
	return 0;
}

KIT_DIES(r05_a_large_frame_does_not_jump_over_the_guard,
	 "stack overflow, thread 2 (thread, far)")
{
	struct kit_thread *thread;
	unsigned int sum;

	if (kit_thread_create(KIT_OTHER, "far", jump_far, &sum, &thread))
		return;
	kit_thread_join(thread);
}
#endif

KIT_DIES(r05_overflow_of_the_server_is_told, "stack overflow, thread 0 (server, server)")
{
	unsigned int depth;

	overflow(&depth);
}

static _Thread_local int thread_local_slot = -1;

static int compare_slots(void *arg)
{
	unsigned int *go = arg;
	int i;

	thread_local_slot = kit_current()->slot;
	for (i = 0; i < 1000; i++) {
		if (kit_current()->slot != thread_local_slot ||
		    &kit_threads[thread_local_slot] != kit_current())
			test_failed(__FILE__, __LINE__, "thread %d takes itself for %d",
				    thread_local_slot, kit_current()->slot);
		kit_point();
	}
	wait_for(go, 1);
	return thread_local_slot;
}

/* In a callee with a large frame, too, where locals are far from the stack pointer. */
static __attribute__((noinline)) int slot_below(size_t bytes)
{
	volatile char *big = alloca(bytes);

	big[0] = 1;
	return kit_current()->slot;
}

KIT_TEST(r06_the_stack_pointer_tells_the_thread)
{
	struct kit_thread *threads[8];
	unsigned int go = 0;
	int i;

	for (i = 0; i < 8; i++)
		REQUIRE(!kit_thread_create(KIT_OTHER, "t", compare_slots, &go, &threads[i]));
	CHECK_EQ(slot_below(40000), 0);
	store(&go, 1);
	for (i = 0; i < 8; i++) {
		int slot = threads[i]->slot;

		CHECK_EQ(kit_thread_join(threads[i]), slot);
	}
}

static void *foreign(void *arg)
{
	(void)arg;
	if (kit_is_thread())
		test_failed(__FILE__, __LINE__, "a foreign thread is taken for one of ours");
	return kit_current();
}

KIT_DIES(r06_a_foreign_thread_is_told, "kernel code on a thread that is none of the kit's")
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, foreign, NULL))
		pthread_join(thread, NULL);
}

static int wait_to_end(void *arg)
{
	wait_for(arg, 1);
	return 0;
}

KIT_TEST(r07_the_thread_that_has_no_slot_fails_cleanly)
{
	struct kit_thread *threads[KIT_SLOTS], *one;
	unsigned int go = 0;
	int n = 0, err;

	/* Slots 0 and 1 are the server's and the sync thread's. */
	while (n < KIT_SLOTS &&
	       !(err = kit_thread_create(KIT_OTHER, "t", wait_to_end, &go, &threads[n])))
		n++;
	CHECK_EQ(n, KIT_SLOTS - 2);
	CHECK_EQ(err, -EAGAIN);
	CHECK(test_logged("no slot for thread t"));
	store(&go, 1);
	while (n)
		kit_thread_join(threads[--n]);
	/* And there is room again. */
	CHECK_EQ(kit_thread_create(KIT_OTHER, "t", wait_to_end, &go, &one), 0);
	kit_thread_join(one);
}

KIT_TEST(r07_the_table_tells_of_each_thread)
{
	struct kit_thread *thread;
	unsigned int go = 0;
	int slot;

	CHECK_EQ(kit_current()->kind, KIT_SERVER);
	CHECK_EQ(kit_threads[1].kind, KIT_SYNC);
	REQUIRE(!kit_thread_create(KIT_WORKER, "worker-7", wait_to_end, &go, &thread));
	slot = thread->slot;
	CHECK_EQ(kit_threads[slot].kind, KIT_WORKER);
	CHECK_STR(kit_threads[slot].name, "worker-7");
	store(&go, 1);
	kit_thread_join(thread);
	CHECK_EQ(kit_threads[slot].kind, KIT_FREE);
}

static int end_at_once(void *arg)
{
	(void)arg;
	return 0;
}

/* What nobody joins, the sync thread does. */
KIT_TEST(r09_the_sync_thread_ends_threads)
{
	int i, tries;

	for (i = 0; i < 3 * KIT_SLOTS; i++) {
		for (tries = 0; tries < PATIENCE; tries++) {
			if (!kit_thread_create(KIT_OTHER, "t", end_at_once, NULL, NULL))
				break;
			kit_idle();
		}
		CHECK(tries < PATIENCE);
	}
	/* Until the last one has been ended, too. */
	for (i = 0, tries = 0; i < KIT_SLOTS && tries < PATIENCE; tries++) {
		for (i = 2; i < KIT_SLOTS; i++)
			if (__atomic_load_n(&kit_threads[i].kind, __ATOMIC_RELAXED) != KIT_FREE)
				break;
		kit_idle();
	}
	CHECK_EQ(i, KIT_SLOTS);
}

static int parked(void *arg)
{
	unsigned int *woken = arg;

	/* For so long only a wake-up that is lost lasts. */
	store(woken, kit_park(kit_now() + PATIENCE * 1000000ULL) ? 2 : 1);
	return 0;
}

KIT_TEST(r09_a_wakeup_before_parking_is_not_lost)
{
	struct kit_thread *thread;
	unsigned int woken = 0;
	int i;

	for (i = 0; i < 200; i++) {
		woken = 0;
		REQUIRE(!kit_thread_create(KIT_OTHER, "t", parked, &woken, &thread));
		kit_unpark(thread);
		kit_thread_join(thread);
		REQUIRE(woken == 1);
	}
	CHECK_EQ(kit_park(kit_now() + 1000000), -ETIMEDOUT);
}

/*
 * Whoever goes outside does not stop the rest: neither time, nor wake-ups from there.
 */

struct trip {
	int pipe[2];
	unsigned int word;
	kit_u64 limit;		/* nanoseconds, KIT_NEVER */
};

static int answer_trip(void *arg)
{
	struct trip *trip = arg;
	kit_u64 limit = trip->limit == KIT_NEVER ? KIT_NEVER : kit_now() + trip->limit;
	int err = 0;

	while (!load(&trip->word) && !err)
		err = kit_word_wait(&trip->word, 0, limit);
	CHECK_EQ(write(trip->pipe[1], "x", 1), 1);
	return err;
}

static void *wake_from_outside(void *arg)
{
	usleep(20000);
	store(arg, 1);
	return NULL;
}

static int travel(struct trip *trip)
{
	struct pollfd pfd = { .events = POLLIN };
	struct kit_thread *thread;
	int n;

	if (pipe(trip->pipe) ||
	    kit_thread_create(KIT_OTHER, "answer", answer_trip, trip, &thread))
		return -EAGAIN;
	kit_idle();
	pfd.fd = trip->pipe[0];
	kit_outside_begin();
	n = poll(&pfd, 1, PATIENCE);
	kit_outside_end();
	CHECK_EQ(n, 1);
	return kit_thread_join(thread);
}

KIT_TEST(time_goes_on_while_the_last_thread_is_outside)
{
	struct trip trip = { .limit = 20000000 };

	CHECK_EQ(travel(&trip), -ETIMEDOUT);
}

KIT_TEST(others_are_woken_while_the_last_thread_is_outside)
{
	struct trip trip = { .limit = KIT_NEVER };
	pthread_t other;

	REQUIRE(!pthread_create(&other, NULL, wake_from_outside, &trip.word));
	CHECK_EQ(travel(&trip), 0);
	pthread_join(other, NULL);
}
