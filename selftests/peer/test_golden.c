// SPDX-License-Identifier: GPL-2.0
/*
 * Both output sections after a scripted exchange, in each profile, against the
 * dumps in golden/, byte by byte. The dumps are what `hexdump -v` would say,
 * a repeated line being a "*". GOLDEN_WRITE=1 writes them anew: only for a
 * deliberate change, since the format is other people's.
 */
#include <libgen.h>
#include <limits.h>

#include "../harness.h"
#include "ring.h"

#define SIZE	0x3000

static uint8_t mem[2][SIZE] __attribute__((aligned(0x1000)));
static struct ring side[2];
static struct verdict verdict;

static bool send_frame(int from, uint32_t len)
{
	static uint8_t byte;
	uint8_t *buf;

	ring_tx_reclaim(&side[from]);
	buf = ring_tx_reserve(&side[from], len);
	if (!buf)
		return false;
	memset(buf, 0x80 | ++byte, len);
	buf[0] = from;
	buf[len - 1] = len;
	ring_tx_commit(&side[from]);
	ring_tx_kick(&side[from]);
	return true;
}

static int take_frames(int to, int max)
{
	uint32_t len;
	int n;

	for (n = 0; n < max && ring_rx_peek(&side[to], &len); n++)
		ring_rx_done(&side[to]);
	if (n < max)
		ring_rx_arm(&side[to]);
	ring_rx_kick(&side[to]);
	return n;
}

/* Some frames each way, a full ring, a wrapped data area, some left. */
static void exchange(const struct profile *prof)
{
	static const uint32_t lens[] = { 60, 590, 14, 333, 128 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		memset(mem[i], 0, SIZE);
		ASSERT_EQ(0, ring_init(&side[i], prof, &verdict, mem[i],
				       (struct remote){ .map = mem[!i] },
				       SIZE));
	}
	ring_start(&side[0]);
	ring_start(&side[1]);
	for (i = 0; i < 5; i++)
		ASSERT_TRUE(send_frame(0, lens[i]));
	ASSERT_EQ(5, take_frames(1, 100));
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(send_frame(1, 100 + i));
	ASSERT_EQ(2, take_frames(0, 2));
	while (send_frame(0, 590))
		;
	ring_tx_arm(&side[0]);
	ASSERT_EQ(7, take_frames(1, 7));
	for (i = 0; i < 4; i++)
		ASSERT_TRUE(send_frame(0, 200 + i));
	ASSERT_TRUE(take_frames(1, 100) > 10);
	ASSERT_TRUE(send_frame(0, 42));
	ASSERT_EQ(0, verdict.total);
}

static void write_dump(FILE *f, const uint8_t *p)
{
	bool star = false;
	uint32_t at, i;

	for (at = 0; at < SIZE; at += 16) {
		if (at && !memcmp(p + at, p + at - 16, 16)) {
			if (!star)
				fputs("*\n", f);
			star = true;
			continue;
		}
		star = false;
		fprintf(f, "%08x ", at);
		for (i = 0; i < 16; i++)
			fprintf(f, " %02x", p[at + i]);
		fputc('\n', f);
	}
	fprintf(f, "%08x\n", SIZE);
}

static void read_dump(FILE *f, uint8_t *p)
{
	char line[100];
	uint32_t at, next = 0;

	while (fgets(line, sizeof(line), f)) {
		char *end;

		if (line[0] == '*')
			continue;
		at = strtoul(line, &end, 16);
		ASSERT_LE(at, SIZE);
		for (; next < at; next++)
			p[next] = next >= 16 ? p[next - 16] : 0;
		while (*end != '\n' && next < SIZE && next < at + 16)
			p[next++] = strtoul(end, &end, 16);
	}
	ASSERT_EQ(SIZE, next);
}

static FILE *open_golden(const char *name, int i, const char *how)
{
	char exe[PATH_MAX] = "", path[PATH_MAX + 64];
	FILE *f;

	ASSERT_GT(readlink("/proc/self/exe", exe, sizeof(exe) - 1), 0);
	snprintf(path, sizeof(path), "%s/golden/%s-%d.hex", dirname(exe), name,
		 i);
	f = fopen(path, how);
	if (!f)
		TH_LOG("%s: %s", path, strerror(errno));
	ASSERT_TRUE(f);
	return f;
}

static void check_profile(const char *name)
{
	uint8_t golden[SIZE];
	FILE *f;
	int i, at;

	exchange(profile_find(name));
	for (i = 0; i < 2; i++) {
		if (getenv("GOLDEN_WRITE")) {
			f = open_golden(name, i, "w");
			write_dump(f, mem[i]);
			fclose(f);
		}
		f = open_golden(name, i, "r");
		read_dump(f, golden);
		fclose(f);
		for (at = 0; at < SIZE; at++)
			if (golden[at] != mem[i][at]) {
				TH_LOG("section %d differs first at 0x%x", i,
				       at);
				EXPECT_EQ(golden[at], mem[i][at]);
				break;
			}
	}
}

TEST(linux_sections_are_as_in_the_golden_dumps)
{
	check_profile("linux");
}

TEST(nuttx_sections_are_as_in_the_golden_dumps)
{
	check_profile("nuttx");
}

TEST(zephyr_sections_are_as_in_the_golden_dumps)
{
	check_profile("zephyr");
}

/* The dumps themselves, at offsets and with values worked out by hand. */
static uint64_t field(const uint8_t *p, uint32_t at, int bytes)
{
	uint64_t value = 0;

	memcpy(&value, p + at, bytes);
	return value;
}

TEST(the_golden_dumps_show_the_format_by_hand)
{
	static const char * const names[] = { "linux", "nuttx", "zephyr" };
	uint8_t a[SIZE], b[SIZE];
	FILE *f;
	int i;

	for (i = 0; i < 3; i++) {
		f = open_golden(names[i], 0, "r");
		read_dump(f, a);
		fclose(f);
		f = open_golden(names[i], 1, "r");
		read_dump(f, b);
		fclose(f);
		/* Side 1 sent 100, 101, 102 bytes from descriptors 0, 1, 2. */
		EXPECT_EQ(3, field(b, 512 + 2, 2));
		EXPECT_EQ(0, field(b, 512 + 4, 2));
		EXPECT_EQ(2, field(b, 512 + 4 + 4, 2));
		EXPECT_EQ(1792, field(b, 0, 8));
		EXPECT_EQ(1792 + 128, field(b, 16, 8));
		EXPECT_EQ(1792 + 256, field(b, 32, 8));
		EXPECT_EQ(102, field(b, 32 + 8, 4));
		EXPECT_EQ(0, field(b, 32 + 12, 2));
		EXPECT_EQ(1, b[1792]);
		EXPECT_EQ(102, b[1792 + 256 + 101]);
		/* Side 0 returned two of them, with length 1. */
		EXPECT_EQ(2, field(a, 640 + 2, 2));
		EXPECT_EQ(0, field(a, 640 + 4, 4));
		EXPECT_EQ(1, field(a, 640 + 8, 4));
		EXPECT_EQ(1, field(a, 640 + 12, 4));
		EXPECT_EQ(1, field(a, 640 + 16, 4));
		EXPECT_EQ(0, field(a, 640 + 20, 4));
		/* All but the last of side 0's frames were returned. */
		EXPECT_EQ(field(a, 512 + 2, 2) - 1, field(b, 640 + 2, 2));
		/* What was asked for at the end: each way by profile. */
		EXPECT_EQ(i == 2 ? 2 : 0, field(a, 900, 2));
		EXPECT_EQ(field(b, 640 + 2, 2), field(b, 900, 2));
		EXPECT_EQ(i == 2, field(a, 580, 2) == 0);
	}
}
