// SPDX-License-Identifier: GPL-2.0
/* Eventfds that others have, too. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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
HOSTED_TEST_ON(r27_nobody_can_block_who_signals_an_eventfd, NULL, ON(KIT_SMP), 2 * SECONDS, 1)
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

#define LINE	40

static bool on_irq(void *arg)
{
	(void)arg;
	return true;
}

/* What a device's other side can do with the eventfd of an interrupt */
KIT_TEST(r27_who_fills_the_eventfd_of_a_line_stops_nobody)
{
	static const uint64_t most = -2, one = 1;
	struct kit_listener *listener;
	struct pollfd pfd = { .events = POLLIN };

	pfd.fd = kit_irq_eventfd(LINE);
	REQUIRE(pfd.fd >= 0);
	REQUIRE(!kit_irq_attach(LINE, "filled", on_irq, NULL, &listener));
	/* Where the line is masked its thread reads once, and then no more. */
	kit_irq_mask(LINE);
	REQUIRE(write(pfd.fd, &one, sizeof(one)) == sizeof(one));
	while (poll(&pfd, 1, 0))
		kit_idle();
	REQUIRE(write(pfd.fd, &most, sizeof(most)) == sizeof(most));
	kit_irq_raise(LINE);
	kit_irq_detach(listener);
}

static unsigned int ends;

static void *steal(void *arg)
{
	uint64_t count;

	while (!__atomic_load_n(&ends, __ATOMIC_RELAXED))
		if (read(*(int *)arg, &count, sizeof(count)) < 0 && errno != EAGAIN)
			return NULL;
	return NULL;
}

HOSTED_TEST_ON(r27_who_empties_the_eventfd_of_a_line_stops_nobody, NULL, ON_THREADS, SECONDS, 1)
{
	int line_fd = kit_irq_eventfd(LINE), i;
	struct kit_listener *listener;
	pthread_t thief;

	REQUIRE(!fcntl(line_fd, F_SETFL, O_NONBLOCK));
	REQUIRE(!pthread_create(&thief, NULL, steal, &line_fd));
	for (i = 0; i < 200; i++) {
		REQUIRE(!kit_irq_attach(LINE, "emptied", on_irq, NULL, &listener));
		kit_irq_detach(listener);
	}
	__atomic_store_n(&ends, 1, __ATOMIC_RELAXED);
	pthread_join(thief, NULL);
}

/* As where others have all that fs.aio-max-nr allows. */
KIT_TEST(r27_no_eventfd_is_promised_that_cannot_be_signalled)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, filter };

	REQUIRE(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	REQUIRE(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	CHECK_EQ(kit_irq_eventfd(LINE), -EAGAIN);
	CHECK_EQ(kit_eventfd_get(0), -EAGAIN);
}
