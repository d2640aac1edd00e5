// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers that die. Characters are numbered, so that what was lost or doubled
 * shows. HOSTED_SEED chooses the points, HOSTED_KILLS how many there are.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

#define CROWD		60
#define REQUESTS	50
#define CHUNK		64
#define PERIOD		251		/* no power of two: a slip shows */

FIXTURE(supervised) {
	int port, line;
};

FIXTURE_SETUP(supervised)
{
	const char *const args[] = { "--line", line_path, "--hang", "3000", NULL };

	work_begin();
	start_supervised(args);
	self->line = connect_line();
	ASSERT_GE(self->line, 0);
	self->port = connect_port();
	ASSERT_GE(self->port, 0);
	ASSERT_EQ(0, client_ask(self->port, SERIAL_OPEN, 0));
}

FIXTURE_TEARDOWN(supervised)
{
	close(self->port);
	close(self->line);
	work_end();
}

static void kill_driver(int port)
{
	long restarts = status_number(port, "restarts");

	kill_driver_now(port);
	while (status_number(port, "restarts") == restarts)
		usleep(1000);
}

TEST_F(supervised, a_socket_in_use_is_left_to_its_user)
{
	EXPECT_EQ(1, wait_exit(start_supervised(NULL), SOON));
	EXPECT_EQ(0, status_number(self->port, "restarts"));
	close(self->port);
	self->port = connect_port();
	EXPECT_GE(self->port, 0);
}

TEST_F(supervised, a_file_in_a_sockets_place_stays)
{
	char path[96];
	const char *const args[] = { "--socket", path, NULL };
	FILE *file;

	snprintf(path, sizeof(path), "%s/file", work_dir);
	file = fopen(path, "w");
	ASSERT_TRUE(file && fputs("keep", file) >= 0 && !fclose(file));
	EXPECT_EQ(1, wait_exit(start_supervised(args), SOON));
	EXPECT_EQ(1, wait_exit(start_alone(args), SOON));
	EXPECT_STREQ("keep", contents(path));
}

TEST_F(supervised, a_client_keeps_its_connection_and_its_settings)
{
	struct serial_termios t;
	struct serial_reply reply;
	uint8_t got[16];

	EXPECT_EQ(0, client_call(self->port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply));
	memcpy(&t, reply.data, sizeof(t));
	t.cflag = (t.cflag & ~0x100fu) | 0x1000 | 0x100;
	t.ispeed = 57600;
	t.ospeed = 57600;
	EXPECT_EQ(0, client_call(self->port, SERIAL_SET_TERMIOS, 0, 0, &t, sizeof(t), NULL));
	kill_driver(self->port);
	EXPECT_EQ(0, client_call(self->port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply));
	EXPECT_EQ(0, memcmp(&t, reply.data, sizeof(t)));
	EXPECT_EQ(5, client_call(self->port, SERIAL_WRITE, 0, 0, "hello", 5, NULL));
	EXPECT_EQ(5, line_read(self->line, got, 5, SOON));
	EXPECT_EQ(0, memcmp("hello", got, 5));
}

TEST_F(supervised, what_was_stopped_stays_so_and_is_sent_later)
{
	uint8_t got[16];

	EXPECT_EQ(0, client_ask(self->port, SERIAL_STOP, 0));
	EXPECT_EQ(6, client_call(self->port, SERIAL_WRITE, 0, 0, "waited", 6, NULL));
	kill_driver(self->port);
	EXPECT_EQ(6, status_number(self->port, "to_send"));
	EXPECT_EQ(0, client_ask(self->port, SERIAL_START, 0));
	EXPECT_EQ(0, client_ask(self->port, SERIAL_DRAIN, 0));
	EXPECT_EQ(6, line_read(self->line, got, 6, SOON));
	EXPECT_EQ(0, memcmp("waited", got, 6));
}

TEST_F(supervised, a_read_that_waits_goes_on_waiting)
{
	int id = client_send(self->port, SERIAL_READ_DATA, 10, SERIAL_FOREVER, NULL, 0);
	struct serial_reply reply;
	int other = connect_port();

	ASSERT_GE(other, 0);
	kill_driver(other);
	kill_driver(other);
	ASSERT_EQ(4, send(self->line, "dabc", 4, 0));
	ASSERT_EQ(1, client_receive(self->port, &reply, true));
	EXPECT_EQ(id, reply.id);
	EXPECT_GT(reply.status, 0);
	EXPECT_EQ('a', reply.data[0]);
	close(other);
}

TEST_F(supervised, what_was_read_and_not_delivered_comes_again)
{
	struct serial_reply reply;
	struct serial_counters c;
	size_t got = 0;
	int status;

	ASSERT_EQ(9, send(self->line, "dreceived", 9, 0));
	do {
		EXPECT_EQ(0, client_call(self->port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply));
		memcpy(&c, reply.data, sizeof(c));
	} while (c.rx < 8);
	kill_driver(self->port);
	while (got < 8) {
		status = client_call(self->port, SERIAL_READ_DATA, 8, SOON, NULL, 0, &reply);
		ASSERT_GT(status, 0);
		EXPECT_EQ(0, memcmp(&"received"[got], reply.data, status));
		got += status;
	}
	EXPECT_EQ(0, client_call(self->port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply));
	memcpy(&c, reply.data, sizeof(c));
	EXPECT_EQ(8, c.rx);
}

TEST_F(supervised, counters_go_on_counting)
{
	struct serial_reply reply;
	struct serial_counters c;
	char lines[2] = { 'm', 0 };
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(3, send(self->line, "e\1x", 3, 0));	/* a framing error */
		EXPECT_EQ(1, client_call(self->port, SERIAL_READ_DATA, 1, SOON, NULL, 0, &reply));
		EXPECT_EQ(1, client_call(self->port, SERIAL_WRITE, 0, 0, "y", 1, NULL));
		EXPECT_EQ(0, client_ask(self->port, SERIAL_DRAIN, 0));
		kill_driver(self->port);
	}
	EXPECT_EQ(0, client_call(self->port, SERIAL_COUNTERS, 0, 0, NULL, 0, &reply));
	memcpy(&c, reply.data, sizeof(c));
	EXPECT_EQ(3, c.rx);
	EXPECT_EQ(3, c.frame);
	EXPECT_EQ(3, c.tx);
	EXPECT_EQ(2, send(self->line, lines, 2, 0));
}

TEST_F(supervised, a_driver_that_hangs_is_killed_and_replaced)
{
	long pid = stop_driver(self->port);

	EXPECT_EQ(0, client_ask(self->port, SERIAL_DRAIN, 0));
	EXPECT_NE(pid, status_number(self->port, "driver"));
	EXPECT_EQ(1, status_number(self->port, "hangs"));
}

/* Return: whether the driver did it, and in time. */
static bool accept_crowd(int port)
{
	int fd[CROWD], i, n, got = 0;
	struct serial_reply reply;
	long pid = stop_driver(port);
	long long start = ms_now();

	for (i = 0; i < 2 * CROWD; i++) {
		fd[i % CROWD] = connect_port();
		ASSERT_GT(client_send(fd[i % CROWD], SERIAL_GET_TERMIOS, 0, 0, NULL, 0), 0);
		/* The supervisor has seen both. */
		for (n = 0; n < 3; n++)
			status_number(port, "up");
		if (i < CROWD)
			close(fd[i % CROWD]);
	}
	for (i = 0; i < CROWD; i++)
		for (n = 1; n < REQUESTS; n++)
			ASSERT_GT(client_send(fd[i], SERIAL_GET_TERMIOS, 0, 0, NULL, 0), 0);
	/* It has read them all, and that took less time than the driver may hang. */
	for (n = 0; n < REQUESTS; n++)
		status_number(port, "up");
	kill(pid, SIGCONT);
	for (i = 0; i < CROWD; i++)
		for (n = 0; n < REQUESTS; n++)
			got += client_receive(fd[i], &reply, true) == 1;
	EXPECT_EQ(CROWD * REQUESTS, got);
	start = ms_now() - start;
	for (i = 0; i < CROWD; i++)
		close(fd[i]);
	return start < 10000 && status_number(port, "driver") == pid;
}

/*
 * The driver's backlog is full of connections, most of them of clients that have
 * gone, while others wait to be connected and each of their requests is tried again.
 * A machine that stands still may keep it from that once, or twice.
 */
TEST_F(supervised, r08_a_driver_that_was_busy_finds_time_to_accept_a_crowd)
{
	int tries = 1;

	while (!accept_crowd(self->port) && tries++ < 3)
		status_await(self->port, "driver", 2);
	EXPECT_LE(tries, 3);
}

TEST_F(supervised, r33_the_clocks_of_a_dead_driver_are_dropped)
{
	EXPECT_EQ(1, status_number(self->port, "clock_users"));
	kill_driver(self->port);
	EXPECT_EQ(1, status_number(self->port, "clock_users"));
	EXPECT_EQ(0, client_ask(self->port, SERIAL_CLOSE, 0));
	EXPECT_EQ(0, status_number(self->port, "clock_users"));
}

TEST_F(supervised, a_character_with_priority_survives_too)
{
	uint8_t got[16];

	EXPECT_EQ(0, client_ask(self->port, SERIAL_STOP, 0));
	EXPECT_EQ(3, client_call(self->port, SERIAL_WRITE, 0, 0, "abc", 3, NULL));
	kill_driver(self->port);
	EXPECT_EQ(0, client_ask(self->port, SERIAL_XCHAR, 'X'));
	EXPECT_EQ(1, line_read(self->line, got, 1, SOON));
	EXPECT_EQ('X', got[0]);
	EXPECT_EQ(0, client_ask(self->port, SERIAL_DISCARD, 2));
	EXPECT_EQ(0, client_ask(self->port, SERIAL_START, 0));
	EXPECT_EQ(1, client_call(self->port, SERIAL_WRITE, 0, 0, "z", 1, NULL));
	EXPECT_EQ(1, line_read(self->line, got, 1, SOON));
	EXPECT_EQ('z', got[0]);
}

/*
 * Traffic both ways, a driver that is killed again and again. One connection
 * writes, one reads, a third knows whom to kill.
 */
struct traffic {
	int writer, reader, boss, line;
	uint64_t written, sent;		/* characters: taken from us, seen on the line */
	uint64_t given, received;	/* put on the line, read */
	unsigned int bad;
	bool writing;
	pid_t killed;			/* the last one */
	unsigned int kills, ready;	/* of these so many took requests */
};

static uint8_t nth(uint64_t n)
{
	return n % PERIOD;
}

static void check(struct traffic *t, uint64_t *count, const uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++, (*count)++) {
		if (data[i] == nth(*count))
			continue;
		if (!t->bad++)
			TH_LOG("character %llu is %u, want %u", (unsigned long long)*count,
			       data[i], nth(*count));
	}
}

static void write_more(struct traffic *t)
{
	uint8_t data[CHUNK];
	int i;

	for (i = 0; i < CHUNK; i++)
		data[i] = nth(t->written + i);
	t->writing = true;
	ASSERT_GT(client_send(t->writer, SERIAL_WRITE, 0, SERIAL_FOREVER, data, CHUNK), 0);
}

static void read_more(struct traffic *t)
{
	ASSERT_GT(client_send(t->reader, SERIAL_READ_DATA, 512, SERIAL_FOREVER, NULL, 0), 0);
}

static void give_more(struct traffic *t)
{
	uint8_t message[1 + CHUNK] = "d";
	int i;

	if (t->given - t->received > 4 * CHUNK)
		return;
	for (i = 0; i < CHUNK; i++)
		message[1 + i] = nth(t->given++);
	ASSERT_EQ(sizeof(message), send(t->line, message, sizeof(message), 0));
}

static void serve(struct traffic *t, int ms, bool more)
{
	struct pollfd fds[3] = { { t->writer, POLLIN, 0 }, { t->reader, POLLIN, 0 },
				 { t->line, POLLIN, 0 } };
	struct serial_reply reply;
	uint8_t message[2048];
	ssize_t size;

	if (more)
		give_more(t);
	poll(fds, 3, ms);
	if (fds[0].revents && client_receive(t->writer, &reply, false) > 0) {
		ASSERT_GT(reply.status, 0);
		t->written += reply.status;
		t->writing = false;
		if (more)
			write_more(t);
	}
	if (fds[1].revents && client_receive(t->reader, &reply, false) > 0) {
		ASSERT_GT(reply.status, 0);
		check(t, &t->received, reply.data, reply.status);
		read_more(t);
	}
	if (fds[2].revents) {
		size = recv(t->line, message, sizeof(message), 0);
		if (size > 1 && message[0] == 'd')
			check(t, &t->sent, message + 1, size - 1);
	}
}

/* Until so many characters more have gone through, either way */
static void move(struct traffic *t, unsigned int count)
{
	uint64_t until = t->sent + t->received + count;

	while (t->sent + t->received < until && !t->bad)
		serve(t, 100, true);
}

/* So many microseconds after it came, or later */
static void kill_another(struct traffic *t, unsigned int age)
{
	pid_t pid;
	bool up;

	while ((pid = driver_now(t->boss, &up)) <= 1 || pid == t->killed)
		usleep(100);
	usleep(age);
	ASSERT_EQ(pid, driver_now(t->boss, &up));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	t->killed = pid;
	t->kills++;
	t->ready += up;
}

/* Each was a death. Who dies while it starts is replaced as a part of the same restart. */
static void check_restarts(const struct traffic *t)
{
	long restarts;

	status_await(t->boss, "deaths", t->kills);
	status_await(t->boss, "restarts", t->ready);
	EXPECT_EQ(t->kills, status_number(t->boss, "deaths"));
	EXPECT_EQ(0, status_number(t->boss, "hangs"));
	restarts = status_number(t->boss, "restarts");
	EXPECT_LE(restarts, t->kills);
	EXPECT_GT(t->ready, t->kills / 5);
	printf("# seed %s, %u drivers killed, %u of them ready, the others starting; ",
	       getenv("HOSTED_SEED") ?: "1", t->kills, t->ready);
	printf("%ld restarts, %ld us each, %ld us at most; ", restarts,
	       status_number(t->boss, "restart_us"), status_number(t->boss, "restart_max_us"));
	printf("%llu characters out, %llu in\n", (unsigned long long)t->sent,
	       (unsigned long long)t->received);
}

TEST_TIMEOUT(nothing_is_lost_or_doubled_however_often_it_is_killed, 900)
{
	const char *const args[] = { "--line", line_path, NULL };
	unsigned int kills = atoi(getenv("HOSTED_KILLS") ?: "1000");
	unsigned int seed = atoi(getenv("HOSTED_SEED") ?: "1");
	struct traffic t = { 0 };
	long long limit;

	work_begin();
	start_supervised(args);
	t.line = connect_line();
	t.writer = connect_port();
	t.reader = connect_port();
	t.boss = connect_port();
	ASSERT_EQ(0, client_ask(t.writer, SERIAL_OPEN, 0));
	ASSERT_EQ(0, client_ask(t.reader, SERIAL_OPEN, 0));
	write_more(&t);
	read_more(&t);
	while (t.kills < kills && !t.bad) {
		/* At any point: most while it works, some while it starts. */
		if (rand_r(&seed) % 4)
			move(&t, rand_r(&seed) % 300);
		kill_another(&t, rand_r(&seed) % 4000);
	}
	limit = ms_now() + 2 * SOON;
	while ((t.writing || t.sent < t.written || t.received < t.given) && ms_now() < limit &&
	       !t.bad)
		serve(&t, 10, false);
	check_restarts(&t);
	EXPECT_EQ(0, t.bad);
	EXPECT_EQ(t.written, t.sent);
	EXPECT_EQ(t.given, t.received);
	EXPECT_GT(t.sent + t.received, 50 * kills);
	close(t.writer);
	close(t.reader);
	close(t.boss);
	close(t.line);
	work_end();
}
