// SPDX-License-Identifier: GPL-2.0
/* Drivers that were taken over, clients that were, and a supervisor between them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"
#include "serve/fd.h"

#define CRTSCTS		0x80000000u

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

TEST(r34_a_driver_cannot_have_sent_more_than_it_says_it_took)
{
	int port;

	work_begin();
	start_liar("sent", NULL);
	port = connect_port();
	ASSERT_GE(port, 0);
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(-EIO, client_call(port, SERIAL_WRITE, 0, 0, "hello", 5, NULL));
	EXPECT_EQ(0, status_number(port, "to_send"));
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
	int first = 0, id, i;

	work_begin();
	start_supervised(NULL);
	pfd.fd = connect_port();
	ASSERT_GE(pfd.fd, 0);
	EXPECT_EQ(0, client_ask(pfd.fd, SERIAL_OPEN, 0));
	for (i = 0; i < 1000 && poll(&pfd, 1, i < 100 ? 0 : 20) == 0; i++) {
		id = client_send(pfd.fd, SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
		ASSERT_GT(id, 0);
		first = first ?: id;
	}
	ASSERT_LT(i, 1000);
	/* More may have been sent before this one is answered. */
	ASSERT_EQ(1, client_receive(pfd.fd, &reply, true));
	EXPECT_EQ(-EBUSY, reply.status);
	EXPECT_LT(reply.id - first, 200);
	i = connect_port();
	EXPECT_EQ(0, client_ask(i, SERIAL_OPEN, 0));
	close(i);
	close(pfd.fd);
	work_end();
}

/* With flow control by CTS, which is off then. */
static void close_held_back(int port, int line)
{
	struct serial_termios termios;
	struct serial_reply reply;

	EXPECT_EQ(0, client_call(port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply));
	memcpy(&termios, reply.data, sizeof(termios));
	termios.cflag |= CRTSCTS;
	EXPECT_EQ(0, client_call(port, SERIAL_SET_TERMIOS, 0, 0, &termios, sizeof(termios), NULL));
	ASSERT_EQ(2, send(line, "m\6", 2, 0));
	while (client_ask(port, SERIAL_GET_MODEM, 0) & SERIAL_CTS)
		usleep(1000);
	EXPECT_EQ(100, client_call(port, SERIAL_WRITE, 0, 0, &reply, 100, NULL));
	EXPECT_GT(client_send(port, SERIAL_CLOSE, 0, 0, NULL, 0), 0);
	/* This is answered by the next thread. */
	EXPECT_EQ(-EBADF, client_ask(port, SERIAL_GET_MODEM, 0));
}

/* Its driver waits until all is sent, and cannot be blamed for that. */
TEST(a_supervisor_ends_while_a_port_drains)
{
	const char *const args[] = { "--line", line_path, NULL };
	char path[96];
	int line, port;
	pid_t pid;

	work_begin();
	snprintf(path, sizeof(path), "%s/errors", work_dir);
	errors_to(path);
	pid = start_supervised(args);
	errors_to(NULL);
	line = connect_line();
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	close_held_back(port, line);
	kill(pid, SIGTERM);
	EXPECT_EQ(0, wait_exit(pid, SOON));
	EXPECT_NE(NULL, strstr(contents(path), "did not end within 5 s, 100 characters unsent"));
	EXPECT_EQ(NULL, strstr(contents(path), "leaves the clock on"));
	close(line);
	close(port);
	work_end();
}

/* A port that is being closed, which takes as long as CTS is off; who opens it waits for that. */
TEST(r24_no_client_puts_all_threads_to_sleep)
{
	const char *const args[] = { "--line", line_path, "--hang", "20000", NULL };
	struct serial_reply reply;
	int line, port, other, boss, i;

	work_begin();
	start_supervised(args);
	line = connect_line();
	port = connect_port();
	other = connect_port();
	boss = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	close_held_back(port, line);
	for (i = 0; i < 60; i++)
		EXPECT_GT(client_send(other, SERIAL_OPEN, 0, 0, NULL, 0), 0);
	EXPECT_EQ(0, client_ask(boss, SERIAL_INFO, 0));
	EXPECT_EQ(0, client_receive(port, &reply, false));
	EXPECT_EQ(0, status_number(boss, "hangs"));
	ASSERT_EQ(1, client_receive(other, &reply, true));
	EXPECT_EQ(-EBUSY, reply.status);

	ASSERT_EQ(2, send(line, "m\7", 2, 0));
	EXPECT_EQ(1, client_receive(port, &reply, true));
	EXPECT_EQ(0, reply.status);
	close(line);
	close(port);
	close(other);
	close(boss);
	work_end();
}

static void await_up(int port)
{
	long long limit = ms_now() + SOON;

	while (status_text(port, "up") != 't' && ms_now() < limit)
		usleep(1000);
	EXPECT_EQ('t', status_text(port, "up"));
}

TEST(r34_the_next_driver_listens_although_the_last_did_not)
{
	static const char *const args[] = { "--restarts", "0/10", NULL };
	struct serial_reply reply;
	int port;

	work_begin();
	start_liar("listener", args);
	port = connect_port();
	ASSERT_GE(port, 0);
	EXPECT_EQ(-EHOSTDOWN, client_call(port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply));
	await_up(port);
	close(port);
	work_end();
}

TEST(r34_a_driver_that_cannot_be_told_to_end_ends)
{
	int port;

	work_begin();
	start_liar("stop", NULL);
	port = connect_port();
	await_up(port);
	close(port);
	work_end();
}

TEST(r34_who_closes_its_channel_is_replaced)
{
	int port;

	work_begin();
	start_liar("channel", NULL);
	port = connect_port();
	ASSERT_GE(port, 0);
	status_await(port, "hangs", 1);
	close(port);
	work_end();
}

static void set_descriptors(pid_t pid, rlim_t count)
{
	struct rlimit limit;

	ASSERT_EQ(0, prlimit(pid, RLIMIT_NOFILE, NULL, &limit));
	limit.rlim_cur = count;
	ASSERT_EQ(0, prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
}

/* Of a process that has started, and has no client left: a connection takes @each. */
static unsigned int descriptors_at_rest(pid_t pid, unsigned int each)
{
	long long limit = ms_now() + SOON;
	int port = connect_port();
	unsigned int count;

	EXPECT_EQ(0, client_ask(port, SERIAL_INFO, 0));
	count = descriptors(pid) - each;
	close(port);
	while (descriptors(pid) > count && ms_now() < limit)
		usleep(1000);
	EXPECT_EQ(count, descriptors(pid));
	return count;
}

/* Nobody is there whose end would make room. */
static void check_shortage(pid_t pid, rlim_t few, unsigned int each)
{
	unsigned int before = descriptors_at_rest(pid, each);
	struct pollfd pfd = { .events = POLLIN };
	struct serial_reply reply;

	set_descriptors(pid, few);
	pfd.fd = connect_port();
	ASSERT_GE(pfd.fd, 0);
	usleep(50000);
	EXPECT_EQ(before, descriptors(pid));
	set_descriptors(pid, 1024);
	EXPECT_GT(client_send(pfd.fd, SERIAL_INFO, 0, 0, NULL, 0), 0);
	ASSERT_EQ(1, poll(&pfd, 1, SOON));
	EXPECT_EQ(1, client_receive(pfd.fd, &reply, true));
	close(pfd.fd);
}

TEST(a_shortage_of_descriptors_passes)
{
	work_begin();
	/* poll() still has to take so many. */
	check_shortage(start_supervised(NULL), 8, 2);
	work_end();
	work_begin();
	check_shortage(start_alone(NULL), 3, 1);
	work_end();
}

TEST(breaks_that_nobody_reads_fill_no_memory)
{
	static const char data[SERIAL_DATA];
	int port, i;

	work_begin();
	start_supervised(NULL);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	for (i = 0; i < 32; i++)
		EXPECT_EQ(0, client_write(port, data, SERIAL_DATA));
	EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
	EXPECT_EQ(65536, status_number(port, "to_read"));
	EXPECT_EQ(0, client_ask(port, SERIAL_BREAK, 1));
	EXPECT_EQ(65536, status_number(port, "to_read"));
	close(port);
	work_end();
}

static bool is_answered(int port, enum serial_op op)
{
	struct pollfd pfd = { .fd = port, .events = POLLIN };
	struct serial_reply reply;

	EXPECT_GT(client_send(port, op, 0, 0, NULL, 0), 0);
	return poll(&pfd, 1, SOON) == 1 && client_receive(port, &reply, false) == 1;
}

/* Each reply is compared with what waits: so it takes longer to hear than to say. */
static int connect_waiting(void)
{
	int port = connect_port(), i;

	ASSERT_GE(port, 0);
	for (i = 0; i < 120; i++)
		EXPECT_GT(client_send(port, SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0), 0);
	return port;
}

TEST(r34_a_driver_that_says_much_is_not_all_that_is_heard)
{
	int ports[12], other, i;
	pid_t pid;

	work_begin();
	pid = start_liar("flood", NULL);
	other = connect_port();
	ASSERT_GE(other, 0);
	for (i = 0; i < 12; i++)
		ports[i] = connect_waiting();
	EXPECT_GT(client_send(ports[0], SERIAL_COUNTERS, 0, 0, NULL, 0), 0);
	for (i = 0; i < 25 && !th.failed; i++) {
		usleep(20000);
		EXPECT_TRUE(is_answered(other, SERIAL_STATUS));
	}
	kill(pid, SIGTERM);
	EXPECT_EQ(0, wait_exit(pid, SOON));
	for (i = 0; i < 12; i++)
		close(ports[i]);
	close(other);
	work_end();
}

/*
 * A socket whose last close() does not return: it lingers, as @peer takes nothing more.
 * Returns -1 where there is no loopback interface.
 */
static int make_lingering(int *peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct linger linger = { 1, 1000000 };
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);
	static const int small = 4096;
	static char data[65536];

	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	ASSERT_EQ(0, listen(listener, 1));
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&address, &size));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&address, size))
		return -1;
	*peer = accept(listener, NULL, NULL);
	ASSERT_GE(*peer, 0);
	close(listener);
	while (send(fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	return fd;
}

/*
 * As the next message, or behind one for which the connection is closed. The process stands
 * still meanwhile, or the last close() were ours.
 */
static void hand_over(pid_t pid, int port, int fd, bool behind)
{
	struct serial_request request = { .op = SERIAL_INFO };
	struct iovec iov = { &request, SERIAL_REQUEST_HEAD };

	stop_process(pid);
	if (behind)
		ASSERT_EQ(0, send(port, "", 0, 0));
	ASSERT_EQ(SERIAL_REQUEST_HEAD, fd_send(port, &iov, 1, fd, 0));
	close(fd);
	ASSERT_EQ(0, kill(pid, SIGCONT));
}

static void check_lingering(pid_t pid, int other, enum serial_op op, int (*connect_to)(void))
{
	int port, fd, peer, behind;

	for (behind = 0; behind < 2; behind++) {
		fd = make_lingering(&peer);
		if (fd < 0)
			SKIP(return, "no loopback interface");
		port = connect_to();
		hand_over(pid, port, fd, behind);
		usleep(50000);
		ASSERT_TRUE(is_answered(other, op));
		close(port);
	}
}

TEST(r34_what_a_client_hands_over_holds_nobody_up)
{
	const char *const args[] = { "--line", line_path, NULL };
	int other;
	pid_t pid;

	work_begin();
	pid = start_alone(NULL);
	other = connect_port();
	check_lingering(pid, other, SERIAL_INFO, connect_port);
	close(other);
	work_end();
	work_begin();
	pid = start_supervised(args);
	other = connect_port();
	check_lingering(pid, other, SERIAL_STATUS, connect_port);
	check_lingering(pid, other, SERIAL_STATUS, connect_line);
	EXPECT_LT(descriptors(pid), 40);
	close(other);
	work_end();
}

#define MANY_LINGERING	40	/* more than are let in */

static void check_many_lingering(pid_t pid, int other, enum serial_op op)
{
	int peers[MANY_LINGERING], port, fd, i;

	for (i = 0; i < MANY_LINGERING; i++) {
		fd = make_lingering(&peers[i]);
		if (fd < 0)
			SKIP(return, "no loopback interface");
		port = connect_port();
		hand_over(pid, port, fd, false);
		close(port);
	}
	EXPECT_TRUE(is_answered(other, op));
	/* From here on none lingers any more. */
	for (i = 0; i < MANY_LINGERING; i++)
		close(peers[i]);
	port = connect_port();
	EXPECT_TRUE(is_answered(port, op));
	EXPECT_TRUE(is_answered(other, op));
	close(port);
	close(other);
}

TEST(r34_who_comes_waits_while_much_cannot_be_closed)
{
	pid_t pid;

	work_begin();
	pid = start_alone(NULL);
	check_many_lingering(pid, connect_port(), SERIAL_INFO);
	work_end();
	work_begin();
	pid = start_supervised(NULL);
	check_many_lingering(pid, connect_port(), SERIAL_STATUS);
	work_end();
}

TEST(r34_names_end)
{
	const char *const args[] = { socket_path, "info", NULL };

	work_begin();
	start_liar("names", NULL);
	close(connect_port());
	EXPECT_EQ(0, wait_exit(spawn("hosted-serial", args, line_path), SOON));
	EXPECT_EQ(0, strncmp("xxxxxxxxxxxxxxxx: driver xxxxxxxxxxxxxxxx, type xxxxxxxxxxxxxxxx, ",
			     contents(line_path), 66));
	work_end();
}
