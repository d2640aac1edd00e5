// SPDX-License-Identifier: GPL-2.0
/* A driver's process and its clients. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "kit/kit.h"
#include "process.h"
#include "serve/channel.h"
#include "serve/seccomp.h"

/* A driver, and a client that has its port open. Return: who it is. */
static pid_t begin(const char *const *args, int *port)
{
	pid_t pid;

	work_begin();
	pid = start_alone(args);
	*port = connect_port();
	ASSERT_GE(*port, 0);
	ASSERT_EQ(0, client_ask(*port, SERIAL_OPEN, 0));
	return pid;
}

FIXTURE(alone) {
	int port;
	pid_t pid;
};

FIXTURE_SETUP(alone)
{
	self->pid = begin(NULL, &self->port);
}

FIXTURE_TEARDOWN(alone)
{
	close(self->port);
	work_end();
}

#define SOME	1500

static void write_some(int port, uint8_t factor)
{
	uint8_t data[SOME];
	size_t i;

	for (i = 0; i < SOME; i++)
		data[i] = i * factor;
	EXPECT_EQ(0, client_write(port, data, SOME));
}

static void read_some(int port, uint8_t factor)
{
	struct serial_reply reply;
	size_t at = 0;
	int status, i;

	while (at < SOME) {
		status = client_call(port, SERIAL_READ_DATA, SOME - at, SOON, NULL, 0, &reply);
		ASSERT_GT(status, 0);
		for (i = 0; i < status; i++, at++)
			ASSERT_EQ((uint8_t)(at * factor), reply.data[i]);
	}
}

TEST_F(alone, bytes_in_are_bytes_out)
{
	write_some(self->port, 3);
	read_some(self->port, 3);
}

static void set_speed(int port, unsigned int speed)
{
	struct serial_reply reply;
	struct serial_termios *termios = (struct serial_termios *)reply.data;

	ASSERT_EQ(0, client_call(port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply));
	termios->ispeed = speed;
	termios->ospeed = speed;
	EXPECT_EQ(0, client_call(port, SERIAL_SET_TERMIOS, 0, 0, termios, sizeof(*termios), NULL));
}

static unsigned int speed_of(int port)
{
	struct serial_reply reply;

	EXPECT_EQ(0, client_call(port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply));
	return ((struct serial_termios *)reply.data)->ospeed;
}

/* R1: two instances of one driver, which differ in all they are told */
TEST_F(alone, r01_two_processes_share_nothing)
{
	pid_t other_pid;
	int other;

	strcat(socket_path, "2");
	other_pid = start_alone(NULL);
	other = connect_port();
	ASSERT_EQ(0, client_ask(other, SERIAL_OPEN, 0));
	set_speed(self->port, 19200);
	set_speed(other, 38400);
	write_some(other, 7);
	write_some(self->port, 3);
	read_some(other, 7);
	EXPECT_EQ(19200, speed_of(self->port));
	EXPECT_EQ(38400, speed_of(other));
	kill(other_pid, SIGKILL);
	EXPECT_EQ(1000 + SIGKILL, wait_exit(other_pid, SOON));
	EXPECT_EQ(19200, speed_of(self->port));
	read_some(self->port, 3);
	close(other);
}

/* R8: a reply goes to the connection and the request that it belongs to. */
TEST_F(alone, r08_replies_name_their_request)
{
	int slow = client_send(self->port, SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
	int fast = client_send(self->port, SERIAL_INFO, 0, 0, NULL, 0);
	int other = connect_port();
	struct serial_reply reply;

	ASSERT_EQ(1, client_receive(self->port, &reply, true));
	EXPECT_EQ(fast, reply.id);
	EXPECT_EQ(0, client_ask(other, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_receive(self->port, &reply, false));
	/* The loop makes a break of ours one that is received. */
	EXPECT_EQ(0, client_ask(other, SERIAL_BREAK, 1));
	EXPECT_EQ(0, client_ask(other, SERIAL_BREAK, 0));
	ASSERT_EQ(1, client_receive(self->port, &reply, true));
	EXPECT_EQ(slow, reply.id);
	EXPECT_EQ(0, reply.status);
	close(other);
}

TEST_F(alone, r08_malformed_requests_are_answered_not_followed)
{
	struct serial_request request = { .op = SERIAL_WRITE, .id = 77, .length = 500 };
	struct serial_reply reply;

	send(self->port, &request, SERIAL_REQUEST_HEAD, 0);
	ASSERT_EQ(1, client_receive(self->port, &reply, true));
	EXPECT_EQ(-EBADMSG, reply.status);
	EXPECT_EQ(77, reply.id);
	send(self->port, &request, 3, 0);
	ASSERT_EQ(1, client_receive(self->port, &reply, true));
	EXPECT_EQ(-EBADMSG, reply.status);
	EXPECT_EQ(-EOPNOTSUPP, client_ask(self->port, 4711, 0));
}

/* R8: a client dies while its requests are parked, asleep, or not yet read. */
TEST_F(alone, r08_a_client_may_die_mid_request)
{
	int i, other;

	for (i = 0; i < 50; i++) {
		other = connect_port();
		ASSERT_GE(other, 0);
		client_send(other, SERIAL_OPEN, 0, 0, NULL, 0);
		client_send(other, SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0);
		client_send(other, SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
		client_send(other, SERIAL_CLOSE, 0, 0, NULL, 0);
		close(other);
	}
	EXPECT_EQ(0, client_ask(self->port, SERIAL_COUNTERS, 0));
}

TEST_F(alone, who_does_not_read_its_replies_is_dropped)
{
	long long limit = ms_now() + SOON;
	int other = connect_port(), err = 0;

	ASSERT_GE(other, 0);
	fcntl(other, F_SETFL, O_NONBLOCK);
	while (err >= 0 && ms_now() < limit) {
		err = client_send(other, SERIAL_INFO, 0, 0, NULL, 0);
		if (err == -EAGAIN) {
			usleep(1000);
			err = 0;
		}
	}
	EXPECT_LT(err, 0);
	EXPECT_EQ(0, client_ask(self->port, SERIAL_COUNTERS, 0));
	close(other);
}

TEST_F(alone, r08_a_client_has_so_many_requests_at_a_time)
{
	struct pollfd pfd = { .fd = self->port, .events = POLLIN };
	struct serial_reply reply;
	int first = 0, last = 0, i, id;

	for (i = 0; i < 1000 && poll(&pfd, 1, i < 200 ? 0 : 20) == 0; i++) {
		last = client_send(self->port, SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
		ASSERT_GT(last, 0);
		first = first ?: last;
	}
	ASSERT_LT(i, 1000);
	ASSERT_EQ(1, client_receive(self->port, &reply, true));
	EXPECT_EQ(-EBUSY, reply.status);
	EXPECT_GT(reply.id, first);
	/* So are those which were sent before that came. */
	for (id = reply.id; id < last; id++) {
		ASSERT_EQ(1, client_receive(self->port, &reply, true));
		EXPECT_EQ(-EBUSY, reply.status);
		EXPECT_EQ(id + 1, reply.id);
	}
	/* Others have room, and one that is cancelled makes some. */
	i = connect_port();
	EXPECT_EQ(0, client_ask(i, SERIAL_OPEN, 0));
	close(i);
	EXPECT_EQ(0, client_ask(self->port, SERIAL_CANCEL, first));
	EXPECT_EQ(0, client_ask(self->port, SERIAL_INFO, 0));
}

/* Time that a process has had, in ticks */
static unsigned long time_of(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			    &user, &system) != 2)
		TH_LOG("cannot read %s", path);
	if (file)
		fclose(file);
	return user + system;
}

/* The backlog is small: whoever is to take them gets time, and more at the beginning. */
static int enter(int fd, int count)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int tries = count > 20 ? 500 : 30000, err = 0;

	strcpy(address.sun_path, socket_path);
	while (tries--) {
		err = connect(fd, (struct sockaddr *)&address, sizeof(address));
		if (!err || errno != EAGAIN)
			break;
		usleep(1000);
	}
	return err;
}

/* Until nobody takes them any more */
static int crowd(int *fds, int max)
{
	int i;

	for (i = 0; i < max; i++) {
		fds[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
		if (enter(fds[i], i)) {
			close(fds[i]);
			break;
		}
	}
	return i;
}

static void check_crowd(pid_t pid, int port, int most)
{
	int fds[400], count = crowd(fds, 400), other, tries;
	unsigned long took = 20;

	EXPECT_GT(count, 20);
	EXPECT_LT(count, most);
	/* Where the machine stands still, that may count as its time. */
	for (tries = 0; tries < 3 && took >= 20; tries++) {
		took = time_of(pid);
		usleep(500000);
		took = time_of(pid) - took;
	}
	EXPECT_LT(took, 20);
	EXPECT_EQ(0, client_ask(port, SERIAL_INFO, 0));
	while (count--)
		close(fds[count]);
	other = connect_port();
	EXPECT_EQ(0, client_ask(other, SERIAL_INFO, 0));
	close(other);
}

TEST_F(alone, r08_a_crowd_waits_outside)
{
	check_crowd(self->pid, self->port, 200);
}

TEST_F(alone, r08_a_crowd_waits_for_descriptors)
{
	struct rlimit limit = { 60, 60 };

	ASSERT_EQ(0, prlimit(self->pid, RLIMIT_NOFILE, &limit, NULL));
	check_crowd(self->pid, self->port, 100);
}

/* R24: whoever sleeps, here in a close that has to wait, delays nobody. */
FIXTURE(timed) {
	int port;
};

FIXTURE_SETUP(timed)
{
	static const char *const args[] = { "--timed", NULL };

	begin(args, &self->port);
}

FIXTURE_TEARDOWN(timed)
{
	close(self->port);
	work_end();
}

/* Return: whether none of many had to wait for long. */
static bool ask_while_closed(int port, int other)
{
	static const char data[500];
	struct serial_reply reply;
	long long start, longest = 0, took;
	int id, asked = 0;

	/* 500 characters take half a second. */
	EXPECT_EQ(500, client_call(port, SERIAL_WRITE, 0, 0, data, 500, NULL));
	id = client_send(port, SERIAL_CLOSE, 0, 0, NULL, 0);
	while (client_receive(port, &reply, false) == 0) {
		start = ms_now();
		EXPECT_EQ(0, client_ask(other, SERIAL_INFO, 0));
		took = ms_now() - start;
		longest = took > longest ? took : longest;
		asked++;
	}
	EXPECT_EQ(id, reply.id);
	EXPECT_EQ(0, reply.status);
	return asked > 100 && longest < 250;
}

/* A slow machine may take its time more than once, but not always. */
#define TRIES	10

TEST_F(timed, r24_a_request_that_sleeps_delays_no_other)
{
	int other = connect_port(), tries = 1;

	ASSERT_GE(other, 0);
	while (!ask_while_closed(self->port, other) && tries++ < TRIES)
		ASSERT_EQ(0, client_ask(self->port, SERIAL_OPEN, 0));
	EXPECT_LE(tries, TRIES);
	close(other);
}

/* Return: whether those that open did not, before others had their answer, nor for long. */
static bool open_while_closed(int port)
{
	static const char data[1000];
	struct serial_reply reply;
	kit_u32 ids[8], id;
	int others[8], i;
	bool slept = true;
	long long start;

	for (i = 0; i < 8; i++) {
		others[i] = connect_port();
		ASSERT_GE(others[i], 0);
	}
	start = ms_now();
	EXPECT_EQ(1000, client_call(port, SERIAL_WRITE, 0, 0, data, 1000, NULL));
	client_send(port, SERIAL_CLOSE, 0, 0, NULL, 0);
	/* These open while it is being closed, and wait for that; their next request does not. */
	for (i = 0; i < 8; i++)
		ids[i] = client_send(others[i], SERIAL_OPEN, 0, 0, NULL, 0);
	for (i = 0; i < 8; i++) {
		id = client_send(others[i], SERIAL_INFO, 0, 0, NULL, 0);
		EXPECT_EQ(1, client_receive(others[i], &reply, true));
		EXPECT_TRUE(reply.id == id || reply.id == ids[i]);
		EXPECT_EQ(0, reply.status);
		slept &= reply.id == id;
		ids[i] += id - reply.id;
	}
	slept &= !client_receive(port, &reply, false);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(1, client_receive(others[i], &reply, true));
		EXPECT_EQ(ids[i], reply.id);
		EXPECT_EQ(0, reply.status);
		close(others[i]);
	}
	/* A character takes a millisecond. */
	EXPECT_GT(ms_now() - start, 800);
	return slept && ms_now() - start < 5000;
}

TEST_F(timed, r24_many_sleep_at_the_same_time)
{
	int tries = 1;

	while (!open_while_closed(self->port) && tries++ < TRIES) {
		close(self->port);
		self->port = connect_port();
		ASSERT_EQ(0, client_ask(self->port, SERIAL_OPEN, 0));
	}
	EXPECT_LE(tries, TRIES);
}

TEST_F(timed, r08_a_port_is_closed_once)
{
	static const char data[300];
	struct serial_reply reply;
	int i, closed = 0;
	kit_u32 first;

	EXPECT_EQ(300, client_call(self->port, SERIAL_WRITE, 0, 0, data, 300, NULL));
	first = client_send(self->port, SERIAL_CLOSE, 0, 0, NULL, 0);
	for (i = 0; i < 3; i++)
		client_send(self->port, SERIAL_CLOSE, 0, 0, NULL, 0);
	client_send(self->port, SERIAL_COUNTERS, 0, 0, NULL, 0);
	/* The first is answered last, unless the machine is slow. */
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(1, client_receive(self->port, &reply, true));
		EXPECT_EQ(reply.id == first ? 0 : -EBADF, reply.status);
		closed += reply.id == first;
	}
	EXPECT_EQ(1, closed);
	EXPECT_EQ(0, client_ask(self->port, SERIAL_OPEN, 0));
}

/* That what is left of it is closed shows in the driver's exit status. */
TEST_F(timed, r08_a_client_may_vanish_while_it_closes)
{
	static const char data[300];
	int other = connect_port();

	EXPECT_EQ(300, client_call(self->port, SERIAL_WRITE, 0, 0, data, 300, NULL));
	client_send(self->port, SERIAL_CLOSE, 0, 0, NULL, 0);
	/* This one waits for that, and also for nobody. */
	client_send(other, SERIAL_OPEN, 0, 0, NULL, 0);
	usleep(20000);
	close(self->port);
	close(other);
	self->port = connect_port();
	EXPECT_EQ(0, client_ask(self->port, SERIAL_OPEN, 0));
	EXPECT_EQ(0, client_ask(self->port, SERIAL_CLOSE, 0));
}

/* R34 */
static int (*shut)(void) = shut_in;

static int in_jail(void (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (shut())
			_exit(99);
		act();
		syscall(SYS_exit_group, 0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void act_nothing(void)
{
	if (write(1, "", 0))
		_exit(3);
}

static void act_open(void)
{
	open("/dev/null", O_RDONLY);
}

static void act_socket(void)
{
	socket(AF_UNIX, SOCK_STREAM, 0);
}

static void act_exec(void)
{
	execl("/bin/true", "true", NULL);
}

static void act_kill(void)
{
	kill(getppid(), 0);
}

static void act_tgkill(void)
{
	syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static void act_tgkill_itself(void)
{
	signal(SIGABRT, SIG_IGN);
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGABRT);
}

/* So that it looks like somebody else's deed */
static void act_tgkill_hard(void)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGKILL);
}

static void act_fork(void)
{
	fork();
}

static void act_vfork(void)
{
	syscall(SYS_clone, CLONE_VM | CLONE_VFORK, 0, 0, 0, 0);
}

static void act_clone3(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (syscall(SYS_clone3, &args, sizeof(args)) >= 0 || errno != ENOSYS)
		_exit(3);
}

static void *nothing(void *arg)
{
	return arg;
}

static void *use_memory(void *arg)
{
	static void *some[1000];
	int i;

	for (i = 0; i < 1000; i++)
		some[i] = malloc(4000);
	while (i--)
		free(some[i]);
	return arg;
}

static void run_thread(void *(*function)(void *arg))
{
	static char stack[1 << 18] __attribute__((aligned(4096)));
	pthread_attr_t attr;
	pthread_t thread;

	/* As the kit does it */
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, sizeof(stack));
	if (pthread_create(&thread, &attr, function, NULL) || pthread_join(thread, NULL))
		_exit(3);
}

static void act_thread(void)
{
	run_thread(nothing);
}

static void act_thread_memory(void)
{
	run_thread(use_memory);
}

#define MANY_THREADS	24

static pthread_barrier_t all_there;

static void *allocate_together(void *arg)
{
	void *volatile some = malloc(100);

	pthread_barrier_wait(&all_there);
	free(some);
	return arg;
}

/* Each has an arena of libc's heap, as long as there are some. */
static void act_threads_memory(void)
{
	pthread_t threads[MANY_THREADS];
	int i;

	pthread_barrier_init(&all_there, NULL, MANY_THREADS);
	for (i = 0; i < MANY_THREADS; i++)
		if (pthread_create(&threads[i], NULL, allocate_together, NULL))
			_exit(3);
	for (i = 0; i < MANY_THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void act_map_file(void)
{
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0);
}

static void act_map_code(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void act_ptrace(void)
{
	syscall(SYS_ptrace, 16, getppid(), 0, 0);
}

static void act_io_setup(void)
{
	unsigned long context = 0;

	syscall(SYS_io_setup, 1, &context);
}

TEST(r34_a_process_that_is_shut_in_opens_connects_and_runs_nothing)
{
	EXPECT_EQ(0, in_jail(act_nothing));
	EXPECT_EQ(SIGSYS, in_jail(act_open));
	EXPECT_EQ(SIGSYS, in_jail(act_socket));
	EXPECT_EQ(SIGSYS, in_jail(act_exec));
	EXPECT_EQ(SIGSYS, in_jail(act_kill));
	EXPECT_EQ(SIGSYS, in_jail(act_map_file));
	EXPECT_EQ(SIGSYS, in_jail(act_map_code));
	EXPECT_EQ(SIGSYS, in_jail(act_ptrace));
	EXPECT_EQ(SIGSYS, in_jail(act_io_setup));
}

static void act_map_shared_memory(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void act_map_stack(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
}

/* Each MiB is one that could be written, whoever has the memory. */
static void fill(int before, int after)
{
	int i;
	void *at;

	for (i = 0; i < 1024; i++) {
		at = mmap(NULL, 1 << 20, before, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			  -1, 0);
		if (at == MAP_FAILED || mprotect(at, 1 << 20, after))
			return;
	}
	_exit(3);
}

static void act_fill(void)
{
	fill(PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE);
}

static void act_fill_later(void)
{
	fill(PROT_NONE, PROT_READ | PROT_WRITE);
}

static void act_fill_heap(void)
{
	long end = syscall(SYS_brk, 0);

	if (syscall(SYS_brk, end + (1l << 30)) != end)
		_exit(3);
}

/* Page tables take memory, too. */
static void act_fill_addresses(void)
{
	if (mmap(NULL, 1ul << 40, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0) != MAP_FAILED)
		_exit(3);
}

static void act_raise_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_DATA, &limit);
}

TEST(r34_a_process_that_is_shut_in_has_memory_up_to_a_limit)
{
#ifdef KIT_SANITIZED
	SKIP(return, "a sanitizer has memory of its own");
#endif
	EXPECT_EQ(0, in_jail(act_fill));
	EXPECT_EQ(0, in_jail(act_fill_later));
	EXPECT_EQ(0, in_jail(act_fill_heap));
	EXPECT_EQ(0, in_jail(act_fill_addresses));
	EXPECT_EQ(SIGSYS, in_jail(act_map_shared_memory));
	EXPECT_EQ(SIGSYS, in_jail(act_map_stack));
	EXPECT_EQ(SIGSYS, in_jail(act_raise_limit));
}

static void act_map_shared(void)
{
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, -1, 0) != MAP_FAILED)
		_exit(3);
}

static void act_peer(void)
{
	getsockopt(0, SOL_SOCKET, 77 /* SO_PEERPIDFD */, NULL, NULL);
}

static void act_set_flags(void)
{
	fcntl(0, F_SETFL, O_NONBLOCK);
}

static void act_signal_child(void)
{
	syscall(SYS_pidfd_send_signal, 1, SIGTERM, NULL, 0);
}

static void act_signal_another(void)
{
	syscall(SYS_pidfd_send_signal, 0, SIGTERM, NULL, 0);
}

static int shut_link(void)
{
	return shut_in_link(-1, 1);
}

static int shut_tap(void)
{
	return shut_in_link(0, -1);
}

static void act_set_address(void)
{
	ioctl(0, SIOCSIFHWADDR, NULL);
}

static void act_set_interface(void)
{
	ioctl(0, SIOCSIFADDR, NULL);
}

TEST(r34_a_link_that_is_shut_in_has_little_more)
{
	EXPECT_EQ(SIGSYS, in_jail(act_map_shared));
	shut = shut_link;
	EXPECT_EQ(0, in_jail(act_nothing));
	EXPECT_EQ(0, in_jail(act_map_shared));
	EXPECT_EQ(SIGSYS, in_jail(act_open));
	EXPECT_EQ(SIGSYS, in_jail(act_socket));
	EXPECT_EQ(SIGSYS, in_jail(act_exec));
	EXPECT_EQ(SIGSYS, in_jail(act_fork));
	EXPECT_EQ(SIGSYS, in_jail(act_kill));
	EXPECT_EQ(SIGSYS, in_jail(act_tgkill));
	EXPECT_EQ(SIGSYS, in_jail(act_map_file));
	EXPECT_EQ(SIGSYS, in_jail(act_map_code));
	EXPECT_EQ(SIGSYS, in_jail(act_peer));
	EXPECT_EQ(SIGSYS, in_jail(act_set_flags));
	EXPECT_EQ(SIGSYS, in_jail(act_io_setup));
	EXPECT_EQ(SIGSYS, in_jail(act_set_address));
	EXPECT_EQ(0, in_jail(act_signal_child));
	EXPECT_EQ(SIGSYS, in_jail(act_signal_another));
	shut = shut_tap;
	EXPECT_EQ(0, in_jail(act_set_address));
	EXPECT_EQ(SIGSYS, in_jail(act_set_interface));
}

TEST(r34_threads_are_its_own_processes_are_not)
{
	EXPECT_EQ(0, in_jail(act_thread));
	EXPECT_EQ(0, in_jail(act_thread_memory));
	EXPECT_EQ(0, in_jail(act_threads_memory));
	EXPECT_EQ(0, in_jail(act_tgkill_itself));
	EXPECT_EQ(SIGSYS, in_jail(act_tgkill_hard));
	EXPECT_EQ(0, in_jail(act_clone3));
	EXPECT_EQ(SIGSYS, in_jail(act_tgkill));
	EXPECT_EQ(SIGSYS, in_jail(act_fork));
	EXPECT_EQ(SIGSYS, in_jail(act_vfork));
}

/* One that has a filter of its own already */
static void *differ(void *arg)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		abort();
	pthread_barrier_wait(arg);
	pause();
	return NULL;
}

TEST(r34_no_thread_is_left_outside)
{
	pthread_barrier_t there;
	pthread_t thread;

	pthread_barrier_init(&there, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, differ, &there));
	pthread_barrier_wait(&there);
	EXPECT_EQ(-EBUSY, shut_in());
}

/* What a process has as descriptor @fd, NULL for nothing */
static const char *handle_of(long pid, unsigned int fd)
{
	static char target[128];
	char path[64];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%ld/fd/%u", pid, fd);
	size = readlink(path, target, sizeof(target) - 1);
	target[size < 0 ? 0 : size] = '\0';
	return size < 0 ? NULL : target;
}

static void expect_shut_in(long pid)
{
	const char *seccomp;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	seccomp = strstr(contents(path), "Seccomp:\t");
	ASSERT_NE(NULL, seccomp);
	EXPECT_EQ('2', seccomp[9]);
}

/* A driver that serves */
FIXTURE(given) {
	int port;
	long pid;
};

FIXTURE_SETUP(given)
{
	work_begin();
	start_supervised(NULL);
	self->port = connect_port();
	ASSERT_EQ(0, client_ask(self->port, SERIAL_OPEN, 0));
	self->pid = status_number(self->port, "driver");
}

FIXTURE_TEARDOWN(given)
{
	close(self->port);
	work_end();
}

TEST_F(given, r02_the_handles_of_a_driver_are_those_it_was_given)
{
	unsigned int fd, sockets = 0;
	const char *handle;

	for (fd = 0; fd < 2; fd++)
		EXPECT_STREQ("/dev/null", handle_of(self->pid, fd));
	for (fd = 3; fd < 64; fd++) {
		handle = handle_of(self->pid, fd);
		if (!handle || !strncmp(handle, "anon_inode:", 11))
			continue;
		sockets++;
		if (strncmp(handle, "socket:", 7))
			TH_LOG("descriptor %u is %s", fd, handle);
		EXPECT_EQ(0, strncmp(handle, "socket:", 7));
	}
	/* The listener, the channel, the supervisor's probe, this client */
	EXPECT_EQ(4, sockets);
}

TEST_F(given, r34_a_driver_that_serves_is_shut_in)
{
	expect_shut_in(self->pid);
}

TEST(r34_a_driver_is_shut_in_before_it_sees_its_device)
{
	struct channel_message message;
	int pair[2], handles[3];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	handles[0] = fcntl(pair[0], F_DUPFD, 10);
	handles[1] = fcntl(pair[1], F_DUPFD, 10);
	handles[2] = handles[0];
	pid = start_with(handles, 3);
	/* It waits for the answer. */
	ASSERT_EQ(sizeof(message), recv(handles[0], &message, sizeof(message), 0));
	expect_shut_in(pid);
	kill(pid, SIGKILL);
}

TEST_HARNESS_MAIN
