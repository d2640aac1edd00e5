// SPDX-License-Identifier: GPL-2.0
/* Ordinary programs at a hosted port: stty, picocom, and what a shell does. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

FIXTURE(pty) {
	int line;
	char link[96], out[96];
};

FIXTURE_SETUP(pty)
{
	const char *const args[] = { "--line", line_path, NULL };
	const char *const front[] = { socket_path, "pty", self->link, NULL };
	int port;

	work_begin();
	snprintf(self->link, sizeof(self->link), "%s/tty", work_dir);
	snprintf(self->out, sizeof(self->out), "%s/out", work_dir);
	start_supervised(args);
	self->line = connect_line();
	ASSERT_GE(self->line, 0);
	port = connect_port();
	ASSERT_GE(port, 0);
	close(port);
	spawn("hosted-serial", front, self->out);
	for (port = 0; port < SOON && access(self->link, F_OK); port++)
		usleep(1000);
	ASSERT_EQ(0, access(self->link, F_OK));
}

FIXTURE_TEARDOWN(pty)
{
	close(self->line);
	work_end();
}

static int run(const char *fmt, const char *link)
{
	char command[512];

	snprintf(command, sizeof(command), fmt, link, link);
	fflush(stdout);
	return system(command);
}

TEST_F(pty, stty_sets_the_port)
{
	struct serial_termios t;
	struct serial_reply reply;
	int port = connect_port(), i;

	ASSERT_EQ(0, client_ask(port, SERIAL_OPEN, 0));
	/* Settings become the port's while the terminal is open. */
	EXPECT_EQ(0, run("(stty 19200 cstopb raw -echo && sleep 60) < %s &", self->link));
	for (i = 0; i < SOON / 10; i++) {
		EXPECT_EQ(0, client_call(port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply));
		memcpy(&t, reply.data, sizeof(t));
		if (t.ospeed == 19200)
			break;
		usleep(10000);
	}
	EXPECT_EQ(19200, t.ospeed);
	EXPECT_EQ(0x30, t.cflag & 0x30);
	EXPECT_EQ(0x40, t.cflag & 0x340);
	close(port);
}

TEST_F(pty, a_shell_writes_and_reads)
{
	char got[64];

	EXPECT_EQ(0, run("stty -F %s raw -echo 115200", self->link));
	EXPECT_EQ(0, run("printf 'hello, line' > %s", self->link));
	EXPECT_EQ(11, line_read(self->line, got, 11, SOON));
	EXPECT_EQ(0, memcmp("hello, line", got, 11));
}

TEST_F(pty, data_comes_in_order_both_ways)
{
	static char data[30000], got[30000];
	int fd = open(self->link, O_RDWR | O_NOCTTY);
	char message[501] = "d";
	size_t i, at;
	ssize_t size;

	ASSERT_GE(fd, 0);
	for (i = 0; i < sizeof(data); i++)
		data[i] = 'A' + i % 57;
	if (!fork()) {
		for (at = 0; at < sizeof(data); at += size) {
			size = write(fd, data + at, sizeof(data) - at);
			if (size < 0)
				_exit(1);
		}
		_exit(0);
	}
	EXPECT_EQ(sizeof(data), line_read(self->line, got, sizeof(got), SOON));
	EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
	memset(got, 0, sizeof(got));
	/* Nothing holds the line back: no more than a driver has room for. */
	for (at = 0, i = 0; at < sizeof(got); at += size) {
		for (; i < sizeof(data) && i < at + 2000; i += 500) {
			memcpy(message + 1, data + i, 500);
			ASSERT_EQ(sizeof(message), send(self->line, message, sizeof(message), 0));
		}
		size = read(fd, got + at, sizeof(got) - at);
		ASSERT_GT(size, 0);
	}
	EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
	close(fd);
}

TEST_F(pty, the_port_is_open_while_the_terminal_is)
{
	int port = connect_port(), fd, i;

	for (i = 0; i < SOON / 10 && status_number(port, "clock_users") != 0; i++)
		usleep(10000);
	EXPECT_LT(i, SOON / 10);
	fd = open(self->link, O_RDWR | O_NOCTTY);
	for (i = 0; i < SOON / 10 && status_number(port, "clock_users") != 1; i++)
		usleep(10000);
	EXPECT_LT(i, SOON / 10);
	close(fd);
	for (i = 0; i < SOON / 10 && status_number(port, "clock_users") != 0; i++)
		usleep(10000);
	EXPECT_LT(i, SOON / 10);
	close(port);
}

#define PICOCOM	"timeout 60 picocom -q -b 38400 -t 'typed in' -x 30000"

TEST_F(pty, picocom_works)
{
	char got[64], out[512];
	int i;

	if (system("command -v picocom > /dev/null"))
		SKIP(return, "no picocom: make setup installs it");
	/* It sets the speed, sends what it is told, and shows what comes. */
	EXPECT_EQ(0, run("(" PICOCOM " %s > %s.picocom 2>&1 < /dev/null) &", self->link));
	EXPECT_EQ(8, line_read(self->line, got, 8, SOON));
	EXPECT_EQ(0, memcmp("typed in", got, 8));
	/* It forgets what came before it was ready. */
	ASSERT_EQ(8, send(self->line, "dwelcome", 8, 0));
	snprintf(out, sizeof(out), "%s.picocom", self->link);
	for (i = 0; i < SOON / 10 && !strstr(contents(out), "welcome"); i++)
		usleep(10000);
	EXPECT_NE(NULL, strstr(contents(out), "welcome"));
}

TEST_F(pty, a_driver_that_is_killed_is_not_noticed)
{
	int fd = open(self->link, O_RDWR | O_NOCTTY), port = connect_port(), i;
	char got[64];

	ASSERT_GE(fd, 0);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(6, write(fd, "still ", 6));
		kill_driver_now(port);
		usleep(20000);
	}
	EXPECT_EQ(30, line_read(self->line, got, 30, SOON));
	for (i = 0; i < 30; i += 6)
		EXPECT_EQ(0, memcmp("still ", got + i, 6));
	close(fd);
	close(port);
}

/* Ends at once, with an error, and leaves what is there. */
static void expect_refused(const char *link)
{
	const char *const front[] = { socket_path, "pty", link, NULL };

	EXPECT_EQ(1, wait_exit(spawn("hosted-serial", front, NULL), SOON));
}

TEST_F(pty, what_is_no_terminal_is_not_replaced)
{
	char path[96], to[96] = "";
	struct stat st;

	snprintf(path, sizeof(path), "%s/mine", work_dir);
	EXPECT_EQ(0, run("echo precious > %s", path));
	expect_refused(path);
	EXPECT_STREQ("precious\n", contents(path));
	/* Nor is one that leads to it */
	EXPECT_EQ(0, run("ln -s %s %s.link", path));
	snprintf(path, sizeof(path), "%s/mine.link", work_dir);
	expect_refused(path);
	EXPECT_GT(readlink(path, to, sizeof(to) - 1), 0);
	EXPECT_STREQ("precious\n", contents(path));
	expect_refused(work_dir);
	EXPECT_EQ(0, lstat(work_dir, &st));
}

TEST_F(pty, the_link_of_one_that_was_killed_is_replaced)
{
	char path[96], to[96] = "";
	const char *const front[] = { socket_path, "pty", path, NULL };
	int tries;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/stale", work_dir);
	EXPECT_EQ(0, run("ln -s /dev/pts/99999 %s", path));
	pid = spawn("hosted-serial", front, self->out);
	for (tries = 0; tries < SOON && !strstr(contents(self->out), "stale is ready"); tries++)
		usleep(1000);
	EXPECT_GT(readlink(path, to, sizeof(to) - 1), 0);
	EXPECT_STRNE("/dev/pts/99999", to);
	/* Another has taken it over: it is that one's now. */
	EXPECT_EQ(0, run("ln -sf /dev/pts/99999 %s", path));
	kill(pid, SIGTERM);
	EXPECT_EQ(0, wait_exit(pid, SOON));
	EXPECT_GT(readlink(path, to, sizeof(to) - 1), 0);
}
