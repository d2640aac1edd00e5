// SPDX-License-Identifier: GPL-2.0
/* How often drivers are replaced, how long one is waited for, how much is kept. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

static const uint8_t much[SERIAL_DATA];
static const char *const two[] = { "--restarts", "2/10", NULL };

#define PAUSES	6			/* after drivers that fail, of 0.1, 0.2, ... 3.2 s */

static void kill_driver_by(int port, int number)
{
	long pid, limit = ms_now() + SOON;

	do {
		pid = status_number(port, "driver");
	} while ((pid < 2 || status_text(port, "up") != 't') && ms_now() < limit);
	ASSERT_GT(pid, 1);
	kill(pid, number);
	while (status_number(port, "driver") == pid && ms_now() < limit)
		usleep(1000);
}

TEST(r34_drivers_that_lie_are_held_back)
{
	long long start;
	long hangs = 0;
	int port, tries;

	work_begin();
	start_liar("ready", two);
	port = connect_port();
	status_await(port, "failures", 4);
	/* 0.1 s, 0.2 s, 0.4 s, 0.8 s: no more than 4 of them in a second, if it was one. */
	for (tries = 0; tries < 10; tries++) {
		start = ms_now();
		hangs = status_number(port, "hangs");
		sleep(1);
		hangs = status_number(port, "hangs") - hangs;
		if (ms_now() - start < 1200)
			break;
	}
	EXPECT_LE(hangs, 3);
	close(port);
	work_end();
}

TEST(a_request_that_kills_each_driver_is_refused_in_the_end)
{
	int port, other, tries, err = 0;
	struct serial_reply reply;
	char up = 't';

	work_begin();
	start_liar("crash", two);
	port = connect_port();
	other = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(-EHOSTDOWN, client_call(port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply));
	EXPECT_EQ(3, status_number(other, "failures"));
	/* The next driver comes in 0.1 s, which may have passed; each time it takes longer. */
	for (tries = 0; tries < PAUSES && (err != -EHOSTDOWN || up != 'f'); tries++) {
		if (tries)
			client_call(port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply);
		err = client_ask(other, SERIAL_OPEN, 0);
		up = status_text(other, "up");
		if (!err)
			EXPECT_EQ(0, client_ask(other, SERIAL_CLOSE, 0));
	}
	EXPECT_EQ(-EHOSTDOWN, err);
	EXPECT_EQ('f', up);
	/* Without it the next one lives. */
	while (status_text(other, "up") != 't')
		usleep(1000);
	EXPECT_EQ(0, client_ask(other, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_GET_MODEM, 0));
	close(port);
	close(other);
	work_end();
}

TEST(a_port_can_be_closed_while_there_is_no_driver)
{
	struct serial_reply reply;
	int port, tries, err = 0;

	work_begin();
	start_liar("crash", two);
	port = connect_port();
	/* As above; where there is a driver again, it says 0. */
	for (tries = 0; tries < PAUSES && !err; tries++) {
		EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
		EXPECT_EQ(-EHOSTDOWN, client_call(port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply));
		EXPECT_EQ(0, client_ask(port, SERIAL_CLOSE, 0));
		err = client_ask(port, SERIAL_CLOSE, 0);
	}
	EXPECT_EQ(-EHOSTDOWN, err);
	close(port);
	work_end();
}

TEST(who_is_killed_from_outside_is_replaced_at_once)
{
	int port, i;

	work_begin();
	start_supervised(two);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	for (i = 0; i < 10; i++) {
		kill_driver_by(port, SIGKILL);
		EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
	}
	EXPECT_EQ(0, status_number(port, "failures"));
	close(port);
	work_end();
}

TEST(a_driver_that_has_lived_long_enough_begins_a_new_row)
{
	static const char *const args[] = { "--restarts", "1/1", NULL };
	int port, tries;

	work_begin();
	start_supervised(args);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	/* A slow machine may give one a second. */
	kill_driver_by(port, SIGABRT);
	for (tries = 0; tries < 10 && status_number(port, "failures") == 1; tries++)
		kill_driver_by(port, SIGABRT);
	EXPECT_EQ(2, status_number(port, "failures"));
	while (status_text(port, "up") != 't')
		usleep(1000);
	usleep(1100000);
	kill_driver_by(port, SIGABRT);
	EXPECT_EQ(1, status_number(port, "failures"));
	EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
	close(port);
	work_end();
}

TEST(a_driver_that_never_starts_is_given_up)
{
	pid_t pid;

	work_begin();
	pid = start_liar("late", two);
	EXPECT_EQ(1, wait_exit(pid, SOON));
	EXPECT_NE(0, access(socket_path, F_OK));
	work_end();
}

TEST(r34_who_closes_a_connection_is_replaced)
{
	struct serial_reply reply;
	int port, other;

	work_begin();
	start_liar("close", two);
	port = connect_port();
	other = connect_port();
	EXPECT_GT(client_send(port, SERIAL_COUNTERS, 0, 0, NULL, 0), 0);
	status_await(other, "hangs", 3);
	ASSERT_EQ(1, client_receive(port, &reply, true));
	EXPECT_EQ(-EHOSTDOWN, reply.status);
	close(port);
	close(other);
	work_end();
}

/* It lives, and answers, but has not got what its predecessor had. */
TEST(a_driver_that_does_not_take_the_settings_is_replaced)
{
	static const char *const args[] = { "--restarts", "0/10", NULL };
	int port;

	work_begin();
	start_liar("settings", args);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_ask(port, SERIAL_STOP, 1));
	kill_driver_now(port);
	EXPECT_EQ(-EHOSTDOWN, client_ask(port, SERIAL_GET_MODEM, 0));
	EXPECT_EQ(1, status_number(port, "hangs"));
	close(port);
	work_end();
}

TEST(r34_a_client_sees_nothing_of_the_supervisors_memory)
{
	static const uint8_t zero[SERIAL_DATA];
	struct serial_reply reply;
	size_t known = sizeof(struct serial_counters);
	int port;

	work_begin();
	start_liar("echo", NULL);
	port = connect_port();
	EXPECT_EQ(0, client_call(port, SERIAL_WAIT_COUNTERS, 0, 0, zero, SERIAL_DATA, &reply));
	EXPECT_EQ(SERIAL_DATA, reply.length);
	EXPECT_EQ(0, memcmp(reply.data + known, zero, SERIAL_DATA - known));
	close(port);
	work_end();
}

TEST(r34_no_driver_gives_a_client_more_than_it_asked_for)
{
	const char *const args[] = { socket_path, "pty", line_path, NULL };
	int tries, pty = -1;
	char data[4096];
	pid_t pid;

	work_begin();
	start_liar("read", NULL);
	close(connect_port());
	pid = spawn("hosted-serial", args, NULL);
	for (tries = 0; tries < SOON / 10 && pty < 0; tries++) {
		usleep(10000);
		pty = open(line_path, O_RDWR | O_NOCTTY);
	}
	ASSERT_GE(pty, 0);
	for (tries = 0; tries < 10; tries++)
		EXPECT_GT(read(pty, data, sizeof(data)), 0);
	close(pty);
	kill(pid, SIGTERM);
	EXPECT_EQ(0, wait_exit(pid, SOON));
	work_end();
}

static void expect_refused(const char *program, const char *option, const char *value,
			   const char *text)
{
	const char *const args[] = { "--socket", socket_path, option, value, "/bin/true", NULL };
	char path[96];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/errors", work_dir);
	errors_to(path);
	pid = spawn(program, args, NULL);
	errors_to(NULL);
	EXPECT_EQ(2, wait_exit(pid, SOON));
	if (!strstr(contents(path), text))
		TH_LOG("%s %s: %s", option, value, contents(path));
	EXPECT_NE(NULL, strstr(contents(path), text));
}

TEST(wrong_usage_is_named)
{
	static const char supervise[] = "hosted-supervise";
	char path[PATH_MAX];
	const char *uart;

	work_begin();
	uart = basename((char *)uart_program(path));
	expect_refused(supervise, "--hang", "4294967296", "--hang is '4294967296'");
	expect_refused(supervise, "--hang", "-1", "--hang is '-1'");
	expect_refused(supervise, "--restarts", "4294967297/10", "--restarts is '4294967297/10'");
	expect_refused(supervise, "--restarts", "5", "--restarts is '5'");
	expect_refused(supervise, "--hum", "1", "--hum");
	expect_refused(uart, "--policy", "foo", "--policy is 'foo', want smp or up");
	expect_refused(uart, "--param", "x", "--param is 'x', want NAME=VALUE");
	work_end();
}

TEST(a_parameter_that_is_not_there_is_named)
{
	const char *const args[] = { "--socket", socket_path, "--param", "x=1", NULL };
	char path[PATH_MAX], errors[96];
	pid_t pid;

	work_begin();
	snprintf(errors, sizeof(errors), "%s/errors", work_dir);
	errors_to(errors);
	pid = spawn(basename((char *)uart_program(path)), args, NULL);
	errors_to(NULL);
	EXPECT_EQ(2, wait_exit(pid, SOON));
	EXPECT_NE(NULL, strstr(contents(errors), "--param x=1: no such parameter"));
	work_end();
}

/* How many arguments a process has */
static unsigned int arguments(long pid)
{
	unsigned int count = 0;
	char path[64];
	FILE *file;
	int c;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	file = fopen(path, "r");
	while (file && (c = fgetc(file)) != EOF)
		count += !c;
	if (file)
		fclose(file);
	return count;
}

TEST(a_driver_gets_all_its_arguments)
{
	const char *args[20] = { "--socket", socket_path };
	char path[PATH_MAX];
	int port, i;

	work_begin();
	args[2] = uart_program(path);
	for (i = 3; i < 19; i++)
		args[i] = "--verbose";
	spawn("hosted-supervise", args, NULL);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_INFO, 0));
	/* Its name, these, --supervised */
	EXPECT_EQ(1 + 16 + 1, arguments(status_number(port, "driver")));
	close(port);
	work_end();
}

/* A driver that has stopped, in the midst of work for a client that asks for much. */
TEST(a_driver_that_reads_nothing_is_replaced_too)
{
	static const char *const args[] = { "--hang", "2000", NULL };
	int port, other, i, id = 0;
	long pid, restarts;

	work_begin();
	start_supervised(args);
	port = connect_port();
	other = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	restarts = status_number(other, "restarts");
	pid = status_number(other, "driver");
	ASSERT_GT(pid, 1);
	kill(pid, SIGSTOP);
	for (i = 0; i < 128; i++)
		id = client_send(port, SERIAL_COUNTERS, 0, 0, much, SERIAL_DATA);
	for (i = 0; i < 128; i++)
		EXPECT_GT(client_send(port, SERIAL_CANCEL, id - i, 0, NULL, 0), 0);
	for (i = 0; i < 200; i++)
		close(connect_port());
	status_await(other, "restarts", restarts + 1);
	EXPECT_NE(pid, status_number(other, "driver"));
	close(port);
	close(other);
	work_end();
}

static void write_much(int port, int pieces)
{
	int i;

	for (i = 0; i < pieces; i++)
		ASSERT_EQ(0, client_write(port, much, SERIAL_DATA));
	EXPECT_EQ(0, client_ask(port, SERIAL_DRAIN, 0));
}

TEST(r34_a_driver_that_takes_and_never_sends_fills_no_memory)
{
	int port, other, i;

	work_begin();
	start_liar("status", NULL);
	port = connect_port();
	other = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	for (i = 0; i < 100; i++)
		client_send(port, SERIAL_WRITE, 0, SERIAL_FOREVER, much, SERIAL_DATA);
	status_await(other, "to_send", 65536);
	usleep(100000);
	EXPECT_LE(status_number(other, "to_send"), 65536 + SERIAL_DATA);
	close(port);
	close(other);
	work_end();
}

TEST(a_loop_keeps_so_much_that_nobody_reads)
{
	int port;

	work_begin();
	start_supervised(NULL);
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	write_much(port, 40);
	EXPECT_EQ(65536, status_number(port, "to_read"));
	close(port);
	work_end();
}

TEST(who_does_not_take_what_the_line_sends_is_hung_up_on)
{
	const char *const args[] = { "--line", line_path, NULL };
	int port, line;
	size_t got;
	char data[80 * SERIAL_DATA];

	work_begin();
	start_supervised(args);
	line = connect_line();
	port = connect_port();
	EXPECT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	write_much(port, 80);
	got = line_read(line, data, sizeof(data), 100);
	EXPECT_LT(got, 80 * SERIAL_DATA);
	EXPECT_EQ(0, recv(line, data, sizeof(data), MSG_DONTWAIT));
	close(line);
	line = connect_line();
	EXPECT_EQ(1, client_call(port, SERIAL_WRITE, 0, SERIAL_FOREVER, "x", 1, NULL));
	EXPECT_EQ(1, line_read(line, data, 1, SOON));
	close(line);
	close(port);
	work_end();
}
