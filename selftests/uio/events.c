// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts as programs get them: by UIO in one-shot mode, and by eventfds.
 * Needs ivshmem0 and ivshmem1, two ends of one link, bound to uio.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "uio_link.h"

/* The ABI is the same for 32-bit programs: no member depends on the word's size. */
_Static_assert(sizeof(struct ivshmem_uio_info) == 16, "struct ivshmem_uio_info");
_Static_assert(sizeof(struct ivshmem_uio_eventfd) == 8, "struct ivshmem_uio_eventfd");
_Static_assert(IVSHMEM_UIO_GET_INFO == 0x8010b760, "IVSHMEM_UIO_GET_INFO");
_Static_assert(IVSHMEM_UIO_SET_EVENTFD == 0x4008b761, "IVSHMEM_UIO_SET_EVENTFD");

/* Milliseconds after which a change that had no interrupt has been found, too */
#define RECHECK	1300

/* The flow of programs that know nothing but UIO */

TEST_F(link, one_interrupt_comes_for_each_time_that_they_are_enabled)
{
	struct end *a = &self->a, *b = &self->b;
	long long count;
	int i;

	enable_interrupts(a);
	ring(b, a->id, 0);
	ASSERT_TRUE(readable(a->fd, SOON));
	count = take_event(a->fd);
	for (i = 1; i < 20; i++) {
		EXPECT_EQ(0, a->regs->interrupt_control);
		ring(b, a->id, i % a->vectors);
		EXPECT_FALSE(readable(a->fd, i < 4 ? NEVER : 0));
		enable_interrupts(a);
		ring(b, a->id, i % a->vectors);
		ASSERT_TRUE(readable(a->fd, SOON));
		EXPECT_EQ(count + i, take_event(a->fd));
	}
}

TEST_F(link, a_change_of_state_interrupts_and_the_same_state_again_does_not)
{
	struct end *a = &self->a, *b = &self->b;

	enable_interrupts(a);
	set_state(b, 5);
	ASSERT_TRUE(readable(a->fd, SOON));
	take_event(a->fd);
	EXPECT_EQ(5, a->table[b->id]);
	enable_interrupts(a);
	set_state(b, 5);
	EXPECT_FALSE(readable(a->fd, NEVER));
	EXPECT_EQ(1, a->regs->interrupt_control);
}

static bool write_number(int fd, int32_t number)
{
	return write(fd, &number, sizeof(number)) == sizeof(number);
}

TEST_F(link, a_write_of_1_enables_and_of_0_disables)
{
	struct end *a = &self->a, *b = &self->b;

	EXPECT_TRUE(write_number(a->fd, 1));
	EXPECT_EQ(1, a->regs->interrupt_control);
	EXPECT_TRUE(write_number(a->fd, 0));
	EXPECT_EQ(0, a->regs->interrupt_control);
	ring(b, a->id, 0);
	EXPECT_FALSE(readable(a->fd, NEVER));
	EXPECT_TRUE(write_number(a->fd, 1));
	ring(b, a->id, 0);
	EXPECT_TRUE(readable(a->fd, SOON));
}

TEST_F(link, read_wants_4_bytes_and_does_not_wait_where_it_shall_not)
{
	struct end *a = &self->a;
	char bytes[8];

	fcntl(a->fd, F_SETFL, O_NONBLOCK);
	EXPECT_EQ(-1, read(a->fd, bytes, 4));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, read(a->fd, bytes, 8));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(a->fd, bytes, 2));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(link, what_happened_before_the_open_is_no_event)
{
	struct end *a = &self->a, *b = &self->b;
	int i;

	enable_interrupts(a);
	ring(b, a->id, 0);
	ASSERT_TRUE(readable(a->fd, SOON));
	close_end(a);
	for (i = 0; i < 5; i++)
		ring(b, a->id, 0);
	(void)b->regs->id;	/* have come */
	ASSERT_TRUE(open_end(a, 0));
	EXPECT_EQ(0, a->regs->interrupt_control);
	EXPECT_FALSE(readable(a->fd, NEVER));
	enable_interrupts(a);
	EXPECT_FALSE(readable(a->fd, NEVER));
	ring(b, a->id, 0);
	EXPECT_TRUE(readable(a->fd, SOON));
}

TEST_F(link, a_peer_can_ring_itself)
{
	enable_interrupts(&self->a);
	ring(&self->a, self->a.id, self->a.vectors - 1);
	EXPECT_TRUE(readable(self->a.fd, SOON));
}

/* Eventfds */

TEST_F(link, info_is_that_of_the_device)
{
	struct ivshmem_uio_info info;

	memset(&info, 0xff, sizeof(info));
	ASSERT_EQ(0, ioctl(self->b.events, IVSHMEM_UIO_GET_INFO, &info));
	EXPECT_EQ(self->b.id, info.id);
	EXPECT_EQ(self->b.peers, info.max_peers);
	EXPECT_EQ(self->b.vectors, info.vectors);
	EXPECT_EQ(0, info.reserved);
}

static int attach_error(int events, uint32_t source, int fd)
{
	struct ivshmem_uio_eventfd request = { .source = source, .fd = fd };

	return ioctl(events, IVSHMEM_UIO_SET_EVENTFD, &request) ? errno : 0;
}

TEST_F(link, nonsense_is_refused_and_attaches_nothing)
{
	struct end *a = &self->a;
	int fd = eventfd(0, EFD_NONBLOCK);

	EXPECT_EQ(EINVAL, attach_error(a->events, a->vectors, fd));
	EXPECT_EQ(EINVAL, attach_error(a->events, 0x7fffffff, fd));
	EXPECT_EQ(EINVAL, attach_error(a->events, IVSHMEM_UIO_STATE - 1, fd));
	EXPECT_EQ(EINVAL, attach_error(a->events, a->vectors, -1));
	EXPECT_EQ(EBADF, attach_error(a->events, 0, -2));
	EXPECT_EQ(EBADF, attach_error(a->events, 0, 1000));
	EXPECT_EQ(EINVAL, attach_error(a->events, 0, a->fd));
	EXPECT_EQ(EINVAL, attach_error(a->events, 0, STDOUT_FILENO));
	EXPECT_EQ(-1, ioctl(a->events, IVSHMEM_UIO_SET_EVENTFD, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(a->events, IVSHMEM_UIO_GET_INFO, (void *)8));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(a->events, IVSHMEM_UIO_GET_INFO + 2, NULL));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(0, a->regs->interrupt_control);
	EXPECT_EQ(0, detach(a->events, 0));
}

TEST_F(link, each_vector_signals_its_own_eventfd_only)
{
	struct end *a = &self->a, *b = &self->b;
	int fd[a->vectors];
	unsigned int i, k;

	for (i = 0; i < a->vectors; i++) {
		fd[i] = attach(a->events, i);
		ASSERT_GE(fd[i], 0);
	}
	for (k = 0; k < a->vectors; k++) {
		ring(b, a->id, k);
		EXPECT_EQ(1, signals(fd[k], SOON));
		for (i = 0; i < a->vectors; i++)
			EXPECT_EQ(0, signals(fd[i], i == k ? NEVER : 0));
	}
}

TEST_F(link, a_change_of_state_is_told_from_a_doorbell)
{
	struct end *a = &self->a, *b = &self->b;
	int state, vector, first;

	if (a->vectors < 2)
		SKIP(return, "one vector");
	state = attach(a->events, IVSHMEM_UIO_STATE);
	first = attach(a->events, 0);
	vector = attach(a->events, 1);
	ASSERT_GE(state, 0);
	ASSERT_GE(vector, 0);
	signals(state, RECHECK);

	set_state(b, 9);
	EXPECT_EQ(1, signals(state, SOON));
	EXPECT_EQ(1, signals(first, SOON));
	EXPECT_EQ(0, signals(vector, NEVER));

	ring(b, a->id, 1);
	EXPECT_EQ(1, signals(vector, SOON));
	EXPECT_EQ(0, signals(state, NEVER));
	EXPECT_EQ(0, signals(first, 0));

	ring(b, a->id, 0);
	EXPECT_EQ(1, signals(first, SOON));
	EXPECT_EQ(0, signals(state, NEVER));
}

TEST_F(link, our_own_state_is_no_change_of_a_peers)
{
	struct end *a = &self->a;
	int state = attach(a->events, IVSHMEM_UIO_STATE);

	signals(state, RECHECK);
	set_state(a, 17);
	EXPECT_EQ(0, signals(state, RECHECK));
}

TEST_F(link, while_an_eventfd_is_attached_interrupts_need_no_enabling)
{
	struct end *a = &self->a, *b = &self->b;
	int fd, i;

	EXPECT_EQ(0, a->regs->interrupt_control);
	fd = attach(a->events, 0);
	ASSERT_GE(fd, 0);
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(1, a->regs->interrupt_control);
		ring(b, a->id, 0);
		EXPECT_EQ(1, signals(fd, SOON));
	}
	EXPECT_FALSE(write_number(a->fd, 0));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_TRUE(readable(a->fd, 0));
	take_event(a->fd);

	/* The last one goes: one-shot mode again, for the program that has UIO open. */
	EXPECT_EQ(0, detach(a->events, 0));
	EXPECT_EQ(1, a->regs->interrupt_control);
	ring(b, a->id, 0);
	EXPECT_TRUE(readable(a->fd, SOON));
	take_event(a->fd);
	EXPECT_EQ(0, a->regs->interrupt_control);
	EXPECT_EQ(0, signals(fd, 0));
}

TEST_F(link, eventfds_need_nobody_to_have_uio_open)
{
	struct end *a = &self->a, *b = &self->b;
	int fd, events;

	close_end(a);
	events = open_node("ivshmem-uio", a->number, O_RDWR);
	fd = attach(events, a->vectors - 1);
	ring(b, a->id, a->vectors - 1);
	EXPECT_EQ(1, signals(fd, SOON));
	ring(b, a->id, a->vectors - 1);
	EXPECT_EQ(1, signals(fd, SOON));
	close(events);
	ring(b, a->id, a->vectors - 1);
	EXPECT_EQ(0, signals(fd, NEVER));
	ASSERT_TRUE(open_end(a, 0));
	EXPECT_EQ(0, a->regs->interrupt_control);
}

TEST_F(link, eventfds_go_on_when_the_program_with_uio_open_ends)
{
	struct end *a = &self->a, *b = &self->b;
	int events = open_node("ivshmem-uio", a->number, O_RDWR);
	int fd = attach(events, 0);

	ASSERT_GE(fd, 0);
	a->regs->interrupt_control = 0;
	close_end(a);
	ring(b, a->id, 0);
	EXPECT_EQ(1, signals(fd, SOON));
	ring(b, a->id, 0);
	EXPECT_EQ(1, signals(fd, SOON));
	ASSERT_TRUE(open_end(a, 0));
	EXPECT_EQ(1, a->regs->interrupt_control);
	close(events);
}

TEST_F(link, each_open_file_has_an_eventfd_of_its_own_for_a_source)
{
	struct end *a = &self->a, *b = &self->b;
	int other = open_node("ivshmem-uio", a->number, O_RDWR);
	int first = attach(a->events, 0), second = attach(other, 0);

	ASSERT_GE(first, 0);
	ASSERT_GE(second, 0);
	ring(b, a->id, 0);
	EXPECT_EQ(1, signals(first, SOON));
	EXPECT_EQ(1, signals(second, SOON));
	close(other);
	ring(b, a->id, 0);
	EXPECT_EQ(1, signals(first, SOON));
	EXPECT_EQ(0, signals(second, NEVER));
}

TEST_F(link, only_so_many_eventfds_may_wait_for_a_source)
{
	struct ivshmem_uio_eventfd request = { .fd = eventfd(0, EFD_NONBLOCK) };
	int file[IVSHMEM_UIO_MAX_EVENTFDS], i;

	for (i = 0; i < IVSHMEM_UIO_MAX_EVENTFDS; i++) {
		file[i] = open_node("ivshmem-uio", self->a.number, O_RDWR);
		ASSERT_GE(file[i], 0);
		ASSERT_EQ(0, ioctl(file[i], IVSHMEM_UIO_SET_EVENTFD, &request));
	}
	EXPECT_EQ(-1, ioctl(self->a.events, IVSHMEM_UIO_SET_EVENTFD, &request));
	EXPECT_EQ(ENOSPC, errno);
	/* Who has one may have another, and there is room for other sources. */
	EXPECT_EQ(0, ioctl(file[0], IVSHMEM_UIO_SET_EVENTFD, &request));
	request.source = IVSHMEM_UIO_STATE;
	EXPECT_EQ(0, ioctl(self->a.events, IVSHMEM_UIO_SET_EVENTFD, &request));
	request.source = 0;
	close(file[7]);
	EXPECT_EQ(0, ioctl(self->a.events, IVSHMEM_UIO_SET_EVENTFD, &request));
	for (i = 0; i < IVSHMEM_UIO_MAX_EVENTFDS; i++)
		close(file[i]);
}

TEST_F(link, who_silences_the_others_eventfds_does_not_do_so_for_long)
{
	struct end *a = &self->a, *b = &self->b;
	int fd = attach(a->events, 0), i, looks = 0;

	/* Two looks, each a second after the one before; the machine may be late twice. */
	for (i = 0; i < 3 && (!i || looks > 3); i++) {
		EXPECT_EQ(1, a->regs->interrupt_control);
		a->regs->interrupt_control = 0;
		ring(b, a->id, 0);
		for (looks = 0; looks < 12 && !a->regs->interrupt_control; looks++)
			usleep(RECHECK * 1000);
		EXPECT_EQ(1, a->regs->interrupt_control);
	}
	EXPECT_LE(looks, 3);
	EXPECT_GE(signals(fd, SOON), 1);
	ring(b, a->id, 0);
	EXPECT_GE(signals(fd, SOON), 1);
}

/* Offset of Privileged Control, in the vendor-specific capability; 0 where there is none */
static off_t privileged_control(int config)
{
	uint8_t at = 0x34, id = 0;

	while (pread(config, &at, 1, at) == 1 && at && pread(config, &id, 1, at) == 1 && id != 9)
		at++;
	return at ? at + 3 : 0;
}

/* A device that is reset between two looks loses its mode, too, which tells. */
TEST_F(link, a_program_in_one_shot_mode_learns_that_the_device_was_reset)
{
	struct end *a = &self->a, *b = &self->b;
	int config = open(device_file(0, "../config"), O_RDWR | O_CLOEXEC);
	off_t control = privileged_control(config);
	uint8_t mode = 0;

	ASSERT_GT(control, 0);
	ASSERT_EQ(1, pread(config, &mode, 1, control));
	ASSERT_EQ(1, mode);
	enable_interrupts(a);
	EXPECT_FALSE(readable(a->fd, 3 * RECHECK));
	mode = 0;
	ASSERT_EQ(1, pwrite(config, &mode, 1, control));
	a->regs->interrupt_control = 0;
	ASSERT_TRUE(readable(a->fd, SOON));
	take_event(a->fd);
	EXPECT_EQ(1, pread(config, &mode, 1, control));
	EXPECT_EQ(1, mode);
	enable_interrupts(a);
	ring(b, a->id, 0);
	EXPECT_TRUE(readable(a->fd, SOON));
	EXPECT_EQ(0, a->regs->interrupt_control);
	close(config);
}

/* Another program, or the end of a hold, enables interrupts that a reset disabled. */
TEST_F(link, a_reset_is_told_where_interrupts_are_enabled_again)
{
	struct end *a = &self->a;
	int state = attach(a->events, IVSHMEM_UIO_STATE), told = 0, i;

	while (signals(state, RECHECK))
		;
	/* The look that has to see the state may be late. */
	for (i = 0; i < 3 && !told; i++) {
		set_state(a, 5);
		usleep(2 * RECHECK * 1000);
		a->regs->interrupt_control = 0;
		a->regs->state = 0;	/* enabling comes at once */
		enable_interrupts(a);
		told = signals(state, 3 * RECHECK);
	}
	EXPECT_TRUE(told);
	EXPECT_EQ(0, signals(state, 2 * RECHECK));
}

TEST_F(link, a_program_is_told_nothing_of_the_state_of_the_one_before)
{
	struct end *a = &self->a;
	int state;

	set_state(a, 5);
	usleep(2 * RECHECK * 1000);
	close_end(a);
	ASSERT_TRUE(open_end(a, 0));
	state = attach(a->events, IVSHMEM_UIO_STATE);
	EXPECT_EQ(0, signals(state, 2 * RECHECK));
}

TEST_F(link, an_eventfd_replaces_the_one_before)
{
	struct end *a = &self->a, *b = &self->b;
	int first = attach(a->events, 0), second = attach(a->events, 0);

	ring(b, a->id, 0);
	EXPECT_EQ(1, signals(second, SOON));
	EXPECT_EQ(0, signals(first, NEVER));
	EXPECT_EQ(0, detach(a->events, 0));
	ring(b, a->id, 0);
	EXPECT_EQ(0, signals(second, NEVER));
}

TEST_F(link, one_eventfd_serves_several_sources)
{
	struct end *a = &self->a, *b = &self->b;
	struct ivshmem_uio_eventfd request;
	uint64_t sum = 0;
	unsigned int i;

	request.fd = eventfd(0, EFD_NONBLOCK);
	for (i = 0; i < a->vectors; i++) {
		request.source = i;
		ASSERT_EQ(0, ioctl(a->events, IVSHMEM_UIO_SET_EVENTFD, &request));
	}
	for (i = 0; i < a->vectors; i++)
		ring(b, a->id, i);
	for (i = 0; i < a->vectors && sum < a->vectors; i++)
		sum += signals(request.fd, SOON);
	EXPECT_EQ(a->vectors, sum);
}

TEST_F(link, an_eventfd_may_be_closed_before_it_is_taken_off)
{
	struct end *a = &self->a, *b = &self->b;
	int i;

	for (i = 0; i < 5; i++) {
		close(attach(a->events, 0));
		ring(b, a->id, 0);
	}
	EXPECT_EQ(1, a->regs->interrupt_control);
}

TEST_F(link, epoll_waits_for_everything_at_once)
{
	struct end *a = &self->a, *b = &self->b;
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), vector = attach(a->events, a->vectors - 1);

	event.data.fd = vector;
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, vector, &event));
	event.data.fd = a->events;
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, a->events, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, NEVER));
	ring(b, a->id, a->vectors - 1);
	ASSERT_EQ(1, epoll_wait(epoll, &event, 1, SOON));
	EXPECT_EQ(vector, event.data.fd);
}

#ifdef __x86_64__
static sigjmp_buf no_such_call;

static void leave(int number)
{
	(void)number;
	siglongjmp(no_such_call, 1);
}

/* The system call of a 32-bit program; its pointers have 32 bits. */
static int ioctl_32(int fd, uint32_t request, void *arg)
{
	int ret = 54;

	asm volatile("int $0x80" : "+a"(ret) : "b"(fd), "c"(request), "d"(arg) :
		     "memory", "r8", "r9", "r10", "r11");
	return ret;
}

TEST_F(link, programs_of_32_bit_have_the_same_calls)
{
	struct ivshmem_uio_eventfd *request;
	struct ivshmem_uio_info *info;

	info = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, info);
	signal(SIGSEGV, leave);
	if (sigsetjmp(no_such_call, 1))
		SKIP(return, "this kernel runs no 32-bit programs");
	ASSERT_EQ(0, ioctl_32(self->a.events, IVSHMEM_UIO_GET_INFO, info));
	EXPECT_EQ(self->a.peers, info->max_peers);
	EXPECT_EQ(self->a.vectors, info->vectors);
	request = (void *)(info + 1);
	request->source = 0;
	request->fd = eventfd(0, EFD_NONBLOCK);
	EXPECT_EQ(0, ioctl_32(self->a.events, IVSHMEM_UIO_SET_EVENTFD, request));
	ring(&self->b, self->a.id, 0);
	EXPECT_EQ(1, signals(request->fd, SOON));
	request->source = self->a.vectors;
	EXPECT_EQ(-EINVAL, ioctl_32(self->a.events, IVSHMEM_UIO_SET_EVENTFD, request));
}
#endif

TEST_F(link, a_thousand_doorbells_give_a_thousand_signals_at_most_and_none_is_left)
{
	struct end *a = &self->a, *b = &self->b;
	int fd = attach(a->events, a->vectors - 1);
	uint64_t sum = 0, more;
	int i;

	ASSERT_GE(fd, 0);
	for (i = 0; i < 1000; i++) {
		ring(b, a->id, a->vectors - 1);
		sum += signals(fd, 0);
	}
	(void)b->regs->id;	/* all have come */
	while ((more = signals(fd, RECHECK)))
		sum += more;
	EXPECT_GE(sum, 1);
	EXPECT_LE(sum, 1000);
	ring(b, a->id, a->vectors - 1);
	EXPECT_EQ(1, signals(fd, SOON));
}

TEST_HARNESS_MAIN
