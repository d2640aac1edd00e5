// SPDX-License-Identifier: GPL-2.0
/*
 * A large R/W section that lies elsewhere, by shmaddr: HUGE in the environment
 * says whether the kernel can map 2 MiB by one entry.
 */
#include <fcntl.h>
#include <sys/resource.h>

#include "harness.h"
#include "mapped.h"

#define NODE	"/dev/shadow-process0"
#define MIB	0x100000UL
#define SIZE	(32 * MIB)
#define DRIVER	"/sys/bus/ivshmem/drivers/shadow/"

static void *map(int fd, size_t len, off_t offset)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
}

static long page_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Page tables of this process, bytes */
static long page_tables(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[200];
	long size = -1;

	ASSERT_TRUE(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmPTE: %ld", &size) == 1)
			break;
	fclose(file);
	return size << 10;
}

static bool huge(void)
{
	return getenv("HUGE") && *getenv("HUGE") == '1';
}

static void touch(volatile uint8_t *memory, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += 4096)
		memory[i + 8] = i >> 12;
}

TEST(a_large_mapping_takes_one_fault_and_entry_for_2_MiB_where_the_kernel_can)
{
	int fd = open(NODE, O_RDWR);
	long faults, tables;
	uint8_t *memory;
	size_t i;

	memory = map(fd, SIZE, 0);
	ASSERT_NE(MAP_FAILED, memory);
	tables = page_tables();
	faults = page_faults();
	touch(memory, SIZE);
	faults = page_faults() - faults;
	tables = page_tables() - tables;
	TH_LOG("%ld faults, %ld KiB of page tables for %lu MiB", faults, tables >> 10, SIZE / MIB);
	if (huge()) {
		EXPECT_EQ(0, (uintptr_t)memory % (2 * MIB));
		EXPECT_LE(faults, 16 + 8);
		EXPECT_LE(tables, 16 << 10);
	} else {
		EXPECT_GE(faults, SIZE / 4096);
	}
	for (i = 0; i < SIZE; i += 4096)
		ASSERT_EQ((i >> 12) & 0xff, memory[i + 8]);
}

/* What is mapped where it is not aligned, or in pieces, shows the same bytes. */
TEST(odd_offsets_and_lengths_show_the_right_pages)
{
	static const off_t offset[] = { 0x1000, 2 * MIB - 0x1000, 3 * MIB, SIZE - 0x3000 };
	int fd = open(NODE, O_RDWR);
	uint8_t *all = map(fd, SIZE, 0), *part, *fixed;
	unsigned int i;
	size_t len, at;

	ASSERT_NE(MAP_FAILED, all);
	touch(all, SIZE);
	for (i = 0; i < 4; i++) {
		len = SIZE - offset[i] < 5 * MIB ? SIZE - offset[i] : 5 * MIB;
		part = map(fd, len, offset[i]);
		ASSERT_NE(MAP_FAILED, part);
		for (at = 0; at < len; at += 4096)
			ASSERT_EQ(((offset[i] + at) >> 12) & 0xff, part[at + 8]);
		fixed = mmap(all + 0x1000, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			     fd, offset[i]);
		ASSERT_EQ(all + 0x1000, fixed);
		EXPECT_EQ((offset[i] >> 12) & 0xff, fixed[8]);
		munmap(part, len);
	}
	EXPECT_EQ(MAP_FAILED, map(fd, 0x1000, SIZE));
	EXPECT_EQ(MAP_FAILED, map(fd, SIZE + 0x1000, 0));
}

TEST(a_child_inherits_it)
{
	int fd = open(NODE, O_RDWR), status = -1;
	uint8_t *memory = map(fd, SIZE, 0);
	pid_t pid;

	ASSERT_NE(MAP_FAILED, memory);
	memory[5 * MIB] = 1;
	pid = fork();
	if (!pid) {
		memory[5 * MIB]++;
		/* Splits what may be one entry. */
		munmap(memory + 4 * MIB + 0x1000, 0x1000);
		mprotect(memory + 6 * MIB + 0x1000, 0x1000, PROT_READ);
		memory[4 * MIB] = 7;
		_exit(memory[6 * MIB + 0x1000] && 0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(2, memory[5 * MIB]);
	EXPECT_EQ(7, memory[4 * MIB]);
}

static void bind(const char *file)
{
	int fd = open(file, O_WRONLY);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(8, write(fd, "ivshmem0", 8));
	close(fd);
}

TEST(after_unbind_nothing_of_it_is_mapped)
{
	int fd = open(NODE, O_RDWR);
	uint8_t *memory = map(fd, SIZE, 0);

	ASSERT_NE(MAP_FAILED, memory);
	touch(memory, SIZE);
	bind(DRIVER "unbind");
	EXPECT_FALSE(is_mapped(memory));
	EXPECT_FALSE(is_mapped(memory + 7 * MIB + 0x5000));
	bind(DRIVER "bind");
	EXPECT_FALSE(is_mapped(memory));
}

TEST_HARNESS_MAIN
