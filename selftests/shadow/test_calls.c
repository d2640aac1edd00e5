// SPDX-License-Identifier: GPL-2.0
/* The calls of /dev/shadow-process0: what they return, and when. */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "mapped.h"
#include "polled_link.h"

#define POLLS	1000

/* Hidden from the compiler, which knows better. */
static void *nowhere(void)
{
	void *volatile pointer = NULL;

	return pointer;
}

static void nothing(int signal)
{
	(void)signal;
}

static void on_alarm(int flags)
{
	struct sigaction action = { .sa_handler = nothing, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

/* A thread that waits for a call of the test's to sleep, then disturbs it. */
struct disturber {
	pthread_t self, target;
	struct rtos *rtos;
	uint64_t slot;
	unsigned int signals;
};

static void *disturb(void *arg)
{
	struct disturber *d = arg;
	unsigned int i;

	for (i = 0; i < d->signals; i++) {
		wait_for_sleep();
		pthread_kill(d->target, SIGUSR1);
	}
	wait_for_sleep();
	if (d->rtos)
		rtos_request(d->rtos, d->slot, 7, 0x77);
	return NULL;
}

static void start(struct disturber *d)
{
	d->target = pthread_self();
	ASSERT_EQ(0, pthread_create(&d->self, NULL, disturb, d));
}

TEST_F(link, read_returns_72_bytes_of_the_request)
{
	uint64_t in[10] = { 231, 11, 12, 13, 14, 15, 16, 0xfeedULL << 44, 2ULL << 32 | 200 };
	uint64_t out[10];

	in[9] = self->slot;
	memset(out, 0xa5, sizeof(out));
	rtos_post(&self->r, in, 80);
	rtos_ring(&self->r);
	ASSERT_EQ(72, read(self->fd, out, sizeof(out)));
	EXPECT_EQ(0, memcmp(in, out, 72));
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5, out[9]);
	proxy_write(self->fd, 42);
	expect_reply(&self->r, 42, 0xfeedULL << 44);
	expect_silence(&self->r);
}

TEST_F(link, read_into_less_than_72_bytes_fails_and_loses_nothing)
{
	char buf[4096];

	rtos_request(&self->r, self->slot, 1, 0x11);
	rtos_request(&self->r, self->slot, 2, 0x12);
	ASSERT_TRUE(rtos_all_taken(&self->r));
	EXPECT_ERRNO(EINVAL, read(self->fd, buf, 71));
	EXPECT_ERRNO(EINVAL, read(self->fd, buf, 0));
	EXPECT_EQ(72, read(self->fd, buf, 72));
	EXPECT_EQ(1, buf[0]);
	EXPECT_EQ(72, read(self->fd, buf, 4096));
	EXPECT_EQ(2, buf[0]);
}

TEST_F(link, read_into_memory_that_is_not_there_fails_and_loses_nothing)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(page + 4096, 4096);
	rtos_request(&self->r, self->slot, 3, 0x13);
	ASSERT_TRUE(rtos_all_taken(&self->r));
	EXPECT_ERRNO(EFAULT, read(self->fd, nowhere(), 80));
	EXPECT_ERRNO(EFAULT, read(self->fd, page + 4096 - 40, 80));
	EXPECT_EQ(3, proxy_read(self->fd));
}

TEST_F(link, write_of_other_than_8_bytes_or_of_no_memory_fails_and_sends_nothing)
{
	uint64_t values[2] = { 5, 6 };

	rtos_request(&self->r, self->slot, 4, 0x14);
	proxy_read(self->fd);
	EXPECT_ERRNO(EINVAL, write(self->fd, values, 7));
	EXPECT_ERRNO(EINVAL, write(self->fd, values, 16));
	EXPECT_ERRNO(EINVAL, write(self->fd, values, 0));
	EXPECT_ERRNO(EFAULT, write(self->fd, nowhere(), 8));
	expect_silence(&self->r);
	proxy_write(self->fd, 5);
	expect_reply(&self->r, 5, 0x14);
}

TEST_F(link, a_write_with_nothing_outstanding_returns_8_and_sends_nothing)
{
	proxy_write(self->fd, 1);
	rtos_request(&self->r, self->slot, 4, 0x14);
	ASSERT_TRUE(rtos_all_taken(&self->r));
	/* Queued, but not read: nothing to answer yet. */
	proxy_write(self->fd, 2);
	expect_silence(&self->r);
	proxy_read(self->fd);
	proxy_write(self->fd, 3);
	expect_reply(&self->r, 3, 0x14);
	proxy_write(self->fd, 4);
	expect_silence(&self->r);
}

TEST_F(link, two_requests_of_a_slot_are_read_and_answered_in_order)
{
	rtos_post_to(&self->r, self->slot, 7, 0x21);
	rtos_request(&self->r, self->slot, 8, 0x22);
	EXPECT_EQ(7, proxy_read(self->fd));
	EXPECT_EQ(8, proxy_read(self->fd));
	proxy_write(self->fd, 70);
	proxy_write(self->fd, 80);
	expect_reply(&self->r, 70, 0x21);
	expect_reply(&self->r, 80, 0x22);
	expect_silence(&self->r);
}

TEST_F(link, nonblocking_calls_never_wait)
{
	int fd = proxy(O_NONBLOCK);
	char buf[80];

	EXPECT_ERRNO(EAGAIN, read(fd, buf, sizeof(buf)));
	rtos_request(&self->r, slot_of(fd), 9, 0x31);
	EXPECT_EQ(POLLIN, polled(fd, 5000) & POLLIN);
	EXPECT_EQ(72, read(fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EAGAIN, read(fd, buf, sizeof(buf)));
}

TEST_F(link, a_signal_without_SA_RESTART_interrupts_a_reader_and_nothing_is_lost)
{
	struct disturber d = { .signals = 1 };
	char buf[80];

	on_alarm(0);
	start(&d);
	EXPECT_ERRNO(EINTR, read(self->fd, buf, sizeof(buf)));
	pthread_join(d.self, NULL);
	rtos_request(&self->r, self->slot, 9, 0x32);
	EXPECT_EQ(9, proxy_read(self->fd));
}

TEST_F(link, a_signal_with_SA_RESTART_restarts_a_reader)
{
	struct disturber d = { .signals = 3, .rtos = &self->r, .slot = self->slot };

	on_alarm(SA_RESTART);
	start(&d);
	EXPECT_EQ(7, proxy_read(self->fd));
	pthread_join(d.self, NULL);
}

TEST_F(link, poll_and_epoll_tell_of_a_request_once_and_of_room_for_replies)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(0);

	EXPECT_EQ(0, polled(self->fd, 0));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	ASSERT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ(EPOLLOUT, event.events);
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	rtos_request(&self->r, self->slot, 9, 0x33);
	ASSERT_EQ(1, epoll_wait(epoll, &event, 1, 5000));
	EXPECT_EQ(EPOLLIN | EPOLLOUT, event.events);
	EXPECT_EQ(POLLIN, polled(self->fd, 0));
	proxy_read(self->fd);
	EXPECT_EQ(0, polled(self->fd, 0));
}

/* The next request comes right after the reply: when the proxy goes to sleep. */
static void *ask_again(void *arg)
{
	struct disturber *d = arg;
	uint64_t value, tcb;
	unsigned int i, spin;

	for (i = 0; i < POLLS; i++) {
		for (spin = i % 97 * 20; spin; spin--)
			__asm__ volatile("" : "+r"(spin));
		rtos_request(d->rtos, d->slot, i, i + 1);
		if (!rtos_reply(d->rtos, &value, &tcb, 10000) || value != i || tcb != i + 1)
			return "a reply was lost or wrong";
	}
	return NULL;
}

/* A poller that looks before it queues itself sleeps for ever now and then. */
TEST_F_TIMEOUT(link, poll_never_misses_a_request, 120)
{
	struct disturber d = { .rtos = &self->r, .slot = self->slot };
	void *error = "no result";
	unsigned int i;

	ASSERT_EQ(0, pthread_create(&d.self, NULL, ask_again, &d));
	for (i = 0; i < POLLS; i++) {
		ASSERT_EQ(POLLIN, polled(self->fd, 10000));
		ASSERT_EQ(i, proxy_read(self->fd));
		proxy_write(self->fd, i);
	}
	pthread_join(d.self, &error);
	EXPECT_EQ(NULL, error);
}

TEST_F(link, a_signal_carries_its_number_and_the_callers_pid)
{
	EXPECT_EQ(0, ioctl(self->fd, SEND_SIGNAL, 17));
	expect_reply(&self->r, 17, SIGNAL_BIT | getpid());
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, SEND_SIGNAL, 1000));
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, SEND_SIGNAL, ~0UL));
	expect_silence(&self->r);
}

TEST_F(link, other_ioctls_fail_with_ENOTTY)
{
	uint64_t arg = 0;

	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, 0x40086b02U, &arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, 0x80086b03U, &arg));
	EXPECT_ERRNO(ENOTTY, ioctl(self->fd, TCGETS, &arg));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, GET_SLOT, nowhere()));
}

static int wait_exit(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return status;
}

#ifdef __x86_64__
static long call32(long number, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory",
			 "r8", "r9", "r10", "r11");
	return (int)ret;
}

TEST_F(link, thirty_two_bit_programs_make_the_same_calls)
{
	enum { READ32 = 3, WRITE32 = 4, IOCTL32 = 54 };
	uint64_t *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	ASSERT_NE(MAP_FAILED, low);
	/* A kernel without them logs a fault for the attempt. */
	if (access("/proc/sys/abi/vsyscall32", F_OK) || call32(20, 0, 0, 0) != getpid())
		SKIP(return, "this kernel runs no 32-bit programs");
	EXPECT_EQ(0, call32(IOCTL32, self->fd, GET_SLOT, (long)low));
	EXPECT_EQ(self->slot, *low);
	rtos_request(&self->r, self->slot, 5, 0x55);
	EXPECT_EQ(72, call32(READ32, self->fd, (long)low, 80));
	EXPECT_EQ(5, *low);
	EXPECT_EQ(0x55, low[7]);
	*low = 0x123456789;
	EXPECT_EQ(8, call32(WRITE32, self->fd, (long)low, 8));
	expect_reply(&self->r, 0x123456789, 0x55);
	EXPECT_EQ(0, call32(IOCTL32, self->fd, SEND_SIGNAL, 10));
	expect_reply(&self->r, 10, SIGNAL_BIT | getpid());
	EXPECT_EQ(-ENOTTY, call32(IOCTL32, self->fd, 0x40086b02U, (long)low));
}
#endif

/*
 * Memory
 */

static void *map_rw(int fd, size_t len, int flags, off_t offset)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, offset);
}

TEST_F(link, mmap_shows_any_pages_of_the_rw_section)
{
	uint8_t *all = map_rw(self->fd, self->r.rw_size, MAP_SHARED, 0), *page;
	uint64_t i;

	ASSERT_NE(MAP_FAILED, all);
	for (i = 0; i < self->r.rw_size; i += 4096 * 37) {
		page = map_rw(self->fd, 4096, MAP_SHARED, i);
		ASSERT_NE(MAP_FAILED, page);
		self->r.rw[i + 8] = i >> 12;
		EXPECT_EQ((i >> 12) & 0xff, page[8]);
		all[i + 9] = 0x5a;
		EXPECT_EQ(0x5a, self->r.rw[i + 9]);
		munmap(page, 4096);
	}
}

TEST_F(link, mmap_of_anything_else_is_refused)
{
	off_t size = self->r.rw_size;
	off_t outside[] = {
		size, size + 0x1000, 1LL << 32, 1LL << 40, 1LL << 52, 0x7ffffffffffff000,
	};
	unsigned int i;

	for (i = 0; i < sizeof(outside) / sizeof(*outside); i++)
		if (outside[i] >= size)
			EXPECT_EQ(MAP_FAILED, map_rw(self->fd, 4096, MAP_SHARED, outside[i]));
	EXPECT_ERRNO(EINVAL, map_rw(self->fd, 8192, MAP_SHARED, size - 4096));
	EXPECT_ERRNO(EINVAL, map_rw(self->fd, size + 4096, MAP_SHARED, 0));
	EXPECT_ERRNO(EINVAL, map_rw(self->fd, 4096, MAP_PRIVATE, 0));
}

TEST_F(link, a_mapping_cannot_grow_out_of_the_section)
{
	void *page = map_rw(self->fd, 4096, MAP_SHARED, self->r.rw_size - 4096);

	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(MAP_FAILED, mremap(page, 4096, 8192, MREMAP_MAYMOVE));
}

TEST_F(link, a_child_inherits_the_mapping)
{
	uint8_t *page = map_rw(self->fd, 4096, MAP_SHARED, 4096);
	int status = -1;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, page);
	self->r.rw[4096] = 1;
	pid = fork();
	if (!pid) {
		page[1] = page[0] + 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(2, self->r.rw[4097]);
}

/*
 * Slots
 */

TEST_F(link, a_slot_that_is_used_again_has_another_id)
{
	uint64_t former = self->slot;
	char buf[80];
	int fd;

	close(self->fd);
	fd = proxy(O_NONBLOCK);
	EXPECT_NE(former, slot_of(fd));
	EXPECT_EQ(former & 0xffff, slot_of(fd) & 0xffff);
	EXPECT_EQ(0, slot_of(fd) >> 48);
	rtos_request(&self->r, former, 1, 0x41);
	expect_reply(&self->r, -ESRCH, 0x41);
	EXPECT_ERRNO(EAGAIN, read(fd, buf, sizeof(buf)));
	expect_silence(&self->r);
}

TEST_F_TIMEOUT(link, open_fails_with_EBUSY_when_all_slots_are_taken, 120)
{
	uint64_t slots = attribute(CLASS "slots"), i;
	struct rlimit limit = { slots + 100, slots + 100 };
	int *fds = calloc(slots, sizeof(*fds)), fd;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 1; i < slots; i++) {
		fds[i] = open(NODE, O_RDWR);
		if (fds[i] < 0)
			break;
	}
	EXPECT_EQ(slots, i);
	EXPECT_EQ(slots, attribute(CLASS "slots_used"));
	EXPECT_ERRNO(EBUSY, open(NODE, O_RDWR));
	rtos_request(&self->r, slot_of(fds[slots - 1]), 6, 0x46);
	EXPECT_EQ(6, proxy_read(fds[slots - 1]));
	close(fds[1]);
	fd = open(NODE, O_RDWR);
	EXPECT_GE(fd, 0);
	EXPECT_ERRNO(EBUSY, open(NODE, O_RDWR));
}

TEST_F(link, the_requests_of_a_killed_proxy_are_answered_with_ESRCH_once)
{
	int pipes[2], i;
	uint64_t slot;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		int fd = open(NODE, O_RDWR);

		slot = slot_of(fd);
		i = write(pipes[1], &slot, sizeof(slot));
		proxy_read(fd);
		proxy_read(fd);
		i = write(pipes[1], &slot, sizeof(slot));
		for (;;)
			pause();
	}
	ASSERT_EQ(8, read(pipes[0], &slot, sizeof(slot)));
	for (i = 0; i < 5; i++)
		rtos_request(&self->r, slot, i, 0x60 + i);
	ASSERT_EQ(8, read(pipes[0], &slot, sizeof(slot)));
	expect_silence(&self->r);
	kill(pid, SIGKILL);
	for (i = 0; i < 5; i++)
		expect_reply(&self->r, -ESRCH, 0x60 + i);
	waitpid(pid, NULL, 0);
	rtos_request(&self->r, slot, 1, 0x66);
	expect_reply(&self->r, -ESRCH, 0x66);
	expect_silence(&self->r);
}

/* More than the ring has entries, so most of the errors have to wait for room. */
TEST_F(link, the_errors_of_a_closed_slot_wait_for_room)
{
	uint64_t errors = counter("abandoned");
	int i;

	for (i = 0; i < 64; i++)
		rtos_request(&self->r, self->slot, i, 0x100 + i);
	ASSERT_TRUE(rtos_all_taken(&self->r));
	close(self->fd);
	EXPECT_TRUE(UNTIL(rtos_waiting(&self->r) == QLEN, 10000));
	sleep_ms(50);
	for (i = 0; i < 64; i++)
		expect_reply(&self->r, -ESRCH, 0x100 + i);
	expect_silence(&self->r);
	expect_counted(errors + 64, "abandoned");
}

TEST_F(link, a_request_too_many_for_a_slot_gets_EAGAIN_once_and_the_others_an_answer)
{
	uint64_t full = counter("queue_full");
	int i;

	for (i = 0; i < 66; i++)
		rtos_request(&self->r, self->slot, i, 0x200 + i);
	expect_reply(&self->r, -EAGAIN, 0x240);
	expect_reply(&self->r, -EAGAIN, 0x241);
	expect_silence(&self->r);
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(i, proxy_read(self->fd));
		proxy_write(self->fd, 1000 + i);
		expect_reply(&self->r, 1000 + i, 0x200 + i);
	}
	expect_counted(full + 2, "queue_full");
	expect_silence(&self->r);
}

TEST_F(link, a_forked_childs_close_or_exit_leaves_the_parent_its_slot)
{
	uint64_t used = attribute(CLASS "slots_used");
	pid_t pid = fork();
	int fd;

	if (!pid) {
		close(self->fd);
		fd = open(NODE, O_RDWR);
		proxy_write(fd, 1);
		_exit(slot_of(fd) == self->slot);
	}
	EXPECT_EQ(0, wait_exit(pid));
	pid = fork();
	if (!pid)
		_exit(0);
	EXPECT_EQ(0, wait_exit(pid));
	EXPECT_EQ(used, attribute(CLASS "slots_used"));
	rtos_request(&self->r, self->slot, 3, 0x73);
	EXPECT_EQ(3, proxy_read(self->fd));
	proxy_write(self->fd, 4);
	expect_reply(&self->r, 4, 0x73);
}

TEST_F(link, a_slot_is_freed_when_its_opener_closes_it_although_a_child_has_the_mapping)
{
	uint64_t used = attribute(CLASS "slots_used"), word[10] = { 0 };
	void *page = map_rw(self->fd, 4096, MAP_SHARED, 0);
	pid_t pid;

	ASSERT_NE(MAP_FAILED, page);
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	close(self->fd);
	EXPECT_EQ(used - 1, attribute(CLASS "slots_used"));
	rtos_request(&self->r, self->slot, 1, 0x71);
	expect_reply(&self->r, -ESRCH, 0x71);
	kill(pid, SIGKILL);
	wait_exit(pid);
	munmap(page, 4096);

	/* The same, where the opener is killed and the child has the file. */
	pid = fork();
	if (!pid) {
		int fd = open(NODE, O_RDWR), opener = getpid();

		if (!fork()) {
			/* A file whose slot is gone: files go before children are told. */
			UNTIL(getppid() != opener, 20000);
			errno = 0;
			word[0] = read(fd, word, 80) == -1 && errno == EBADFD &&
				  write(fd, word, 8) == 8 && polled(fd, 0) & POLLHUP;
			self->r.rw[0] = word[0] ? 1 : 2;
			_exit(0);
		}
		self->r.rw[0] = 0;
		raise(SIGKILL);
	}
	wait_exit(pid);
	EXPECT_EQ(used - 1, attribute(CLASS "slots_used"));
	EXPECT_TRUE(UNTIL(self->r.rw[0], 25000));
	EXPECT_EQ(1, self->r.rw[0]);
}

TEST_F(link, a_slot_stays_as_long_as_its_opener_has_a_duplicate)
{
	int copy = dup(self->fd);

	close(self->fd);
	EXPECT_EQ(self->slot, slot_of(copy));
	rtos_request(&self->r, self->slot, 3, 0x83);
	EXPECT_EQ(3, proxy_read(copy));
	close(copy);
	expect_reply(&self->r, -ESRCH, 0x83);
}

/*
 * The link ends and comes back
 */

static void *reset_later(void *arg)
{
	wait_for_sleep();
	rtos_reset(arg);
	return NULL;
}

TEST_F(link, a_reader_is_told_once_when_the_link_ends_and_goes_on_when_it_is_back)
{
	int idle = proxy(O_NONBLOCK);
	pthread_t thread;
	char buf[80];

	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_later, &self->r));
	EXPECT_ERRNO(ECONNRESET, read(self->fd, buf, sizeof(buf)));
	pthread_join(thread, NULL);
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, polled(idle, 0));
	EXPECT_ERRNO(ECONNRESET, read(idle, buf, sizeof(buf)));
	EXPECT_EQ(0, polled(idle, 0));
	EXPECT_ERRNO(EAGAIN, read(idle, buf, sizeof(buf)));
	EXPECT_ERRNO(ENOLINK, ioctl(self->fd, SEND_SIGNAL, 1));
	rtos_up(&self->r);
	rtos_request(&self->r, self->slot, 5, 0x95);
	EXPECT_EQ(5, proxy_read(self->fd));
	proxy_write(self->fd, 55);
	expect_reply(&self->r, 55, 0x95);
}

TEST_F(link, a_poller_wakes_when_the_link_ends)
{
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_later, &self->r));
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, polled(self->fd, 25000));
	pthread_join(thread, NULL);
}

TEST_F(link, nothing_of_before_a_reset_is_answered_or_read_after_it)
{
	uint64_t swallowed = counter("swallowed");
	int i;

	for (i = 0; i < 4; i++)
		rtos_request(&self->r, self->slot, i, 0xa0 + i);
	EXPECT_EQ(0, proxy_read(self->fd));
	EXPECT_EQ(1, proxy_read(self->fd));
	rtos_up(&self->r);
	rtos_request(&self->r, self->slot, 9, 0xa9);
	ASSERT_TRUE(rtos_all_taken(&self->r));
	/* Two that were read are still owed a write each, which answers nothing. */
	proxy_write(self->fd, 10);
	EXPECT_ERRNO(ECONNRESET, read(self->fd, (uint64_t[10]) { 0 }, 80));
	EXPECT_EQ(9, proxy_read(self->fd));
	proxy_write(self->fd, 11);
	expect_silence(&self->r);
	EXPECT_EQ(swallowed + 2, counter("swallowed"));
	proxy_write(self->fd, 99);
	expect_reply(&self->r, 99, 0xa9);
	expect_silence(&self->r);
}

TEST_F(link, a_slot_closed_after_a_reset_answers_nothing)
{
	rtos_request(&self->r, self->slot, 1, 0xb1);
	rtos_request(&self->r, self->slot, 2, 0xb2);
	proxy_read(self->fd);
	ASSERT_TRUE(rtos_all_taken(&self->r));
	rtos_up(&self->r);
	close(self->fd);
	expect_silence(&self->r);
}

TEST_F(link, calls_while_the_peer_is_away_fail_or_wait_but_send_nothing)
{
	char buf[80];
	int fd;

	rtos_reset(&self->r);
	fd = proxy(O_NONBLOCK);
	EXPECT_ERRNO(EAGAIN, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(0, polled(fd, 0));
	proxy_write(fd, 1);
	EXPECT_ERRNO(ENOLINK, ioctl(fd, SEND_SIGNAL, 1));
	rtos_up(&self->r);
	expect_silence(&self->r);
	rtos_request(&self->r, slot_of(fd), 1, 0xc1);
	EXPECT_EQ(POLLIN, polled(fd, 5000));
	EXPECT_EQ(1, proxy_read(fd));
}

/*
 * The device goes
 */

static void bind(const char *file)
{
	int fd = open(file, O_WRONLY);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(8, write(fd, "ivshmem0", 8));
	close(fd);
}

#define DRIVER	"/sys/bus/ivshmem/drivers/shadow/"

static void *unbind_later(void *arg)
{
	(void)arg;
	wait_for_sleep();
	bind(DRIVER "unbind");
	return NULL;
}

TEST_F(link, after_unbind_calls_fail_with_ENODEV_and_mappings_are_gone)
{
	uint8_t *page = map_rw(self->fd, 8192, MAP_SHARED, 0);
	uint64_t word[10] = { 0 };
	pthread_t thread;
	int fd;

	ASSERT_TRUE(is_mapped(page));
	rtos_request(&self->r, self->slot, 1, 0xd1);
	proxy_read(self->fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, unbind_later, NULL));
	EXPECT_ERRNO(ENODEV, read(self->fd, word, 80));
	pthread_join(thread, NULL);
	EXPECT_ERRNO(ENODEV, read(self->fd, word, 80));
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, polled(self->fd, 0));
	EXPECT_ERRNO(ENODEV, write(self->fd, word, 8));
	EXPECT_ERRNO(ENODEV, ioctl(self->fd, GET_SLOT, word));
	EXPECT_ERRNO(ENODEV, ioctl(self->fd, SEND_SIGNAL, 1));
	EXPECT_ERRNO(ENODEV, map_rw(self->fd, 4096, MAP_SHARED, 0));
	EXPECT_FALSE(is_mapped(page));
	EXPECT_FALSE(is_mapped(page + 4096));
	EXPECT_ERRNO(ENOENT, open(NODE, O_RDWR));

	/* A new binding has the same name; the old file has no part in it. */
	bind(DRIVER "bind");
	ASSERT_TRUE(UNTIL((fd = open(NODE, O_RDWR)) >= 0, 5000));
	EXPECT_ERRNO(ENODEV, read(self->fd, word, 80));
	EXPECT_FALSE(is_mapped(page));
	rtos_up(&self->r);
	rtos_request(&self->r, self->slot, 2, 0xd2);
	expect_reply(&self->r, -ESRCH, 0xd2);
	rtos_request(&self->r, slot_of(fd), 3, 0xd3);
	EXPECT_EQ(3, proxy_read(fd));
	close(self->fd);
	proxy_write(fd, 33);
	expect_reply(&self->r, 33, 0xd3);
}

TEST_F(link, node_and_attributes_are_those_of_the_original)
{
	char *device = realpath(DEVICE "..", NULL), text[80] = "", wanted[80];
	struct stat st;
	FILE *file;

	ASSERT_EQ(0, stat(NODE, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(1, attribute(CLASS "version"));
	EXPECT_GT(attribute(CLASS "event"), 0);
	file = fopen(CLASS "name", "r");
	ASSERT_TRUE(file);
	EXPECT_TRUE(fgets(text, sizeof(text), file));
	fclose(file);
	ASSERT_TRUE(device);
	snprintf(wanted, sizeof(wanted), "shadow-process[%s]\n", basename(device));
	EXPECT_STREQ(wanted, text);
}

TEST_HARNESS_MAIN
