// SPDX-License-Identifier: GPL-2.0
/* The client against servers that do not go on. */
#include <sys/socket.h>
#include <time.h>

#include "../harness.h"
#include "client.h"

static time_t seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

TEST(a_link_that_does_not_read_holds_nobody_for_long)
{
	struct client c = { 0 };
	time_t start;
	int pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	c.sock = pair[0];
	start = seconds();
	while (!client_ring(&c, 1, 0))
		;
	EXPECT_LT(seconds() - start, 15);
	EXPECT_NE(NULL, strstr(c.error, "took no message"));
}

TEST(a_reply_that_comes_in_drops_does_not_come)
{
	struct client c = { 0 };
	uint32_t value;
	time_t start;
	int pair[2];
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	child = fork();
	while (!child && send(pair[1], "", 1, MSG_NOSIGNAL) == 1)
		sleep(2);
	c.sock = pair[0];
	start = seconds();
	EXPECT_EQ(-1, client_read_reg(&c, REG_ID, &value));
	EXPECT_LT(seconds() - start, 15);
	EXPECT_NE(NULL, strstr(c.error, "no reply"));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
