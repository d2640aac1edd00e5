// SPDX-License-Identifier: GPL-2.0
/*
 * How a program ends, and what is left of a device that goes first. Needs
 * ivshmem0 and ivshmem1, two ends of one link, bound to uio.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>

#include "../harness.h"
#include "uio.h"

#define DRIVER	"/sys/bus/ivshmem/drivers/uio/"

FIXTURE(link) {
	struct end a, b;
	char protocol[64];	/* of the first device, as the test finds it */
};

FIXTURE_SETUP(link)
{
	ASSERT_TRUE(settle(0));
	ASSERT_TRUE(open_end(&self->a, 0));
	ASSERT_TRUE(open_end(&self->b, 1));
	ASSERT_TRUE(read_file(device_file(0, "protocol"), self->protocol, sizeof(self->protocol)));
}

/* The device's own protocol may be another one. */
static int choose_uio(const char *protocol)
{
	return write_file(device_file(0, "protocol"), strstr(protocol, "auto") ? "auto" : "uio");
}

/* Whatever a test did, the next one finds both bound. */
FIXTURE_TEARDOWN(link)
{
	int i;

	close_end(&self->a);
	close_end(&self->b);
	choose_uio(self->protocol);
	if (uio_number(0) < 0)
		write_file(DRIVER "bind", device_name(0));
	for (i = 0; i < SOON && uio_number(0) < 0; i++)
		usleep(1000);
}

static bool becomes(volatile uint32_t *where, uint32_t value)
{
	int i;

	for (i = 0; i < SOON && *where != value; i++)
		usleep(1000);
	return *where == value;
}

/* A program that has ended leaves no trace of itself. */
static void expect_quiet(struct end *a, struct end *b)
{
	EXPECT_TRUE(becomes(&b->table[a->id], 0));
	ASSERT_TRUE(open_end(a, 0));
	EXPECT_EQ(0, a->regs->state);
	EXPECT_EQ(0, a->regs->interrupt_control);
	EXPECT_FALSE(readable(a->fd, 0));
}

TEST_F(link, uio_is_one_programs_at_a_time)
{
	struct end *a = &self->a;

	EXPECT_EQ(-1, open_node("uio", a->number, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(-1, open_node("uio", a->number, O_RDONLY));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(-1, open_node("uio", a->number, O_RDWR));
	close_end(a);
	EXPECT_TRUE(open_end(a, 0));
}

TEST_F(link, close_sets_state_and_interrupt_control_to_0)
{
	struct end *a = &self->a, *b = &self->b;

	set_state(a, 7);
	enable_interrupts(a);
	ASSERT_TRUE(becomes(&b->table[a->id], 7));
	enable_interrupts(b);
	close_end(a);
	/* The peer is told. */
	EXPECT_TRUE(readable(b->fd, SOON));
	EXPECT_EQ(0, b->table[a->id]);
	expect_quiet(a, b);
}

TEST_F(link, an_event_that_was_pending_is_gone_after_a_close)
{
	struct end *a = &self->a, *b = &self->b;

	enable_interrupts(a);
	ring(b, a->id, 0);
	ASSERT_TRUE(readable(a->fd, SOON));
	close_end(a);
	expect_quiet(a, b);
}

TEST_F(link, a_mapping_keeps_the_device_after_its_file_was_closed)
{
	struct end *a = &self->a, *b = &self->b;

	set_state(a, 7);
	close(a->fd);
	close(a->events);
	a->fd = -1;
	a->events = -1;
	EXPECT_EQ(-1, open_node("uio", a->number, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(7, b->table[a->id]);
	set_state(a, 8);
	EXPECT_EQ(8, b->table[a->id]);
	unmap_end(a);
	expect_quiet(a, b);
}

/* Starts a program that does what the function does, then sleeps. */
static pid_t start(void (*function)(struct end *a), struct end *a)
{
	int ready[2];
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		function(a);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	EXPECT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	return pid;
}

static void take_part(struct end *a)
{
	if (!open_end(a, 0))
		_exit(1);
	set_state(a, 21);
	enable_interrupts(a);
	attach(a->events, 0);
	attach(a->events, IVSHMEM_UIO_STATE);
}

static void touch(struct end *a)
{
	if (a->table[a->id] != 21)
		_exit(1);
}

TEST_F(link, a_program_that_is_killed_leaves_nothing_behind)
{
	struct end *a = &self->a, *b = &self->b;
	uint32_t id = a->id;
	int i, status;
	pid_t pid;

	close_end(a);
	for (i = 0; i < 10; i++) {
		pid = start(take_part, a);
		EXPECT_EQ(21, b->table[id]);
		set_state(b, i + 1);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		expect_quiet(a, b);
		close_end(a);
	}
}

TEST_F(link, a_child_that_inherited_the_device_has_it_until_it_ends_too)
{
	struct end *a = &self->a, *b = &self->b;
	pid_t pid;

	set_state(a, 21);
	pid = start(touch, a);
	close_end(a);
	usleep(NEVER * 1000);
	EXPECT_EQ(-1, open_node("uio", a->number, O_RDWR));
	EXPECT_EQ(21, b->table[a->id]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	expect_quiet(a, b);
}

/* Unbinding under a program */

static sigjmp_buf on_sigbus;

static void sigbus(int number)
{
	(void)number;
	siglongjmp(on_sigbus, 1);
}

/* True where the access is a SIGBUS. */
static bool gone(volatile uint32_t *where)
{
	struct sigaction action = { .sa_handler = sigbus, .sa_flags = SA_NODEFER };

	if (!where)
		return true;
	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(on_sigbus, 1))
		return true;
	(void)*where;
	return false;
}

static void expect_gone(struct end *a)
{
	EXPECT_TRUE(gone(&a->regs->id));
	EXPECT_TRUE(gone(a->table));
	EXPECT_TRUE(gone(a->rw));
	EXPECT_TRUE(gone(a->in));
	EXPECT_TRUE(gone(a->out));
}

static void touch_all(struct end *a)
{
	EXPECT_FALSE(gone(&a->regs->id));
	EXPECT_FALSE(gone(a->table));
	EXPECT_FALSE(gone(a->in));
	EXPECT_FALSE(gone(a->out));
}

static void unbind(void)
{
	ASSERT_EQ(0, write_file(DRIVER "unbind", device_name(0)));
}

static void bind(void)
{
	ASSERT_EQ(0, write_file(DRIVER "bind", device_name(0)));
}

TEST_F(link, after_unbind_each_mapping_is_a_sigbus_whether_touched_before_or_not)
{
	struct end *a = &self->a;
	volatile uint32_t *untouched = map_section(a, "state_table", PROT_READ);

	touch_all(a);
	unbind();
	expect_gone(a);
	EXPECT_TRUE(gone(untouched));
	/* It stays so, also when the device is back. */
	bind();
	expect_gone(a);
	EXPECT_TRUE(gone(untouched));
}

TEST_F(link, after_unbind_the_device_is_quiet)
{
	struct end *a = &self->a, *b = &self->b;

	set_state(a, 5);
	enable_interrupts(a);
	attach(a->events, 0);
	unbind();
	EXPECT_EQ(0, b->table[a->id]);
	EXPECT_EQ(0, device_number(0, "state"));
	EXPECT_EQ(-1, open_node("uio", a->number, O_RDWR));
	EXPECT_EQ(-1, open_node("ivshmem-uio", a->number, O_RDWR));
}

TEST_F(link, after_unbind_calls_on_uio_are_errors)
{
	struct end *a = &self->a;
	uint32_t value = 1;

	unbind();
	EXPECT_EQ(-1, read(a->fd, &value, sizeof(value)));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(-1, write(a->fd, &value, sizeof(value)));
	EXPECT_TRUE(poll_one(a->fd, POLLIN, 0) & POLLERR);
	EXPECT_EQ(MAP_FAILED, map_section(a, "registers", PROT_READ));
	EXPECT_EQ(MAP_FAILED, map_section(a, "output_section", PROT_READ));
}

TEST_F(link, after_unbind_the_events_node_tells_that_the_device_is_gone)
{
	struct ivshmem_uio_info info;
	struct end *a = &self->a;
	int fd = attach(a->events, 0);

	EXPECT_EQ(0, poll_one(a->events, POLLIN, 0));
	unbind();
	EXPECT_EQ(POLLERR | POLLHUP, poll_one(a->events, POLLIN, 0));
	EXPECT_EQ(-1, ioctl(a->events, IVSHMEM_UIO_GET_INFO, &info));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, attach(a->events, 1));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, detach(a->events, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(0, signals(fd, 0));
}

static void *wait_in_read(void *arg)
{
	struct end *a = arg;

	return (void *)(take_event(a->fd) < 0 ? (intptr_t)errno : 0);
}

static void *wait_in_poll(void *arg)
{
	struct end *a = arg;

	return (void *)(intptr_t)poll_one(a->events, POLLIN, -1);
}

TEST_F(link, unbind_wakes_those_who_wait)
{
	void *read_error = NULL, *poll_events = NULL;
	struct end *a = &self->a;
	pthread_t reader, poller;

	ASSERT_EQ(0, pthread_create(&reader, NULL, wait_in_read, a));
	ASSERT_EQ(0, pthread_create(&poller, NULL, wait_in_poll, a));
	usleep(NEVER * 1000);
	unbind();
	pthread_join(reader, &read_error);
	pthread_join(poller, &poll_events);
	EXPECT_EQ(EIO, (intptr_t)read_error);
	EXPECT_EQ(POLLERR | POLLHUP, (intptr_t)poll_events);
}

/* The new binding is another device, and the old files do not get in its way. */
TEST_F(link, a_file_of_before_the_unbind_does_not_disturb_the_one_after)
{
	struct end *a = &self->a, *b = &self->b, fresh;
	int old = attach(a->events, 0);

	set_state(a, 1);
	unbind();
	bind();
	ASSERT_TRUE(open_end(&fresh, 0));
	set_state(&fresh, 2);
	enable_interrupts(&fresh);
	close_end(a);
	EXPECT_EQ(2, b->table[a->id]);
	EXPECT_EQ(1, fresh.regs->interrupt_control);
	ring(b, a->id, 0);
	EXPECT_TRUE(readable(fresh.fd, SOON));
	EXPECT_EQ(0, signals(old, 0));
	close_end(&fresh);
	EXPECT_EQ(0, b->table[a->id]);
}

TEST_F(link, a_mapping_stays_gone_when_another_plugin_takes_the_device_and_when_it_comes_back)
{
	struct end *a = &self->a, *b = &self->b;
	char text[64];

	touch_all(a);
	EXPECT_EQ(0, write_file(device_file(0, "protocol"), "net"));
	EXPECT_TRUE(read_file(device_file(0, "protocol"), text, sizeof(text)));
	EXPECT_STREQ(" net chosen", strchr(text, ' '));
	expect_gone(a);
	EXPECT_EQ(0, choose_uio(self->protocol));
	EXPECT_TRUE(read_file(device_file(0, "protocol"), text, sizeof(text)));
	EXPECT_STREQ(self->protocol, text);
	expect_gone(a);
	close_end(a);
	EXPECT_TRUE(open_end(a, 0));
	EXPECT_EQ(0, b->table[a->id]);
}

static volatile bool stop;
static volatile unsigned long accesses;

static void *access_all_the_time(void *arg)
{
	struct end *a = arg;

	while (!stop) {
		gone(&a->table[0]);
		gone(a->out);
		accesses++;
	}
	return NULL;
}

TEST_F(link, unbind_while_a_program_keeps_touching_its_mapping)
{
	struct end *a = &self->a;
	pthread_t thread;
	int i;

	ASSERT_EQ(0, pthread_create(&thread, NULL, access_all_the_time, a));
	for (i = 0; i < 10; i++) {
		unsigned long before = accesses;

		while (accesses < before + 10)
			usleep(1000);
		unbind();
		bind();
	}
	stop = true;
	pthread_join(thread, NULL);
	expect_gone(a);
}

static int unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? errno : 0;
}

TEST_F(link, module_cannot_go_while_a_file_is_open_even_after_unbind)
{
	struct end *a = &self->a, *b = &self->b;

	EXPECT_EQ(EWOULDBLOCK, unload("ivshmem_uio"));
	close_end(b);
	unbind();
	EXPECT_EQ(EWOULDBLOCK, unload("ivshmem_uio"));
	unmap_end(a);
	close(a->fd);
	a->fd = -1;
	EXPECT_EQ(EWOULDBLOCK, unload("ivshmem_uio"));
}

TEST_HARNESS_MAIN
