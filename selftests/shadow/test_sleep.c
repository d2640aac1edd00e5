// SPDX-License-Identifier: GPL-2.0
/* Suspend to memory, with a reader that waits. */
#include <pthread.h>

#include "polled_link.h"
#include "suspend.h"

static void *sleep_now(void *arg)
{
	(void)arg;
	sleep_ms(200);
	return sleep_and_wake() ? NULL : "no sleep";
}

TEST_F_TIMEOUT(link, a_reader_learns_of_the_reset_after_sleep_and_goes_on, 100)
{
	uint64_t word[10];
	pthread_t thread;
	void *error;

	rtos_request(&self->r, self->slot, 1, 0x51);
	proxy_read(self->fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, sleep_now, NULL));
	EXPECT_ERRNO(ECONNRESET, read(self->fd, word, sizeof(word)));
	pthread_join(thread, &error);
	EXPECT_EQ(NULL, error);
	rtos_up(&self->r);
	proxy_write(self->fd, 1);
	expect_silence(&self->r);
	rtos_request(&self->r, self->slot, 2, 0x52);
	EXPECT_EQ(2, proxy_read(self->fd));
	proxy_write(self->fd, 22);
	expect_reply(&self->r, 22, 0x52);
}

TEST_HARNESS_MAIN
