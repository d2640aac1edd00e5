// SPDX-License-Identifier: GPL-2.0
/* The shared memory: what can be mapped, written, resized, and what cannot */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "client.h"

struct areas {
	uint32_t n;
	struct vfio_region_sparse_mmap_area area[4];
	uint64_t bar_size;
	int fd;
};

static void get_areas(struct client *c, struct areas *areas)
{
	struct vfio_region_info_cap_sparse_mmap cap;
	struct vfio_region_info info;
	struct reply r;

	region_info(c, BAR2, &r, &info);
	ASSERT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
		  VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS,
		  info.flags);
	ASSERT_EQ(0, info.offset);
	ASSERT_EQ(sizeof(info), info.cap_offset);
	memcpy(&cap, r.data + info.cap_offset, sizeof(cap));
	ASSERT_EQ(VFIO_REGION_INFO_CAP_SPARSE_MMAP, cap.header.id);
	ASSERT_EQ(1, cap.header.version);
	ASSERT_EQ(0, cap.header.next);
	ASSERT_LE(cap.nr_areas, 4);
	ASSERT_EQ(info.argsz, sizeof(info) + sizeof(cap) +
		  cap.nr_areas * sizeof(areas->area[0]));
	areas->n = cap.nr_areas;
	areas->bar_size = info.size;
	areas->fd = r.fd;
	memcpy(areas->area, r.data + info.cap_offset + sizeof(cap),
	       cap.nr_areas * sizeof(areas->area[0]));
}

/* 3 peers: state table 4K, R/W 8K, outputs 16K each; 60K in a BAR of 64K */
#define SIZES		"--peers 3 --rw-size 8K --output-size 16K"
#define RW		0x1000
#define OUTPUT(n)	(0x3000 + (n) * 0x4000)
#define END		0xf000

FIXTURE(fast) {
	struct device dev;
	struct client a, b;
};

FIXTURE_SETUP(fast)
{
	device_start(&self->dev, SIZES);
	client_open(&self->a, &self->dev, 0);
	client_open(&self->b, &self->dev, 1);
}

FIXTURE_TEARDOWN(fast)
{
	if (self->dev.pid)
		EXPECT_EQ(0, device_stop(&self->dev, NULL, 0));
}

TEST_F(fast, all_sections_can_be_mapped_and_are_the_same_memory)
{
	struct areas a, b;
	uint32_t *ma, *mb;

	get_areas(&self->a, &a);
	get_areas(&self->b, &b);
	ASSERT_EQ(1, a.n);
	EXPECT_EQ(0, a.area[0].offset);
	EXPECT_EQ(END, a.area[0].size);
	EXPECT_EQ(0x10000, a.bar_size);
	ma = mmap(NULL, END, PROT_READ | PROT_WRITE, MAP_SHARED, a.fd, 0);
	mb = mmap(NULL, END, PROT_READ | PROT_WRITE, MAP_SHARED, b.fd, 0);
	ASSERT_NE(MAP_FAILED, ma);
	ASSERT_NE(MAP_FAILED, mb);
	ma[OUTPUT(0) / 4] = 0x1234;
	EXPECT_EQ(0x1234, mb[OUTPUT(0) / 4]);
	EXPECT_EQ(0x1234, read_le(&self->b, BAR2, OUTPUT(0), 4));
	set_reg(&self->b, REG_STATE, 5);
	EXPECT_EQ(5, ma[1]);
}

/* QEMU first asks with room for the structure alone, then for the list. */
TEST_F(fast, a_client_with_little_room_learns_how_much_it_needs)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = BAR2 };
	struct reply r;

	ASSERT_EQ(0, client_try(&self->a, CMD_GET_REGION_INFO, &info,
				sizeof(info), NULL, 0, &r));
	ASSERT_EQ(sizeof(info), r.len);
	memcpy(&info, r.data, sizeof(info));
	EXPECT_EQ(64, info.argsz);
	EXPECT_EQ(sizeof(info), info.cap_offset);
	EXPECT_GE(r.fd, 0);
}

TEST_F(fast, the_memory_cannot_be_resized)
{
	struct areas a;
	struct stat st;
	int seals;

	get_areas(&self->a, &a);
	seals = fcntl(a.fd, F_GET_SEALS);
	EXPECT_EQ(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, seals);
	EXPECT_EQ(-1, ftruncate(a.fd, 4096));
	EXPECT_EQ(-1, ftruncate(a.fd, 1 << 20));
	EXPECT_EQ(-1, fcntl(a.fd, F_ADD_SEALS, F_SEAL_WRITE));
	ASSERT_EQ(0, fstat(a.fd, &st));
	EXPECT_EQ(END, st.st_size);
}

TEST_F(fast, a_rewritten_state_repairs_the_state_table)
{
	struct areas a;
	uint32_t *mem;

	get_areas(&self->a, &a);
	mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, a.fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	set_reg(&self->b, REG_STATE, 2);
	mem[1] = 99;
	EXPECT_EQ(2, reg(&self->b, REG_STATE));
	set_reg(&self->b, REG_STATE, 2);
	EXPECT_EQ(2, mem[1]);
}

TEST_F(fast, behind_the_last_section_reads_are_0_and_writes_refused)
{
	uint8_t page[4096];
	unsigned int i;

	EXPECT_EQ(0, read_le(&self->a, BAR2, END, 4));
	EXPECT_EQ(0, read_le(&self->a, BAR2, 0xfffc, 4));
	write_le(&self->a, BAR2, OUTPUT(0), 4, 0xffffffff);
	memset(page, 0xff, sizeof(page));
	ASSERT_EQ(0, try_read(&self->a, BAR2, END - 2048, page, sizeof(page)));
	for (i = 0; i < sizeof(page); i++)
		ASSERT_EQ(0, page[i]);
	EXPECT_EQ(EPERM, try_write(&self->a, BAR2, END, page, 4));
	EXPECT_EQ(EINVAL, try_read(&self->a, BAR2, 0x10000, page, 4));
	EXPECT_EQ(EINVAL, try_read(&self->a, BAR2, 0xfffe, page, 4));
}

FIXTURE(strict) {
	struct device dev;
	struct client a, b;
};

FIXTURE_SETUP(strict)
{
	device_start(&self->dev, "--strict " SIZES);
	client_open(&self->a, &self->dev, 0);
	client_open(&self->b, &self->dev, 1);
}

FIXTURE_TEARDOWN(strict)
{
	if (self->dev.pid)
		EXPECT_EQ(0, device_stop(&self->dev, NULL, 0));
}

TEST_F(strict, a_peer_can_map_what_it_may_write_and_no_more)
{
	struct areas a;

	get_areas(&self->b, &a);
	ASSERT_EQ(2, a.n);
	EXPECT_EQ(RW, a.area[0].offset);
	EXPECT_EQ(0x2000, a.area[0].size);
	EXPECT_EQ(OUTPUT(1), a.area[1].offset);
	EXPECT_EQ(0x4000, a.area[1].size);
}

TEST_F(strict, writes_elsewhere_are_refused_and_counted)
{
	static const uint32_t bad[] = {
		0, 4, 0xffc, OUTPUT(1), OUTPUT(2) - 4, OUTPUT(2), END - 4, END,
	};
	static const uint32_t good[] = {
		RW, 0x2ffc, OUTPUT(0), OUTPUT(1) - 4,
	};
	char text[2000], *line = text;
	uint32_t value = 0xffffffff;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, try_write(&self->a, BAR2, good[i], &value, 4));
		EXPECT_EQ(value, read_le(&self->b, BAR2, good[i], 4));
		write_le(&self->a, BAR2, good[i], 4, 0);
	}
	EXPECT_EQ(0, device_stat(&self->dev, 0, "refused_writes"));
	EXPECT_EQ(0, device_stat(&self->dev, 0, "errors"));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(EPERM, try_write(&self->a, BAR2, bad[i], &value, 4));
		EXPECT_EQ(0, read_le(&self->b, BAR2, bad[i], 4));
	}
	EXPECT_EQ(8, device_stat(&self->dev, 0, "refused_writes"));
	EXPECT_EQ(0, device_stat(&self->dev, 1, "refused_writes"));
	device_stderr(&self->dev, text, sizeof(text));
	for (i = 0; (line = strstr(line, "peer 0: refused to write")); i++)
		line++;
	EXPECT_EQ(8, i);
}

TEST_F(strict, a_write_may_not_reach_beyond_a_section)
{
	uint8_t bytes[16] = { 1 };

	EXPECT_EQ(0, try_write(&self->b, BAR2, OUTPUT(2) - 16, bytes, 16));
	EXPECT_EQ(EPERM, try_write(&self->b, BAR2, OUTPUT(2) - 8, bytes, 16));
	EXPECT_EQ(EPERM, try_write(&self->b, BAR2, OUTPUT(1) - 8, bytes, 16));
	EXPECT_EQ(EPERM, try_write(&self->b, BAR2, RW - 8, bytes, 16));
	EXPECT_EQ(3, device_stat(&self->dev, 1, "refused_writes"));
}

TEST_F(strict, all_sections_can_be_read)
{
	write_le(&self->b, BAR2, OUTPUT(1) + 8, 4, 0xabcd);
	EXPECT_EQ(0xabcd, read_le(&self->a, BAR2, OUTPUT(1) + 8, 4));
	set_reg(&self->b, REG_STATE, 3);
	EXPECT_EQ(3, read_le(&self->a, BAR2, 4, 4));
}

TEST(without_writable_sections_strict_mode_maps_nothing)
{
	struct device dev = { 0 };
	struct vfio_region_info info;
	struct client c;
	struct reply r;

	device_start(&dev, "--strict --rw-size 0 --output-size 0");
	client_open(&c, &dev, 0);
	region_info(&c, BAR2, &r, &info);
	EXPECT_EQ(4096, info.size);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		  info.flags);
	EXPECT_EQ(-1, r.fd);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}
