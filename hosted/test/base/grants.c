// SPDX-License-Identifier: GPL-2.0
/*
 * R32: granted memory is a real mapping
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/test.h"

#define PHYS	0x40000000ULL
#define SIZE	8192

static int memory(bool writable)
{
	int fd = memfd_create("grant", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, SIZE) ||
	    kit_grant_memory(PHYS, SIZE, "shared memory", fd, 0, writable))
		return -1;
	return fd;
}

KIT_TEST(r32_granted_memory_is_shared)
{
	int fd = memory(true);
	char byte = 0, *map;
	kit_u64 offset;

	REQUIRE(fd >= 0);
	map = kit_map(PHYS + 4096, 4096);
	REQUIRE(map);
	map[5] = 'x';
	CHECK_EQ(pread(fd, &byte, 1, 4096 + 5), 1);
	CHECK_EQ(byte, 'x');
	CHECK_EQ(kit_mmio_read(map + 5, 1), 'x');
	kit_mmio_write(map + 5, 1, 'y');
	CHECK_EQ(map[5], 'y');
	CHECK_EQ(kit_grant_fd(PHYS + 4096, 100, &offset, true), fd);
	CHECK_EQ(offset, 4096);
	CHECK(!kit_map(PHYS, SIZE + 1));
	CHECK_EQ(kit_unmap(map), 0);
	CHECK_EQ(kit_unmap(map), -EINVAL);
}

KIT_TEST(r34_memory_is_given_away_for_reading_only_unless_it_is_to_be_written)
{
	int fd = memory(false), read_fd;
	kit_u64 offset;

	REQUIRE(fd >= 0);
	CHECK_EQ(kit_grant_fd(PHYS, SIZE, &offset, true), -EACCES);
	read_fd = kit_grant_fd(PHYS, SIZE, &offset, false);
	CHECK(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, read_fd, 0) != MAP_FAILED);
	CHECK(mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, read_fd, 0) == MAP_FAILED);
	CHECK_EQ(kit_grant_revoke(PHYS), 0);
	CHECK_EQ(fcntl(read_fd, F_GETFD), -1);
	CHECK_EQ(kit_grant_memory(PHYS, SIZE, "shared memory", fd, 0, true), 0);
	CHECK_EQ(kit_grant_memory(PHYS + SIZE, SIZE, "the rest", fd, SIZE, false), 0);
	CHECK_EQ(kit_grant_fd(PHYS, SIZE, &offset, true), fd);
	CHECK_EQ(kit_grant_fd(PHYS, 2 * SIZE, &offset, true), -EACCES);
	CHECK(kit_grant_fd(PHYS, 2 * SIZE, &offset, false) >= 0);
	CHECK_EQ(offset, 0);
}

KIT_TEST(r32_one_mapping_too_many_is_told)
{
	unsigned int n;

	REQUIRE(memory(true) >= 0);
	for (n = 0; n <= 1000 && kit_map(PHYS, SIZE); n++)
		;
	CHECK_EQ(n, 256);
	CHECK(test_logged("cannot map shared memory: all 256 mappings are in use"));
}

static kit_u64 read_none(void *device, kit_u64 offset, unsigned int width)
{
	(void)device;
	(void)offset;
	(void)width;
	return 0;
}

KIT_TEST(r32_one_window_too_many_is_told)
{
	static const struct kit_device_ops ops = { .read = read_none };
	unsigned int n;

	REQUIRE(!kit_grant_device(PHYS, SIZE, "registers", &ops, NULL));
	for (n = 0; n <= 1000 && kit_map(PHYS, SIZE); n++)
		;
	CHECK_EQ(n, KIT_MMIO_WINDOWS);
	CHECK(test_logged("cannot map registers: all 64 windows are in use"));
}

KIT_DIES(r32_memory_after_unmapping_is_trapped,
	 "read of shared memory at offset 0x7, which was unmapped")
{
	volatile char *map;

	if (memory(true) < 0)
		return;
	map = kit_map(PHYS, SIZE);
	kit_unmap(map);
	(void)map[7];
}

KIT_DIES(r32_a_write_to_read_only_memory_is_trapped,
	 "write of shared memory at offset 0x7, which is read-only")
{
	volatile char *map;

	if (memory(false) < 0)
		return;
	map = kit_map(PHYS, SIZE);
	map[7] = 1;
}

static bool repair(void *arg, kit_addr addr, bool write)
{
	(void)addr;
	(void)write;
	return mprotect(arg, 4096, PROT_READ | PROT_WRITE) == 0;
}

KIT_TEST(r32_a_fault_can_be_handled)
{
	char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(page != MAP_FAILED);
	CHECK_EQ(kit_fault_range((kit_addr)page, 4096, repair, page), 0);
	*(volatile char *)page = 3;
	CHECK_EQ(*page, 3);
	CHECK_EQ(kit_fault_range((kit_addr)page, 0, NULL, NULL), 0);
}

/* The other side has the same descriptor. */
KIT_TEST(r32_memory_that_is_cut_off_is_replaced)
{
	int fd = memory(false);
	volatile char *map;

	REQUIRE(fd >= 0);
	map = kit_map(PHYS, SIZE);
	REQUIRE(map);
	REQUIRE(!ftruncate(fd, 4096));
	CHECK_EQ(map[7], 0);
	CHECK(!test_logged("no memory any more"));
	CHECK_EQ(map[4096 + 7], 0);
	CHECK(test_logged("shared memory at offset 0x1007 is no memory any more"));
	map[4096 + 8] = 3;
	CHECK_EQ(map[4096 + 8], 3);
	REQUIRE(!ftruncate(fd, 0));
	CHECK_EQ(map[7], 0);
	CHECK(!test_logged("no memory any more"));
	CHECK_EQ(kit_unmap(map), 0);
}

static unsigned int lazy_faults;

static bool open_page(void *arg, kit_addr addr, bool write)
{
	(void)arg;
	(void)write;
	lazy_faults++;
	return mprotect((void *)(addr & -4096UL), 4096, PROT_READ | PROT_WRITE) == 0;
}

void *test_lazy_pages(unsigned int n)
{
	char *pages = mmap(NULL, n * 4096UL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED ||
	    kit_fault_range((kit_addr)pages, n * 4096UL, open_page, NULL))
		return NULL;
	return pages;
}

unsigned int test_lazy_faults(void)
{
	return lazy_faults;
}
