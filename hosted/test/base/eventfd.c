// SPDX-License-Identifier: GPL-2.0
/* Eventfds that others have, too. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kit/files.h"
#include "test/test.h"

#define ROUNDS	20000

static int fd;
static pthread_barrier_t barrier;

/* To its end; the second write may have to wait for a read. */
static void *fill(void *arg)
{
	static const uint64_t most = -3, one = 1;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		if (write(fd, &most, sizeof(most)) < 0 || write(fd, &one, sizeof(one)) < 0)
			return arg;
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void drain(void)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t count;

	if (poll(&pfd, 1, 0) == 1)
		CHECK(read(fd, &count, sizeof(count)) == sizeof(count));
}

/* R27: whoever signals holds drivers' locks. */
HOSTED_TEST_ON(r27_nobody_can_block_who_signals_an_eventfd, NULL, ON(KIT_SMP), 60, 1)
{
	pthread_t thread;
	int i;

	fd = eventfd(0, EFD_CLOEXEC);
	pthread_barrier_init(&barrier, NULL, 2);
	REQUIRE(!pthread_create(&thread, NULL, fill, NULL));
	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&barrier);
		kit_eventfd_signal(fd);
		drain();
		pthread_barrier_wait(&barrier);
		drain();
	}
	pthread_join(thread, NULL);
	close(fd);
}

KIT_TEST(r27_only_eventfds_are_signalled)
{
	int event = eventfd(0, EFD_CLOEXEC), pipes[2], copy;
	uint64_t count = 0;

	REQUIRE(!pipe(pipes));
	CHECK_EQ(-EINVAL, kit_eventfd_get(pipes[1]));
	CHECK_EQ(-EBADF, kit_eventfd_get(4711));
	copy = kit_eventfd_get(event);
	CHECK(copy >= 0);
	kit_eventfd_signal(copy);
	kit_eventfd_signal(copy);
	CHECK_EQ(sizeof(count), read(event, &count, sizeof(count)));
	CHECK_EQ(2, count);
	kit_eventfd_put(copy);
	kit_eventfd_limit(-1);
	CHECK_EQ(-EBADF, kit_eventfd_get(event));
	kit_eventfd_limit(event);
	copy = kit_eventfd_get(event);
	CHECK(copy >= 0);
	kit_eventfd_put(copy);
	close(event);
	close(pipes[0]);
	close(pipes[1]);
}
