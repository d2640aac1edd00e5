// SPDX-License-Identifier: GPL-2.0
/* Programs whose calls sleep in the driver: here, and behind the nodes' socket */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "kit/files.h"
#include "link.h"
#include "serve/nodes.h"
#include "sleepy.h"

#define MOMENT_MS	100
#define MANY		12

/*
 * In this process
 */

static struct kit_process *program;
static struct kit_file *node;

static bool woke;

static int sleep_soundly(void *arg)
{
	int left = kit_ioctl(node, SLEEPY_SLEEP_SOUNDLY, (unsigned long)arg);

	__atomic_store_n(&woke, true, __ATOMIC_RELEASE);
	return left;
}

static int sleep_lightly(void *arg)
{
	(void)arg;
	return kit_ioctl(node, SLEEPY_SLEEP, 0);
}

static void begin(void)
{
	ASSERT_EQ(0, sleepy_add());
	program = kit_process_create(1000);
	ASSERT_EQ(0, kit_open(program, "sleepy", O_RDWR, &node));
}

static void end(void)
{
	kit_process_exit(program);
	sleepy_del();
}

LINK_TEST(r21_a_signal_wakes_no_uninterruptible_sleep)
{
	struct kit_thread *thread;
	bool asleep = false;
	int tries;

	begin();
	/* Where the machine stands still meanwhile, nobody sees it asleep. */
	for (tries = 0; tries < 10 && !asleep; tries++) {
		woke = false;
		ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "sleeper", sleep_soundly, (void *)200,
					       &thread));
		EXPECT_TRUE(EVENTUALLY((asleep = kit_ioctl(node, SLEEPY_COUNT, 0) == 1) ||
				       __atomic_load_n(&woke, __ATOMIC_ACQUIRE)));
		kit_process_interrupt(program, false);
		EXPECT_EQ(0, kit_thread_join(thread));
	}
	EXPECT_TRUE(asleep);
	end();
}

LINK_TEST(r21_a_signal_ends_an_interruptible_sleep)
{
	struct kit_thread *thread;

	begin();
	ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "sleeper", sleep_lightly, NULL, &thread));
	EXPECT_TRUE(EVENTUALLY(kit_ioctl(node, SLEEPY_COUNT, 0) == 1));
	kit_process_interrupt(program, false);
	EXPECT_EQ(-512, kit_thread_join(thread));
	end();
}

/*
 * Behind the socket
 */

static char path[64];
static int stop;
static pid_t server;

static int in_kit(void *arg)
{
	struct nodes *nodes;
	int err;

	(void)arg;
	err = kit_kernel_init() ?: sleepy_add();
	if (err)
		return 1;
	nodes = nodes_listen(path);
	if (!nodes)
		return 2;
	nodes_serve(nodes, stop);
	sleepy_del();
	kit_kernel_exit();
	return kit_report() ? 3 : 0;
}

static void start_server(void)
{
	struct kit_config config = { .log_level = 5 };

	snprintf(path, sizeof(path), "/tmp/hosted-nodes-%d", getpid());
	stop = eventfd(0, 0);
	server = fork();
	if (!server)
		_exit(kit_run(&config, in_kit, NULL));
	ASSERT_GT(server, 0);
}

static void stop_server(void)
{
	uint64_t one = 1;
	int status = -1, tries;

	EXPECT_EQ(sizeof(one), write(stop, &one, sizeof(one)));
	for (tries = 0; tries < SOON && !waitpid(server, &status, WNOHANG); tries++)
		usleep(1000);
	EXPECT_EQ(0, status);
	unlink(path);
}

static int connect_nodes(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), tries;

	strcpy(address.sun_path, path);
	for (tries = 0; tries < SOON; tries++) {
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		usleep(1000);
	}
	ASSERT_EQ(0, errno);
	return -1;
}

static void ask(int fd, enum nodes_op op, uint64_t a, const char *data)
{
	struct nodes_request request = { .op = op, .a = a };
	struct iovec iov[2] = { { &request, sizeof(request) }, { (void *)data, strlen(data) } };

	ASSERT_GT(writev(fd, iov, 2), 0);
}

/* Returns -ETIME where none has come for so long. */
static long reply(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct nodes_reply got;

	if (poll(&pfd, 1, ms) < 1)
		return -ETIME;
	ASSERT_EQ(sizeof(got), recv(fd, &got, sizeof(got), 0));
	return got.result;
}

static int open_sleepy(void)
{
	int fd = connect_nodes();

	ask(fd, NODES_OPEN, O_RDWR, "sleepy");
	ASSERT_EQ(0, reply(fd, SOON));
	return fd;
}

static long call(int fd, unsigned int cmd)
{
	ask(fd, NODES_IOCTL, cmd, "");
	return reply(fd, SOON);
}

static bool sleep_as_many(int fd, long count)
{
	int tries;

	for (tries = 0; tries < SOON && call(fd, SLEEPY_COUNT) != count; tries++)
		usleep(1000);
	return tries < SOON;
}

TEST(r24_a_call_that_sleeps_delays_no_other_program)
{
	int awake, asleep[MANY], i;

	start_server();
	awake = open_sleepy();
	for (i = 0; i < MANY; i++) {
		asleep[i] = i % 2 ? connect_nodes() : open_sleepy();
		if (i % 2)
			ask(asleep[i], NODES_OPEN, O_RDWR, "sleepy1");
		else
			ask(asleep[i], NODES_IOCTL, SLEEPY_SLEEP, "");
	}
	EXPECT_TRUE(sleep_as_many(awake, MANY));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(-ETIME, reply(asleep[i], 0));
	EXPECT_EQ(0, call(awake, SLEEPY_WAKE));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, reply(asleep[i], SOON));
	for (i = 0; i < MANY; i++)
		EXPECT_EQ(0, call(asleep[i], SLEEPY_COUNT));
	stop_server();
}

TEST(r24_the_end_of_a_program_ends_its_sleep)
{
	int awake, asleep;
	pid_t child;

	start_server();
	awake = open_sleepy();
	child = fork();
	if (!child) {
		asleep = open_sleepy();
		ask(asleep, NODES_IOCTL, SLEEPY_SLEEP, "");
		pause();
	}
	EXPECT_TRUE(sleep_as_many(awake, 1));
	kill(child, SIGKILL);
	EXPECT_TRUE(sleep_as_many(awake, 0));
	/* Who asks again before there was an answer breaks the rules. */
	asleep = open_sleepy();
	ask(asleep, NODES_IOCTL, SLEEPY_SLEEP, "");
	EXPECT_TRUE(sleep_as_many(awake, 1));
	ask(asleep, NODES_IOCTL, SLEEPY_COUNT, "");
	EXPECT_TRUE(sleep_as_many(awake, 0));
	stop_server();
}

TEST(r24_the_server_ends_whoever_sleeps)
{
	int awake, asleep;

	start_server();
	awake = open_sleepy();
	asleep = open_sleepy();
	ask(asleep, NODES_IOCTL, SLEEPY_SLEEP, "");
	EXPECT_TRUE(sleep_as_many(awake, 1));
	stop_server();
}

TEST(r8_who_does_not_read_its_replies_is_dropped)
{
	struct nodes_request count = { .op = NODES_IOCTL, .a = SLEEPY_COUNT };
	int fd, i = 0;

	start_server();
	fd = open_sleepy();
	while (i < 5000 && send(fd, &count, sizeof(count), MSG_NOSIGNAL) > 0)
		i++;
	EXPECT_LT(i, 5000);
	stop_server();
}
