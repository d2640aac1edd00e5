// SPDX-License-Identifier: GPL-2.0
/* What a supervisor has to send, whatever becomes of who wrote it, and of the port */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

#define CLOCAL	0x800u

static int answer_of(int port, int id)
{
	struct pollfd pfd = { .fd = port, .events = POLLIN };
	struct serial_reply reply;

	ASSERT_EQ(1, poll(&pfd, 1, SOON));
	ASSERT_EQ(1, client_receive(port, &reply, true));
	EXPECT_EQ(id, reply.id);
	return reply.status;
}

TEST(what_was_written_without_a_port_is_not_sent)
{
	int boss, port, other, id;
	long pid;

	work_begin();
	start_supervised(NULL);
	boss = connect_port();
	port = connect_port();
	other = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	pid = stop_driver(boss);
	id = client_send(other, SERIAL_WRITE, 0, SERIAL_FOREVER, "hello", 5);
	status_await_just(boss, "to_send", 5);
	/* The only one that has the port open goes before that is refused. */
	close(port);
	status_await_just(boss, "to_send", 0);
	kill(pid, SIGCONT);
	EXPECT_EQ(-EBADF, answer_of(other, id));
	EXPECT_EQ(0, status_number(boss, "to_send"));
	close(other);
	close(boss);
	work_end();
}

static void open_without_clocal(int port)
{
	struct serial_termios termios;
	struct serial_reply reply;

	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_call(port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply));
	memcpy(&termios, reply.data, sizeof(termios));
	termios.cflag &= ~CLOCAL;
	EXPECT_EQ(0, client_call(port, SERIAL_SET_TERMIOS, 0, 0, &termios, sizeof(termios), NULL));
}

static unsigned int received(int port)
{
	struct serial_counters counters;
	struct serial_reply reply;

	EXPECT_EQ(0, client_call(port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply));
	memcpy(&counters, reply.data, sizeof(counters));
	return counters.rx;
}

TEST(a_hang_up_ends_what_was_to_be_sent_and_read)
{
	const char *const args[] = { "--line", line_path, NULL };
	long limit = ms_now() + SOON;
	int line, port, other;
	char got[16];

	work_begin();
	start_supervised(args);
	line = connect_line();
	port = connect_port();
	/* It keeps the port, which was hung up. */
	other = connect_port();
	open_without_clocal(port);
	EXPECT_EQ(0, client_ask(other, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_STOP, 0));
	EXPECT_EQ(5, client_call(port, SERIAL_WRITE, 0, 0, "stale", 5, NULL));
	ASSERT_EQ(4, send(line, "dold", 4, 0));
	while (received(port) != 3 && ms_now() < limit)
		usleep(1000);
	EXPECT_EQ(3, status_number(port, "to_read"));
	ASSERT_EQ(2, send(line, "m\3", 2, 0));
	while (client_ask(port, SERIAL_GET_MODEM, 0) != -EIO && ms_now() < limit)
		usleep(1000);
	status_await_just(port, "clock_users", 0);
	EXPECT_EQ(0, status_number(port, "to_send"));
	EXPECT_EQ(0, status_number(port, "to_read"));

	ASSERT_EQ(2, send(line, "m\7", 2, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_CLOSE, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_START, 0));
	EXPECT_EQ(3, client_call(port, SERIAL_WRITE, 0, 0, "new", 3, NULL));
	EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
	kill_driver_now(port);
	status_await(port, "restarts", 1);
	EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
	EXPECT_EQ(3, line_read(line, got, 3, SOON));
	EXPECT_EQ(0, memcmp("new", got, 3));
	EXPECT_EQ(0, line_read(line, got, sizeof(got), 200));
	close(line);
	close(port);
	close(other);
	work_end();
}

TEST(what_is_stopped_by_suspending_is_sent_later)
{
	int port;

	work_begin();
	start_supervised(NULL);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_STOP, 0));
	EXPECT_EQ(4, client_call(port, SERIAL_WRITE, 0, 0, "data", 4, NULL));
	EXPECT_EQ(0, client_ask(port, SERIAL_SUSPEND, 0));
	EXPECT_EQ(0, status_number(port, "clock_users"));
	EXPECT_EQ(4, status_number(port, "to_send"));
	kill_driver_now(port);
	status_await(port, "restarts", 1);
	EXPECT_EQ(4, status_number(port, "to_send"));
	EXPECT_EQ(0, client_ask(port, SERIAL_RESUME, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_START, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
	EXPECT_EQ(4, status_number(port, "sent"));
	close(port);
	work_end();
}

TEST(what_was_cancelled_ends_with_the_driver)
{
	int boss, port, id;

	work_begin();
	start_supervised(NULL);
	boss = connect_port();
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	id = client_send(port, SERIAL_READ_DATA, 10, SERIAL_FOREVER, NULL, 0);
	stop_driver(boss);
	EXPECT_EQ(0, client_ask(port, SERIAL_CANCEL, id));
	kill_driver_now(boss);
	EXPECT_EQ(-EINTR, answer_of(port, id));
	status_await(boss, "restarts", 1);
	close(port);
	close(boss);
	work_end();
}

TEST(a_close_that_was_cancelled_closes_all_the_same)
{
	int boss, port, id;

	work_begin();
	start_supervised(NULL);
	boss = connect_port();
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	stop_driver(boss);
	id = client_send(port, SERIAL_CLOSE, 0, 0, NULL, 0);
	EXPECT_EQ(0, client_ask(port, SERIAL_CANCEL, id));
	kill_driver_now(boss);
	EXPECT_EQ(0, answer_of(port, id));
	EXPECT_EQ(0, status_number(boss, "clock_users"));
	close(port);
	close(boss);
	work_end();
}

/* More than a driver takes while it is stopped */
static void fill(int port)
{
	static const char much[4 * SERIAL_DATA];
	size_t done = 0;
	int status;

	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_STOP, 0));
	while (done < sizeof(much)) {
		status = client_call(port, SERIAL_WRITE, 0, 0, much, SERIAL_DATA, NULL);
		ASSERT_GE(status, 0);
		if (!status)
			return;
		done += status;
	}
}

/* A discard makes what the driver has no room for give way, and then comes to nothing. */
static void discard_and_go(int boss, bool cancel)
{
	int other = connect_port(), id;
	pid_t pid;

	EXPECT_EQ(0, client_ask(other, SERIAL_OPEN, 0));
	pid = stop_driver(boss);
	id = client_send(other, SERIAL_DISCARD, 2, 0, NULL, 0);
	if (cancel) {
		EXPECT_EQ(0, client_ask(other, SERIAL_CANCEL, id));
	} else {
		/* The supervisor has seen it. */
		status_number(other, "up");
		close(other);
		status_number(boss, "up");
		status_number(boss, "up");
	}
	kill(pid, SIGCONT);
	if (cancel) {
		EXPECT_EQ(0, client_ask(other, SERIAL_CLOSE, 0));
		close(other);
	}
}

/* A write of 4 waits for room behind what is sent first. Return: its id. */
static int write_too_much(int boss, int port, long *sent)
{
	int id;

	fill(port);
	*sent = status_number(boss, "to_send");
	id = client_send(port, SERIAL_WRITE, 0, SERIAL_FOREVER, "more", 4);
	status_await_just(boss, "to_send", *sent + 4);
	return id;
}

TEST(a_discard_that_vanishes_takes_no_write_with_it)
{
	int boss, port, id, i;
	long sent;

	for (i = 0; i < 2; i++) {
		work_begin();
		start_supervised(NULL);
		boss = connect_port();
		port = connect_port();
		id = write_too_much(boss, port, &sent);
		discard_and_go(boss, i);
		EXPECT_EQ(0, client_ask(boss, SERIAL_OPEN, 0));
		EXPECT_EQ(0, client_ask(boss, SERIAL_START, 0));
		EXPECT_EQ(4, answer_of(port, id));
		EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
		EXPECT_EQ(sent + 4, status_number(boss, "sent"));
		close(port);
		close(boss);
		work_end();
	}
}

TEST(a_discard_that_vanishes_takes_nothing_that_is_offered_again)
{
	int boss, port, id;
	long sent;

	work_begin();
	start_supervised(NULL);
	boss = connect_port();
	port = connect_port();
	id = write_too_much(boss, port, &sent);
	kill_driver_now(boss);
	EXPECT_EQ(4, answer_of(port, id));
	status_await(boss, "restarts", 1);
	discard_and_go(boss, false);
	EXPECT_EQ(0, client_ask(port, SERIAL_START, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
	status_await_just(boss, "to_send", 0);
	EXPECT_EQ(sent + 4, status_number(boss, "sent"));
	close(port);
	close(boss);
	work_end();
}

TEST(a_character_with_priority_is_told_from_the_next)
{
	int port, i;

	work_begin();
	start_supervised(NULL);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	for (i = 1; i <= 3; i++) {
		/* It goes before one like it ... */
		EXPECT_EQ(0, client_ask(port, SERIAL_STOP, 0));
		EXPECT_EQ(2, client_call(port, SERIAL_WRITE, 0, 0, "AB", 2, NULL));
		EXPECT_EQ(0, client_ask(port, SERIAL_XCHAR, 'A'));
		EXPECT_EQ(2, status_number(port, "to_send"));
		if (i == 2)
			kill_driver_now(port);
		EXPECT_EQ(0, client_ask(port, SERIAL_START, 0));
		EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
		EXPECT_EQ(0, status_number(port, "to_send"));
		/* ... or after that. */
		EXPECT_EQ(2, client_call(port, SERIAL_WRITE, 0, 0, "AB", 2, NULL));
		EXPECT_EQ(0, client_ask(port, SERIAL_XCHAR, 'A'));
		EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
		EXPECT_EQ(0, status_number(port, "to_send"));
		EXPECT_EQ(6 * i, status_number(port, "sent"));
	}
	close(port);
	work_end();
}
