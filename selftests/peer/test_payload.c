// SPDX-License-Identifier: GPL-2.0
/* Numbered frames: what happened to them on the way must be told apart. */
#include "../harness.h"
#include "payload.h"

static const uint8_t mac[6] = { 2 };
static uint8_t frame[2000];
static struct payload_stats s;

static void arrive(uint64_t seq)
{
	payload_fill(frame, 60, mac, mac, 1, seq);
	payload_check(&s, frame, 60);
}

static void expect(uint64_t frames, uint64_t lost, uint64_t doubled,
		   uint64_t reordered)
{
	EXPECT_EQ(frames, s.frames);
	EXPECT_EQ(lost, s.lost);
	EXPECT_EQ(doubled, s.doubled);
	EXPECT_EQ(reordered, s.reordered);
	EXPECT_EQ(0, s.changed + s.foreign);
	memset(&s, 0, sizeof(s));
}

static void arrive_all(const int *seq)
{
	for (; *seq >= 0; seq++)
		arrive(*seq);
}

#define ARRIVE(...)	arrive_all((const int[]){ __VA_ARGS__, -1 })

TEST(numbered_frames_tell_loss_doubling_and_reordering_apart)
{
	ARRIVE(0, 1, 2, 3);
	expect(4, 0, 0, 0);
	ARRIVE(1, 2);
	expect(2, 1, 0, 0);
	ARRIVE(0, 3, 4);
	expect(3, 2, 0, 0);
	ARRIVE(0, 1, 1, 0);
	expect(4, 0, 2, 0);
	ARRIVE(0, 2, 1, 3);
	expect(4, 0, 0, 1);
	ARRIVE(0, 2, 1, 1);
	expect(4, 0, 1, 1);
	ARRIVE(0, 63, 1, 1, 62);
	expect(5, 60, 1, 2);
	ARRIVE(0, 64, 0, 1);
	expect(4, 62, 1, 1);
	/* Too late to know: counted as the worse of both. */
	ARRIVE(0, 200, 1);
	expect(3, 199, 1, 0);
}

TEST(a_restart_of_the_link_explains_a_gap_once)
{
	ARRIVE(0, 1);
	s.resync = true;
	ARRIVE(5, 6, 8);
	EXPECT_EQ(3, s.lost_at_restart);
	expect(5, 1, 0, 0);
}

TEST(another_stream_starts_at_zero)
{
	ARRIVE(0, 1, 2);
	payload_fill(frame, 60, mac, mac, 2, 0);
	payload_check(&s, frame, 60);
	expect(4, 0, 0, 0);
}

TEST(every_changed_byte_and_length_is_noticed)
{
	uint32_t len, i;

	for (len = PAYLOAD_MIN_FRAME; len < 200; len++) {
		payload_fill(frame, len, mac, mac, 7, len);
		memset(&s, 0, sizeof(s));
		s.resync = true;
		payload_check(&s, frame, len);
		ASSERT_EQ(1, s.frames);
		for (i = 18; i < len; i++) {
			frame[i] ^= 0x40;
			payload_check(&s, frame, len);
			frame[i] ^= 0x40;
		}
		EXPECT_EQ(len - 18, s.changed);
		payload_check(&s, frame, len - 1);
		if (len > PAYLOAD_MIN_FRAME)
			EXPECT_EQ(len - 17, s.changed);
		ASSERT_EQ(1, s.frames);
	}
}

TEST(frames_of_others_are_counted_as_such)
{
	payload_fill(frame, 60, mac, mac, 1, 0);
	frame[12] = 8;
	payload_check(&s, frame, 60);
	payload_fill(frame, 60, mac, mac, 1, 0);
	frame[14] ^= 1;
	payload_check(&s, frame, 60);
	payload_check(&s, frame, 14);
	EXPECT_EQ(3, s.foreign);
	EXPECT_EQ(0, s.frames + s.changed + s.lost);
}
