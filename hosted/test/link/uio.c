// SPDX-License-Identifier: GPL-2.0
/* Programs on /dev/uioN and /dev/ivshmem-uioN */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include <uapi/ivshmem_uio.h>

#include "link.h"

enum { MAP_REGISTERS, MAP_STATE_TABLE, MAP_RW, MAP_INPUT, MAP_OUTPUT };

#define INT_CONTROL	0x08
#define DOORBELL	0x0c
#define STATE		0x10

static struct kit_process *program;
static struct kit_file *uio, *events;

static void start(unsigned int vectors)
{
	make_link(PROTOCOL_UIO, vectors, 0x2000, 0x3000);
	plug(0);
	program = kit_process_create(1000);
	ASSERT_EQ(0, kit_open(program, "uio0", O_RDWR, &uio));
	ASSERT_EQ(0, kit_open(program, "ivshmem-uio0", O_RDWR, &events));
}

static struct kit_mapping *map(unsigned int number, unsigned long size, unsigned int flags)
{
	struct kit_mapping *mapping;

	ASSERT_EQ(0, kit_mmap(uio, size, flags, number * 0x1000UL, &mapping));
	return mapping;
}

static uint32_t read_map(struct kit_mapping *mapping, unsigned long offset)
{
	void *address = kit_touch(mapping, offset, false);

	return address ? kit_mmio_read(address, 4) : ~0U;
}

static bool write_map(struct kit_mapping *mapping, unsigned long offset, uint32_t value)
{
	void *address = kit_touch(mapping, offset, true);

	if (address)
		kit_mmio_write(address, 4, value);
	return address;
}

static int attach(uint32_t source)
{
	struct ivshmem_uio_eventfd request = { source, eventfd(0, EFD_NONBLOCK) };

	EXPECT_EQ(0, kit_ioctl(events, IVSHMEM_UIO_SET_EVENTFD, (unsigned long)&request));
	return request.fd;
}

/* Once it was rechecked for the first time, which is an event for who is there by then. */
static void settle(void)
{
	uint32_t count, state;

	pci_link_drop_interrupts(the_link, true);
	/* What is found second is found by another look than the first. */
	for (state = 1; state < 3; state++) {
		pci_link_set_state(the_link, 1, state % 2);
		EXPECT_TRUE(EVENTUALLY(number(0, "counters/state_changes") == state));
	}
	pci_link_drop_interrupts(the_link, false);
	if (kit_poll(uio, POLLIN, 0))
		kit_read(uio, &count, sizeof(count));
}

static uint64_t take(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

LINK_TEST(uio_describes_the_maps)
{
	char text[512];

	start(2);
	EXPECT_GT(kit_attr_read("class/uio/uio0/name", text, sizeof(text)), 0);
	EXPECT_STREQ("uio_ivshmem[0000:00:08.0]\n", text);
	EXPECT_GT(kit_attr_read("class/uio/uio0/maps", text, sizeof(text)), 0);
	EXPECT_NE(NULL, strstr(text, "0 registers "));
	EXPECT_NE(NULL, strstr(text, "1 state_table "));
	EXPECT_NE(NULL, strstr(text, "2 rw_section "));
	EXPECT_NE(NULL, strstr(text, "3 input_sections "));
	EXPECT_NE(NULL, strstr(text, "4 output_section "));
	kit_process_exit(program);
}

LINK_TEST(uio_has_one_program_at_a_time)
{
	struct kit_file *second;

	start(2);
	EXPECT_EQ(-EBUSY, kit_open(program, "uio0", O_RDWR, &second));
	kit_close(uio);
	EXPECT_EQ(0, kit_open(program, "uio0", O_RDWR, &uio));
	kit_process_exit(program);
}

LINK_TEST(uio_maps_what_a_program_may_have)
{
	struct kit_mapping *mapping, *registers;
	uint8_t *memory;

	start(2);
	memory = pci_link_memory(the_link);
	registers = map(MAP_REGISTERS, 0x1000, KIT_MAP_WRITE);
	EXPECT_EQ(2, read_map(registers, 4));
	mapping = map(MAP_OUTPUT, 0x3000, KIT_MAP_WRITE);
	EXPECT_TRUE(write_map(mapping, 0x2ffc, 0x12345678));
	EXPECT_EQ(0x12345678, *(uint32_t *)(memory + pci_link_output(the_link, 0) + 0x2ffc));
	kit_munmap(mapping);
	EXPECT_EQ(-EACCES, kit_mmap(uio, 0x6000, KIT_MAP_WRITE, MAP_INPUT * 0x1000UL, &mapping));
	EXPECT_EQ(-EACCES, kit_mmap(uio, 0x1000, KIT_MAP_WRITE, MAP_STATE_TABLE * 0x1000UL,
				    &mapping));
	EXPECT_EQ(-EINVAL, kit_mmap(uio, 0x3000, KIT_MAP_WRITE | KIT_MAP_PRIVATE,
				    MAP_OUTPUT * 0x1000UL, &mapping));
	EXPECT_EQ(-EINVAL, kit_mmap(uio, 0x4000, KIT_MAP_WRITE, MAP_OUTPUT * 0x1000UL, &mapping));
	EXPECT_EQ(-EINVAL, kit_mmap(uio, 0x1000, 0, 5 * 0x1000UL, &mapping));
	EXPECT_EQ(-ENOMEM, kit_mmap(uio, ~0UL, 0, MAP_OUTPUT * 0x1000UL, &mapping));
	/* For so many pages there is no memory, nor is any asked for. */
	EXPECT_EQ(-EINVAL, kit_mmap(uio, 1UL << 43, 0, MAP_OUTPUT * 0x1000UL, &mapping));
	EXPECT_FALSE(log_has("out of memory"));
	mapping = map(MAP_INPUT, 0x6000, 0);
	memory[pci_link_output(the_link, 1)] = 42;
	EXPECT_EQ(42, read_map(mapping, 0x3000));
	EXPECT_FALSE(write_map(mapping, 0x3000, 1));
	kit_munmap(mapping);
	kit_munmap(registers);
	kit_process_exit(program);
}

LINK_TEST(uio_read_waits_for_an_interrupt)
{
	struct kit_mapping *registers;
	uint32_t count = 0;
	int on = 1;

	start(2);
	settle();
	registers = map(MAP_REGISTERS, 0x1000, KIT_MAP_WRITE);
	EXPECT_EQ(0, kit_poll(uio, POLLIN, 0));
	EXPECT_EQ(sizeof(on), kit_write(uio, &on, sizeof(on)));
	pci_link_ring(the_link, 0, 1);
	EXPECT_EQ(POLLIN, kit_poll(uio, POLLIN, SOON));
	EXPECT_EQ(sizeof(count), kit_read(uio, &count, sizeof(count)));
	/* One shot: the next is for the program to allow. */
	EXPECT_EQ(0, read_map(registers, INT_CONTROL));
	pci_link_ring(the_link, 0, 1);
	moment();
	EXPECT_EQ(0, kit_poll(uio, POLLIN, 0));
	EXPECT_EQ(-EINVAL, kit_read(uio, &count, 3));
	kit_munmap(registers);
	kit_process_exit(program);
}

LINK_TEST(uio_signals_an_eventfd_for_each_vector)
{
	int first, second, state;

	start(3);
	first = attach(1);
	second = attach(2);
	state = attach(IVSHMEM_UIO_STATE);
	settle();
	take(first);
	take(second);
	take(state);
	pci_link_ring(the_link, 0, 2);
	EXPECT_TRUE(EVENTUALLY(take(second)));
	EXPECT_EQ(0, take(first));
	pci_link_set_state(the_link, 1, 5);
	EXPECT_TRUE(EVENTUALLY(take(state)));
	EXPECT_EQ(0, take(first));
	kit_close(events);
	pci_link_ring(the_link, 0, 2);
	moment();
	EXPECT_EQ(0, take(second));
	kit_process_exit(program);
}

/* The function's write to Interrupt Control is as late as PCI allows. */
LINK_TEST(uio_has_interrupts_enabled_when_a_call_that_does_it_returns)
{
	uint32_t on = 1;
	int only;

	start(3);
	only = attach(1);
	pci_link_ring(the_link, 0, 1);
	EXPECT_TRUE(EVENTUALLY(take(only)));
	kit_close(events);
	EXPECT_EQ(4, kit_write(uio, &on, sizeof(on)));
	pci_link_ring(the_link, 0, 1);
	EXPECT_TRUE(EVENTUALLY(kit_poll(uio, POLLIN, 0)));
	kit_process_exit(program);
}

LINK_TEST(uio_refuses_what_is_no_eventfd)
{
	struct ivshmem_uio_eventfd request = { 0, 0 };
	struct ivshmem_uio_info info;

	start(2);
	EXPECT_EQ(0, kit_ioctl(events, IVSHMEM_UIO_GET_INFO, (unsigned long)&info));
	EXPECT_EQ(2, info.vectors);
	request.fd = open("/dev/null", O_RDWR);
	EXPECT_EQ(-EINVAL, kit_ioctl(events, IVSHMEM_UIO_SET_EVENTFD, (unsigned long)&request));
	request.fd = 999;
	EXPECT_EQ(-EBADF, kit_ioctl(events, IVSHMEM_UIO_SET_EVENTFD, (unsigned long)&request));
	request = (struct ivshmem_uio_eventfd){ 2, eventfd(0, 0) };
	EXPECT_EQ(-EINVAL, kit_ioctl(events, IVSHMEM_UIO_SET_EVENTFD, (unsigned long)&request));
	EXPECT_EQ(-ENOTTY, kit_ioctl(events, 0x1234, 0));
	kit_process_exit(program);
}

LINK_TEST(uio_state_ends_with_the_program)
{
	struct kit_mapping *registers;

	start(2);
	registers = map(MAP_REGISTERS, 0x1000, KIT_MAP_WRITE);
	EXPECT_TRUE(write_map(registers, STATE, 3));
	EXPECT_EQ(3, pci_link_state(the_link, 0));
	kit_munmap(registers);
	kit_process_exit(program);
	EXPECT_EQ(0, pci_link_state(the_link, 0));
}

LINK_TEST(uio_leaves_only_errors_behind)
{
	struct kit_mapping *out, *registers;
	struct ivshmem_uio_info info;
	uint32_t count;

	start(2);
	out = map(MAP_OUTPUT, 0x3000, KIT_MAP_WRITE);
	registers = map(MAP_REGISTERS, 0x1000, KIT_MAP_WRITE);
	EXPECT_TRUE(write_map(out, 0, 1));
	EXPECT_NE(~0U, read_map(registers, 0));
	unplug(0);
	EXPECT_EQ(NULL, kit_touch(out, 0, false));
	EXPECT_EQ(NULL, kit_touch(registers, 0, true));
	EXPECT_EQ(-EIO, kit_read(uio, &count, sizeof(count)));
	EXPECT_NE(0, kit_poll(uio, POLLIN, 0) & POLLERR);
	EXPECT_EQ(POLLERR | POLLHUP, kit_poll(events, 0, 0));
	EXPECT_EQ(-ENODEV, kit_ioctl(events, IVSHMEM_UIO_GET_INFO, (unsigned long)&info));
	kit_munmap(out);
	kit_munmap(registers);
	kit_process_exit(program);
}

static int reader(void *arg)
{
	uint32_t count;
	long ret;

	do {
		ret = kit_read(arg, &count, sizeof(count));
	} while (ret > 0);
	return ret;
}

LINK_TEST(uio_wakes_who_waits_when_the_device_goes)
{
	struct kit_thread *thread;

	start(2);
	ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "reader", reader, uio, &thread));
	moment();
	unplug(0);
	EXPECT_EQ(-EIO, kit_thread_join(thread));
	kit_process_exit(program);
}
