// SPDX-License-Identifier: GPL-2.0
/*
 * What a program may map of a device, and what it must not. Needs ivshmem0 and
 * ivshmem1, two ends of one link, bound to uio.
 */
#define _GNU_SOURCE
#include <sys/utsname.h>

#include "uio_link.h"

static bool read_only(const char *name)
{
	return !strcmp(name, "state_table") || !strcmp(name, "input_sections");
}

/* Takes the next map if the section is there. */
static void expect_map(const struct end *end, int *next, const char *name, unsigned long long size,
		       unsigned long long *addr)
{
	const struct map *map = &end->map[*next];

	if (!size) {
		EXPECT_EQ(-1, find_map(end, name));
		return;
	}
	ASSERT_LT(*next, end->maps);
	EXPECT_STREQ(name, map->name);
	EXPECT_EQ(size, map->size);
	if (addr) {
		EXPECT_EQ(*addr, map->addr);
		*addr += size;
	}
	++*next;
}

TEST_F(link, maps_are_the_sections_that_are_there_in_order_and_adjoining)
{
	struct end *end = &self->a;
	unsigned long long table = device_number(0, "state_table_size");
	unsigned long long rw = device_number(0, "rw_section_size");
	unsigned long long addr, own;
	int next = 0;

	addr = end->map[find_map(end, "state_table")].addr;
	own = addr + table + rw + end->id * end->output_size;
	expect_map(end, &next, "registers", 4096, NULL);
	expect_map(end, &next, "state_table", table, &addr);
	expect_map(end, &next, "rw_section", rw, &addr);
	expect_map(end, &next, "input_sections", end->peers * end->output_size, &addr);
	expect_map(end, &next, "output_section", end->output_size, &own);
	EXPECT_EQ(next, end->maps);
}

TEST_F(link, uio_device_has_the_name_and_the_parent_that_programs_look_for)
{
	char path[128], text[64], wanted[64], *pci;

	snprintf(path, sizeof(path), "/sys/class/uio/uio%d/name", self->a.number);
	ASSERT_TRUE(read_file(path, text, sizeof(text)));
	pci = realpath(device_file(0, ".."), NULL);
	ASSERT_NE(NULL, pci);
	snprintf(wanted, sizeof(wanted), "uio_ivshmem[%s]", strrchr(pci, '/') + 1);
	EXPECT_STREQ(wanted, text);
	EXPECT_EQ(0xff, read_number("/sys/class/uio/uio%d/device/class", self->a.number) >> 16);
	snprintf(path, sizeof(path), "/sys/class/ivshmem-uio/ivshmem-uio%d/device/uio/uio%d",
		 self->a.number, self->a.number);
	EXPECT_EQ(0, access(path, F_OK));
}

TEST_F(link, registers_are_the_devices)
{
	struct registers *regs = self->a.regs;
	unsigned int i;

	EXPECT_EQ(self->a.id, regs->id);
	EXPECT_EQ(self->a.peers, regs->max_peers);
	EXPECT_EQ(0, regs->interrupt_control);
	for (i = sizeof(*regs) / 4; i < 1024; i += 61)
		EXPECT_EQ(0, ((volatile uint32_t *)regs)[i]);
	set_state(&self->a, 0x12345678);
	EXPECT_EQ(0x12345678, self->b.table[self->a.id]);
	EXPECT_EQ(0x12345678, self->a.table[self->a.id]);
	EXPECT_EQ(0x12345678, device_number(0, "state"));
}

TEST_F(link, what_one_end_writes_the_other_reads)
{
	size_t words = self->a.output_size / 4, i;

	if (!words)
		SKIP(return, "no output sections");
	for (i = 0; i < words; i += 1021)
		self->a.out[i] = i ^ 0xa5a5;
	self->b.out[words - 1] = 77;
	for (i = 0; i < words; i += 1021)
		EXPECT_EQ(i ^ 0xa5a5, self->b.in[self->a.id * words + i]);
	EXPECT_EQ(77, self->a.in[(self->b.id + 1) * words - 1]);
	EXPECT_EQ(77, self->b.in[(self->b.id + 1) * words - 1]);
}

TEST_F(link, rw_section_is_everyones)
{
	size_t last = device_number(0, "rw_section_size") / 4 - 1;

	if (!self->a.rw)
		SKIP(return, "no R/W section");
	self->a.rw[0] = 1;
	self->b.rw[last] = 2;
	EXPECT_EQ(1, self->b.rw[0]);
	EXPECT_EQ(2, self->a.rw[last]);
}

TEST_F(link, read_only_sections_cannot_be_mapped_writable)
{
	int i;

	for (i = 0; i < self->a.maps; i++) {
		const struct map *map = &self->a.map[i];
		void *at = map_section(&self->a, map->name, PROT_READ | PROT_WRITE);
		void *only = map_section(&self->a, map->name, PROT_WRITE);

		if (read_only(map->name)) {
			EXPECT_EQ(MAP_FAILED, at);
			EXPECT_EQ(MAP_FAILED, only);
			EXPECT_EQ(EACCES, errno);
		} else {
			EXPECT_NE(MAP_FAILED, at);
			EXPECT_NE(MAP_FAILED, only);
		}
	}
}

TEST_F(link, read_only_sections_cannot_be_made_writable_later)
{
	int i, wanted;
	void *at;

	for (i = 0; i < self->a.maps; i++) {
		const struct map *map = &self->a.map[i];

		wanted = read_only(map->name) ? -1 : 0;
		at = map_section(&self->a, map->name, PROT_READ);
		ASSERT_NE(MAP_FAILED, at);
		(void)*(volatile uint32_t *)at;
		errno = 0;
		EXPECT_EQ(wanted, mprotect(at, map->size, PROT_READ | PROT_WRITE));
		EXPECT_EQ(wanted ? EACCES : 0, errno);
		EXPECT_EQ(wanted, mprotect(at, getpagesize(), PROT_WRITE));
		EXPECT_EQ(0, mprotect(at, map->size, PROT_NONE));
		EXPECT_EQ(0, mprotect(at, map->size, PROT_READ));
	}
}

TEST_F(link, read_only_sections_cannot_be_written_as_a_debugger_does)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	uint32_t before, value = 0xbad;

	ASSERT_GE(fd, 0);
	before = self->a.table[0];
	ASSERT_NE(0xbad, before);
	EXPECT_EQ(-1, pwrite(fd, &value, sizeof(value), (uintptr_t)self->a.table));
	EXPECT_EQ(before, self->a.table[0]);
}

/* Behind an output section is that of the next peer. */
TEST_F(link, what_a_debugger_writes_ends_with_the_section)
{
	bool turned = self->a.id > self->b.id;
	struct end *a = turned ? &self->b : &self->a, *b = turned ? &self->a : &self->b;
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	uint32_t value[2] = { 0xdeb, 0xbad };
	volatile uint32_t *last;

	ASSERT_GE(fd, 0);
	if (!a->out || b->id != a->id + 1)
		SKIP(return, "no output section is behind the other");
	last = &a->out[a->output_size / 4 - 1];
	*last = 0;
	b->out[0] = 42;
	EXPECT_LE(4, pwrite(fd, value, sizeof(value), (uintptr_t)last));
	EXPECT_EQ(0xdeb, *last);
	EXPECT_EQ(42, b->out[0]);
}

TEST_F(link, a_file_opened_for_reading_gives_no_writable_mapping)
{
	void *at;
	int i;

	close_end(&self->a);
	self->a.fd = open_node("uio", self->a.number, O_RDONLY);
	ASSERT_GE(self->a.fd, 0);
	for (i = 0; i < self->a.maps; i++) {
		const char *name = self->a.map[i].name;

		EXPECT_EQ(MAP_FAILED, map_section(&self->a, name, PROT_READ | PROT_WRITE));
		at = map_section(&self->a, name, PROT_READ);
		ASSERT_NE(MAP_FAILED, at);
		(void)*(volatile uint32_t *)at;
		EXPECT_EQ(-1, mprotect(at, getpagesize(), PROT_READ | PROT_WRITE));
	}
}

static int map_error(int fd, size_t size, int flags, off_t offset)
{
	if (mmap(NULL, size, PROT_READ, flags, fd, offset) != MAP_FAILED)
		return 0;
	return errno;
}

TEST_F(link, nothing_beyond_a_section_can_be_mapped)
{
	size_t page = getpagesize();
	off_t i;

	for (i = 0; i < self->a.maps; i++) {
		size_t size = self->a.map[i].size;

		EXPECT_EQ(0, map_error(self->a.fd, size, MAP_SHARED, i * page));
		EXPECT_EQ(EINVAL, map_error(self->a.fd, size + 1, MAP_SHARED, i * page));
		EXPECT_EQ(EINVAL, map_error(self->a.fd, size + page, MAP_SHARED, i * page));
		EXPECT_EQ(EINVAL, map_error(self->a.fd, 1UL << 40, MAP_SHARED, i * page));
	}
}

/* The page offset is a map's number, never an address. */
TEST_F(link, an_offset_that_is_no_maps_number_is_refused)
{
	size_t page = getpagesize();
	unsigned int bit;
	off_t i;

	for (i = self->a.maps; i < 300; i++)
		EXPECT_EQ(EINVAL, map_error(self->a.fd, page, MAP_SHARED, i * page));
	for (bit = 9; bit < 50; bit++)
		EXPECT_EQ(EINVAL, map_error(self->a.fd, page, MAP_SHARED, (1L << bit) * page));
	EXPECT_EQ(EINVAL, map_error(self->a.fd, page, MAP_SHARED, 4));
}

TEST_F(link, private_mappings_are_refused)
{
	int i, page = getpagesize();

	for (i = 0; i < self->a.maps; i++) {
		EXPECT_EQ(EINVAL, map_error(self->a.fd, page, MAP_PRIVATE, (off_t)i * page));
		EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE,
					   self->a.fd, (off_t)i * page));
	}
}

TEST_F(link, the_events_node_cannot_be_mapped)
{
	EXPECT_EQ(ENODEV, map_error(self->a.events, getpagesize(), MAP_SHARED, 0));
}

/* Pages behind a hole still are those of their place in the section. */
TEST_F(link, a_mapping_with_a_hole_shows_the_right_pages)
{
	size_t page = getpagesize(), words = page / 4;
	volatile uint32_t *out;
	size_t i;

	if (self->a.output_size < 4 * page)
		SKIP(return, "output sections are too small");
	for (i = 0; i < 4; i++)
		self->a.out[i * words] = 100 + i;
	out = map_part(&self->a, "output_section", PROT_READ | PROT_WRITE, 4 * page);
	ASSERT_NE(MAP_FAILED, out);
	ASSERT_EQ(0, munmap((void *)(out + words), page));
	ASSERT_EQ(0, mprotect((void *)(out + 2 * words), page, PROT_READ));
	EXPECT_EQ(100, out[0]);
	EXPECT_EQ(102, out[2 * words]);
	EXPECT_EQ(103, out[3 * words]);
	out[3 * words] = 55;
	EXPECT_EQ(55, self->b.in[self->a.id * self->a.output_size / 4 + 3 * words]);
}

/* Where the kernel can, one entry of the page table maps all of it, until it is split. */
TEST_F(link, a_large_mapping_may_be_split)
{
	const size_t large = 2 << 20, words = large / 4;
	int i = find_map(&self->a, "output_section");
	volatile uint32_t *out;
	uintptr_t room;
	size_t page;

	if (self->a.output_size < 2 * large)
		SKIP(return, "output sections are too small");
	room = (uintptr_t)mmap(NULL, 3 * large, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	out = mmap((void *)((room + large) & -large), 2 * large, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, self->a.fd, (off_t)i * getpagesize());
	ASSERT_NE(MAP_FAILED, out);
	for (page = 0; page < 2 * words; page += 1024)
		out[page] = page + 1;
	ASSERT_EQ(0, munmap((void *)(out + 2048), 4096));
	ASSERT_EQ(0, mprotect((void *)(out + words), 4096, PROT_READ));
	for (page = 0; page < 2 * words; page += 1024)
		EXPECT_EQ(page == 2048 ? 2049 : out[page], self->a.out[page]);
	EXPECT_EQ(words + 1, out[words]);
	out[words + 1024] = 5;
	EXPECT_EQ(5, self->b.in[self->a.id * self->a.output_size / 4 + words + 1024]);
}

TEST_F(link, a_mapping_moves_but_does_not_grow)
{
	size_t page = getpagesize();
	void *out, *moved, *room;

	if (self->a.output_size < 2 * page)
		SKIP(return, "output sections are too small");
	self->a.out[0] = 4711;
	out = map_part(&self->a, "output_section", PROT_READ, page);
	room = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT_EQ(MAP_FAILED, mremap(out, page, 2 * page, MREMAP_MAYMOVE));
	moved = mremap(out, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	ASSERT_EQ(room, moved);
	EXPECT_EQ(4711, *(volatile uint32_t *)moved);
}

TEST_F(link, a_child_inherits_the_mappings)
{
	int status;
	pid_t pid;

	if (!self->a.out)
		SKIP(return, "no output sections");
	self->a.out[0] = 1;
	pid = fork();
	if (!pid) {
		self->a.out[1] = self->a.out[0] + 1;
		set_state(&self->a, 3);
		_exit(self->a.table[self->a.id] != 3);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(2, self->a.out[1]);
	EXPECT_EQ(3, self->b.table[self->a.id]);
}

/* "wf": this process's pages of the mapping come by faults, not from a fork. */
static bool is_wiped_on_fork(const void *start)
{
	bool found = false, wiped = false;
	unsigned long from, to;
	char line[4096];
	FILE *maps = fopen("/proc/self/smaps", "r");

	while (maps && !wiped && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &from, &to) == 2)
			found = from == (unsigned long)start;
		else if (found && !strncmp(line, "VmFlags:", 8))
			wiped = strstr(line, " wf");
	}
	if (maps)
		fclose(maps);
	return wiped;
}

/* fork() copies huge entries without the lock that an unbind holds. */
TEST_F(link, a_child_gets_no_page_by_the_fork_even_if_its_parent_asks_for_it)
{
	struct utsname name;
	int status, major, minor;
	pid_t pid;

	uname(&name);
	if (sscanf(name.release, "%d.%d", &major, &minor) != 2 || major < 6 ||
	    (major == 6 && minor < 12) || access("/sys/kernel/mm/transparent_hugepage", F_OK))
		SKIP(return, "Linux %s has no huge entries here", name.release);
	EXPECT_TRUE(is_wiped_on_fork((void *)self->a.table));
	ASSERT_EQ(0, madvise((void *)self->a.table, 4096, MADV_KEEPONFORK));
	EXPECT_FALSE(is_wiped_on_fork((void *)self->a.table));
	pid = fork();
	if (!pid)
		_exit(!is_wiped_on_fork((void *)self->a.table));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
