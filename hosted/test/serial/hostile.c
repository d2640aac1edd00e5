// SPDX-License-Identifier: GPL-2.0
/* Drivers that were taken over, clients that were, and a supervisor between them. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

TEST(r34_a_reply_that_claims_to_be_longer_gives_nothing_away)
{
	char reply[100000];
	int port, other;

	work_begin();
	start_liar("length", NULL);
	port = connect_port();
	other = connect_port();
	ASSERT_GE(port, 0);
	EXPECT_GT(client_send(port, SERIAL_COUNTERS, 0, 0, NULL, 0), 0);
	status_await(other, "hangs", 1);
	EXPECT_LE(recv(port, reply, sizeof(reply), MSG_DONTWAIT),
		  (ssize_t)sizeof(struct serial_reply));
	close(port);
	close(other);
	work_end();
}

TEST(r34_a_driver_cannot_have_taken_more_than_it_was_given)
{
	struct serial_reply reply;
	int port;

	work_begin();
	start_liar("status", NULL);
	port = connect_port();
	ASSERT_GE(port, 0);
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(5, client_call(port, SERIAL_WRITE, 0, 0, "hello", 5, NULL));
	EXPECT_EQ(5, status_number(port, "to_send"));
	EXPECT_EQ(0, client_call(port, SERIAL_READ_DATA, SERIAL_READ, 0, NULL, 0, &reply));
	close(port);
	work_end();
}

TEST(r34_a_driver_is_ready_once)
{
	int port;
	pid_t pid;

	work_begin();
	pid = start_liar("ready", NULL);
	port = connect_port();
	ASSERT_GE(port, 0);
	status_await(port, "hangs", 3);
	EXPECT_LT(descriptors(pid), 40);
	close(port);
	work_end();
}

TEST(r34_descriptors_of_a_driver_do_not_stay)
{
	int port;
	pid_t pid;

	work_begin();
	pid = start_liar("descriptors", NULL);
	port = connect_port();
	ASSERT_GE(port, 0);
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_LT(descriptors(pid), 40);
	close(port);
	work_end();
}

TEST(r34_a_client_has_so_many_requests_at_a_time)
{
	struct pollfd pfd = { .events = POLLIN };
	struct serial_reply reply;
	int i;

	work_begin();
	start_supervised(NULL);
	pfd.fd = connect_port();
	ASSERT_GE(pfd.fd, 0);
	EXPECT_EQ(0, client_ask(pfd.fd, SERIAL_OPEN, 0));
	for (i = 0; i < 1000 && poll(&pfd, 1, i < 100 ? 0 : 20) == 0; i++)
		EXPECT_GT(client_send(pfd.fd, SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0), 0);
	EXPECT_LT(i, 200);
	ASSERT_EQ(1, client_receive(pfd.fd, &reply, true));
	EXPECT_EQ(-EBUSY, reply.status);
	i = connect_port();
	EXPECT_EQ(0, client_ask(i, SERIAL_OPEN, 0));
	close(i);
	close(pfd.fd);
	work_end();
}
