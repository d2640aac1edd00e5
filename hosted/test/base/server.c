// SPDX-License-Identifier: GPL-2.0
/*
 * R11, R24: a request that sleeps has a thread for that, and never delays another request
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "test/test.h"

#define REQUESTS	16

/**
 * struct scene - requests, and what becomes of them
 * @sleep: what each does first
 * @next: the request to take
 * @wake: the first one may go on
 * @done: how many have been answered
 * @order: in which order
 * @slots: by which thread each was answered
 */
static struct scene {
	void (*sleep)(unsigned int request);
	unsigned int next;
	unsigned int wake;
	unsigned int done;
	unsigned int order[REQUESTS];
	int slots[REQUESTS];
} scene;

static void answer(unsigned int request)
{
	unsigned int n = __atomic_fetch_add(&scene.done, 1, __ATOMIC_SEQ_CST);

	scene.order[n] = request;
	scene.slots[request] = kit_current()->slot;
}

static int serve(void *arg)
{
	unsigned int request = __atomic_fetch_add(&scene.next, 1, __ATOMIC_SEQ_CST);

	(void)arg;
	if (request >= REQUESTS) {
		while (__atomic_load_n(&scene.done, __ATOMIC_SEQ_CST) < REQUESTS)
			kit_advance(1000000);
		return -EPIPE;
	}
	kit_current()->request = &scene;
	scene.sleep(request);
	answer(request);
	if (request == REQUESTS - 1)
		__atomic_store_n(&scene.wake, 1, __ATOMIC_SEQ_CST);
	kit_current()->request = NULL;
	return 0;
}

/* The first request sleeps until all others have been answered. */
static void first_sleeps(unsigned int request)
{
	while (!request && !__atomic_load_n(&scene.wake, __ATOMIC_SEQ_CST))
		kit_park(kit_now() + 1000000);
}

KIT_TEST(r24_a_request_that_sleeps_delays_no_other)
{
	scene.sleep = first_sleeps;
	CHECK_EQ(kit_serve(serve, NULL), -EPIPE);
	CHECK_EQ(scene.done, REQUESTS);
	/* The first came last, on the stack that it began on; another took its role. */
	CHECK_EQ(scene.order[REQUESTS - 1], 0);
	CHECK_EQ(scene.slots[0], 0);
	CHECK(scene.slots[1] > 1);
	CHECK_EQ(kit_current()->kind, KIT_SERVER);
}

/**
 * struct crowd - requests that sleep until all of them do
 * @asleep: how many have begun to
 * @alone: those who saw it take too long
 */
static struct crowd {
	unsigned int asleep;
	unsigned int alone;
} crowd;

#define SLEEPERS	(REQUESTS / 2)

/* Every second request sleeps, none of them to the end before all have come. */
static void many_sleep(unsigned int request)
{
	kit_u64 limit = kit_now() + PATIENCE * 1000000ULL;

	if (request % 2 == 0)
		return;
	__atomic_add_fetch(&crowd.asleep, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&crowd.asleep, __ATOMIC_SEQ_CST) < SLEEPERS && kit_now() < limit)
		kit_park(kit_now() + 1000000);
	if (__atomic_load_n(&crowd.asleep, __ATOMIC_SEQ_CST) < SLEEPERS)
		__atomic_add_fetch(&crowd.alone, 1, __ATOMIC_SEQ_CST);
}

KIT_TEST(r24_many_may_sleep_at_a_time)
{
	unsigned int times[REQUESTS] = { 0 }, i;

	scene.sleep = many_sleep;
	CHECK_EQ(kit_serve(serve, NULL), -EPIPE);
	CHECK_EQ(crowd.alone, 0);
	for (i = 0; i < REQUESTS; i++)
		times[scene.order[i]]++;
	for (i = 0; i < REQUESTS; i++)
		CHECK_EQ(times[i], 1);
}

static unsigned int sleepers(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < KIT_SLOTS; i++)
		n += __atomic_load_n(&kit_threads[i].kind, __ATOMIC_RELAXED) == KIT_SLEEPER;
	return n;
}

/* Who sleeps is a sleeper from then on, on the stack that it had, and then the thread ends. */
static void watch_sleepers(unsigned int request)
{
	kit_u64 limit = kit_now() + PATIENCE * 1000000ULL;
	int slot = kit_current()->slot;

	CHECK_EQ(kit_current()->kind, KIT_SERVER);
	if (request == REQUESTS - 1) {
		while (__atomic_load_n(&crowd.asleep, __ATOMIC_SEQ_CST) < 3 && kit_now() < limit)
			kit_advance(1000000);
		CHECK_EQ(sleepers(), 3);
	}
	if (request >= 3)
		return;
	kit_park(kit_now());
	__atomic_add_fetch(&crowd.asleep, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&scene.wake, __ATOMIC_SEQ_CST) && kit_now() < limit)
		kit_park(kit_now() + 1000000);
	CHECK_EQ(kit_current()->kind, KIT_SLEEPER);
	CHECK_EQ(kit_current()->slot, slot);
	CHECK(kit_current()->request == &scene);
}

KIT_TEST(r11_each_request_that_sleeps_has_a_thread_for_it)
{
	int tries;

	scene.sleep = watch_sleepers;
	CHECK_EQ(kit_serve(serve, NULL), -EPIPE);
	CHECK_EQ(scene.done, REQUESTS);
	for (tries = 0; tries < PATIENCE && sleepers(); tries++)
		kit_idle();
	CHECK_EQ(sleepers(), 0);
}
