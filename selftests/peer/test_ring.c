// SPDX-License-Identifier: GPL-2.0
/* The ring in plain memory: layout, both directions, every quirk, every rule. */
#include "../harness.h"
#include "ring.h"

#define SIZE	0x3000

/* Two sides of a link, a sends to b unless a test says otherwise. */
struct pair {
	uint8_t *mem[2];
	struct ring a, b;
	struct verdict va, vb;
};

static const uint32_t sizes[] = { 0x1000, 0x3000, 0x7000, 0xf000, 0x7f000,
				  0x100000 };

static void pair_init(struct pair *p, const struct profile *a,
		      const struct profile *b, uint32_t size)
{
	int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < 2; i++) {
		p->mem[i] = aligned_alloc(0x1000, size);
		memset(p->mem[i], 0xa5, size);
	}
	ASSERT_EQ(0, ring_init(&p->a, a, &p->va, p->mem[0],
			       (struct remote){ .map = p->mem[1] }, size));
	ASSERT_EQ(0, ring_init(&p->b, b, &p->vb, p->mem[1],
			       (struct remote){ .map = p->mem[0] }, size));
	ring_start(&p->a);
	ring_start(&p->b);
}

static void pair_free(struct pair *p)
{
	ring_free(&p->a);
	ring_free(&p->b);
	free(p->mem[0]);
	free(p->mem[1]);
}

static uint16_t get16(const uint8_t *mem, uint32_t offset)
{
	return mem[offset] | mem[offset + 1] << 8;
}

static void put16(uint8_t *mem, uint32_t offset, uint16_t value)
{
	mem[offset] = value;
	mem[offset + 1] = value >> 8;
}

static bool send_one(struct ring *r, uint32_t len, uint8_t byte)
{
	uint8_t *buf;

	ring_tx_reclaim(r);
	buf = ring_tx_reserve(r, len);
	if (!buf)
		return false;
	memset(buf, byte, len);
	ring_tx_commit(r);
	return true;
}

/* Takes one frame that must be len bytes of byte. */
static bool take_one(struct ring *r, uint32_t len, uint8_t byte)
{
	uint32_t got, i;
	const uint8_t *frame = ring_rx_peek(r, &got);

	if (!frame)
		return false;
	EXPECT_EQ(len, got);
	for (i = 0; i < got; i++)
		ASSERT_EQ(byte, frame[i]);
	ring_rx_done(r);
	return true;
}

static void expect_rule(const struct verdict *v, enum rule which, int times)
{
	if (v->broken[which] != (uint64_t)times)
		TH_LOG("%s was broken %llu times, want %d; first: %s",
		       rule_name(which), (unsigned long long)v->broken[which],
		       times, v->first);
	EXPECT_EQ(times, v->broken[which]);
	EXPECT_EQ(times, v->total);
}

static const struct profile *pairs[9][2];
static int npairs;

static void all_pairs(void)
{
	const struct profile *a, *b;

	npairs = 0;
	for (a = profiles; a->name; a++)
		for (b = profiles; b->name; b++, npairs++) {
			pairs[npairs][0] = a;
			pairs[npairs][1] = b;
		}
	ASSERT_EQ(9, npairs);
}

/* Derived by hand from the format's description, not from the code. */
TEST(the_ring_lies_where_the_format_says)
{
	static const struct {
		uint32_t size, qlen, avail, used_event, used, avail_event, data,
			 data_len;
	} want[] = {
		{ 0x1000, 32, 512, 580, 640, 900, 1792, 2304 },
		{ 0x3000, 32, 512, 580, 640, 900, 1792, 10496 },
		{ 0x3800, 32, 512, 580, 640, 900, 1792, 12544 },
		{ 0x4000, 64, 1024, 1156, 1216, 1732, 1792, 14592 },
		{ 0x7000, 128, 2048, 2308, 2368, 3396, 3456, 25216 },
		{ 0xf000, 256, 4096, 4612, 4672, 6724, 6784, 54656 },
		{ 0x7f000, 2048, 32768, 36868, 36928, 53316, 53376, 466816 },
		{ 0x100000, 4096, 65536, 73732, 73792, 106564, 106624, 941952 },
	};
	struct layout l;
	unsigned int i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ASSERT_EQ(0, layout_of(&l, want[i].size));
		EXPECT_EQ(want[i].qlen, l.qlen);
		EXPECT_EQ(want[i].avail, l.avail);
		EXPECT_EQ(want[i].used_event, l.used_event);
		EXPECT_EQ(want[i].used, l.used);
		EXPECT_EQ(want[i].avail_event, l.avail_event);
		EXPECT_EQ(want[i].data, l.data);
		EXPECT_EQ(want[i].data_len, l.data_len);
	}
}

TEST(a_section_too_small_for_a_ring_is_refused)
{
	struct layout l;

	/* 1792 bytes of header and 4 * 68 of data are the least. */
	EXPECT_EQ(-1, layout_of(&l, 0));
	EXPECT_EQ(-1, layout_of(&l, 1792 + 271));
	EXPECT_EQ(0, layout_of(&l, 1792 + 272));
	EXPECT_EQ(-1, layout_of(&l, 1ULL << 32));
}

TEST(frames_arrive_in_order_and_intact_in_every_pair)
{
	struct pair p;
	int n, i;

	all_pairs();
	for (n = 0; n < npairs; n++) {
		pair_init(&p, pairs[n][0], pairs[n][1], SIZE);
		for (i = 0; i < 1000; i++) {
			ASSERT_TRUE(send_one(&p.a, 14 + i % 500, i));
			ASSERT_TRUE(send_one(&p.b, 514 - i % 500, ~i));
			ASSERT_TRUE(take_one(&p.b, 14 + i % 500, i));
			ASSERT_TRUE(take_one(&p.a, 514 - i % 500, ~i));
		}
		ring_check_gaps(&p.a);
		ring_check_gaps(&p.b);
		EXPECT_EQ(0, p.va.total + p.vb.total);
		pair_free(&p);
	}
}

TEST(indices_wrap_at_65536_in_every_pair)
{
	struct pair p;
	int n, i, sent, taken;

	all_pairs();
	for (n = 0; n < npairs; n++) {
		pair_init(&p, pairs[n][0], pairs[n][1], SIZE);
		for (sent = taken = 0; taken < 150000;) {
			for (i = sent % 7; i >= 0; i--)
				if (send_one(&p.a, 14 + sent % 77, sent))
					sent++;
			for (i = taken % 5; i >= 0; i--)
				if (take_one(&p.b, 14 + taken % 77, taken))
					taken++;
		}
		EXPECT_EQ((uint16_t)taken, get16(p.mem[1], 640 + 2));
		EXPECT_EQ(0, p.va.total + p.vb.total);
		pair_free(&p);
	}
}

TEST(a_full_ring_holds_all_descriptors_and_recovers_in_every_pair)
{
	struct pair p;
	uint32_t n, i, s;

	all_pairs();
	for (n = 0; n < 9; n++)
		for (s = 1; s < 6; s++) {
			pair_init(&p, pairs[n][0], pairs[n][1], sizes[s]);
			for (i = 0; send_one(&p.a, 14, i); i++)
				ASSERT_LT(i, p.a.l.qlen);
			/* All but the one that the profile keeps back. */
			EXPECT_EQ(p.a.l.qlen - !pairs[n][0]->exact_space, i);
			for (i = 0; take_one(&p.b, 14, i); i++)
				;
			EXPECT_EQ(ring_tx_outstanding(&p.a), i);
			EXPECT_EQ(i, ring_tx_reclaim(&p.a));
			EXPECT_TRUE(send_one(&p.a, 14, 1));
			EXPECT_TRUE(take_one(&p.b, 14, 1));
			EXPECT_EQ(0, p.va.total + p.vb.total);
			pair_free(&p);
		}
}

TEST(the_largest_frames_go_through_every_section_size)
{
	struct pair p;
	uint32_t n, s, len, i;

	all_pairs();
	for (n = 0; n < 9; n++)
		for (s = 0; s < 6; s++) {
			pair_init(&p, pairs[n][0], pairs[n][1], sizes[s]);
			len = profile_max_frame(pairs[n][0], p.a.l.data_len);
			if (pairs[n][1]->rx_buffer && len > 590)
				len = 590;
			for (i = 0; i < 100; i++) {
				ASSERT_TRUE(send_one(&p.a, len, i));
				ASSERT_TRUE(take_one(&p.b, len, i));
			}
			EXPECT_EQ(0, p.va.total + p.vb.total);
			pair_free(&p);
		}
}

/* A frame that is overwritten while it is out changes its bytes. */
static void fill_and_take(struct pair *p, uint32_t step)
{
	uint32_t i, len, sent = 0, taken = 0;

	for (i = 0; i < 10000; i++) {
		while (len = 40 + sent * step % 551,
		       send_one(&p->a, len, sent))
			sent++;
		len = 40 + taken * step % 551;
		ASSERT_TRUE(take_one(&p->b, len, taken));
		taken++;
	}
	EXPECT_EQ(0, p->va.total + p->vb.total);
}

TEST(data_wraps_to_the_start_and_never_overlaps)
{
	struct pair p;
	uint32_t n, s, step;

	all_pairs();
	for (n = 0; n < 9; n++)
		for (s = 0; s < 3; s++)
			for (step = 1; step < 100; step += 33) {
				pair_init(&p, pairs[n][0], pairs[n][1],
					  sizes[s]);
				fill_and_take(&p, step);
				pair_free(&p);
			}
}

TEST(doorbells_are_rung_as_the_events_ask)
{
	struct pair p;

	pair_init(&p, profiles, profiles, SIZE);
	/* avail_event 0: the first frame is announced, then no other ... */
	send_one(&p.a, 60, 1);
	EXPECT_TRUE(ring_tx_kick(&p.a));
	send_one(&p.a, 60, 2);
	EXPECT_FALSE(ring_tx_kick(&p.a));
	EXPECT_FALSE(ring_tx_kick(&p.a));
	/* ... until the receiver was idle and asked again. */
	EXPECT_TRUE(take_one(&p.b, 60, 1));
	EXPECT_TRUE(ring_rx_arm(&p.b));
	EXPECT_TRUE(take_one(&p.b, 60, 2));
	EXPECT_FALSE(ring_rx_arm(&p.b));
	EXPECT_EQ(2, get16(p.mem[1], 900));
	send_one(&p.a, 60, 3);
	send_one(&p.a, 60, 4);
	EXPECT_TRUE(ring_tx_kick(&p.a));
	/* used_event 0: the first returned frame is announced. */
	EXPECT_TRUE(ring_rx_kick(&p.b));
	take_one(&p.b, 60, 3);
	EXPECT_FALSE(ring_rx_kick(&p.b));
	ring_tx_reclaim(&p.a);
	EXPECT_FALSE(ring_tx_arm(&p.a));
	EXPECT_EQ(3, get16(p.mem[0], 580));
	take_one(&p.b, 60, 4);
	EXPECT_TRUE(ring_tx_arm(&p.a));
	EXPECT_TRUE(ring_rx_kick(&p.b));
	EXPECT_FALSE(ring_rx_kick(&p.b));
	pair_free(&p);
}

TEST(what_is_past_an_event_is_known_to_want_an_announcement)
{
	struct pair p;

	pair_init(&p, profiles, profiles, SIZE);
	EXPECT_FALSE(ring_rx_unannounced(&p.b));
	send_one(&p.a, 60, 1);
	EXPECT_TRUE(ring_rx_unannounced(&p.b));
	EXPECT_FALSE(ring_tx_unannounced(&p.a));
	take_one(&p.b, 60, 1);
	EXPECT_FALSE(ring_rx_unannounced(&p.b));
	EXPECT_TRUE(ring_tx_unannounced(&p.a));
	ring_tx_reclaim(&p.a);
	EXPECT_FALSE(ring_tx_unannounced(&p.a));
	/* Nobody asked again since. */
	send_one(&p.a, 60, 2);
	EXPECT_FALSE(ring_rx_unannounced(&p.b));
	take_one(&p.b, 60, 2);
	EXPECT_FALSE(ring_tx_unannounced(&p.a));
	pair_free(&p);
}

TEST(zephyr_rings_for_every_frame_and_writes_no_used_event)
{
	struct pair p;
	int i;

	pair_init(&p, profile_find("zephyr"), profile_find("zephyr"), SIZE);
	for (i = 0; i < 100; i++) {
		send_one(&p.a, 60, i);
		EXPECT_TRUE(ring_tx_kick(&p.a));
		take_one(&p.b, 60, i);
		EXPECT_TRUE(ring_rx_kick(&p.b));
		EXPECT_EQ(i + 1, get16(p.mem[1], 900));
		ring_tx_arm(&p.a);
		EXPECT_EQ(0, get16(p.mem[0], 580));
	}
	pair_free(&p);
}

TEST(nuttx_writes_used_event_with_every_frame)
{
	struct pair p;
	int i;

	pair_init(&p, profile_find("nuttx"), profiles, SIZE);
	for (i = 0; i < 100; i++) {
		send_one(&p.a, 60, i);
		EXPECT_EQ(i, get16(p.mem[0], 580));
		take_one(&p.b, 60, i);
		EXPECT_TRUE(ring_rx_kick(&p.b));
	}
	pair_free(&p);
}

TEST(a_start_clears_the_section_or_only_its_header)
{
	struct pair p;
	uint32_t i;

	pair_init(&p, profiles, profile_find("zephyr"), SIZE);
	for (i = 1792; i < SIZE; i++) {
		ASSERT_EQ(0, p.mem[0][i]);
		ASSERT_EQ(0xa5, p.mem[1][i]);
	}
	for (i = 0; i < 1792; i++)
		if (i >= 512 || i % 16 < 14) {
			ASSERT_EQ(0, p.mem[0][i]);
			ASSERT_EQ(0, p.mem[1][i]);
		}
	pair_free(&p);
}

/* Five frames, the first three returned before the fourth is sent. */
static void expect_descriptors(const struct profile *prof, bool written)
{
	static const uint16_t lifo[] = { 0, 1, 2, 2, 1 };
	static const uint16_t turn[] = { 0, 1, 2, 3, 4 };
	struct pair p;
	int i, k;

	pair_init(&p, prof, profiles, SIZE);
	for (i = 0; i < 5; i++) {
		for (k = 0; written && k < 32; k++)
			put16(p.mem[0], 16 * k + 14, 0xffff);
		ASSERT_TRUE(send_one(&p.a, 60, i));
		for (k = 0; i == 2 && k < 3; k++)
			take_one(&p.b, 60, k);
	}
	for (i = 0; i < 5; i++)
		EXPECT_EQ(prof->cyclic ? turn[i] : lifo[i],
			  get16(p.mem[0], 512 + 4 + 2 * i));
	EXPECT_EQ(0, p.va.total);
	pair_free(&p);
}

TEST(freed_descriptors_are_used_last_first_or_in_turn)
{
	const struct profile *prof;

	for (prof = profiles; prof->name; prof++)
		expect_descriptors(prof, false);
}

TEST(what_others_write_to_the_chain_of_free_descriptors_is_not_followed)
{
	const struct profile *prof;

	for (prof = profiles; prof->name; prof++)
		expect_descriptors(prof, true);
}

/*
 * Bad descriptors. The second of three frames is spoilt; what the receiver
 * reports, and whether it sees the third, is the profile's way.
 */
struct spoil {
	const char *name;
	enum rule rule;
	uint64_t addr;		/* 0: keep */
	uint32_t len;		/* 0: keep */
	uint16_t flags;
	uint16_t id;		/* 0: keep */
};

static const struct spoil spoils[] = {
	{ .name = "in the header", RULE_DESC_RANGE, .addr = 1791 },
	{ .name = "at 64 bit's end", RULE_DESC_RANGE, .addr = -8ULL },
	{ .name = "past the end", RULE_DESC_RANGE, .addr = SIZE - 59 },
	{ .name = "at the end", RULE_DESC_RANGE, .addr = SIZE + 1 },
	{ .name = "too long", RULE_DESC_RANGE, .len = SIZE - 1792 },
	{ .name = "with flags", RULE_DESC_FLAGS, .flags = 1 },
	{ .name = "no descriptor", RULE_AVAIL_ID, .id = 32 },
};

static void apply(struct pair *p, const struct spoil *s)
{
	uint8_t *d = p->mem[0] + 16;

	if (s->addr)
		memcpy(d, &s->addr, 8);
	if (s->len)
		memcpy(d + 8, &s->len, 4);
	if (s->flags)
		memcpy(d + 12, &s->flags, 2);
	if (s->id)
		put16(p->mem[0], 512 + 4 + 2, s->id);
}

static void spoil_one(const struct profile *prof, const struct spoil *s)
{
	bool taken = s->flags && !prof->checks_flags;
	struct pair p;
	int i;

	pair_init(&p, profiles, prof, SIZE);
	for (i = 0; i < 3; i++)
		send_one(&p.a, 60, i);
	apply(&p, s);
	EXPECT_TRUE(take_one(&p.b, 60, 0));
	if (taken)
		EXPECT_TRUE(take_one(&p.b, 60, 1));
	EXPECT_EQ(!prof->stuck_on_bad || taken, take_one(&p.b, 60, 2));
	EXPECT_FALSE(take_one(&p.b, 60, 3));
	/* The bad one was not returned: the sender sees the third too early. */
	EXPECT_EQ(prof->stuck_on_bad && !taken ? 1 : taken ? 3 : 2,
		  get16(p.mem[1], 640 + 2));
	EXPECT_EQ(taken ? 3 : 1, ring_tx_reclaim(&p.a));
	if (!taken && !prof->stuck_on_bad)
		expect_rule(&p.va, RULE_USED_ORDER, 1);
	if (!(prof->rx_buffer && s->len))
		expect_rule(&p.vb, s->rule, 1);
	EXPECT_EQ(1, p.vb.broken[s->rule]);
	if (th.failed)
		TH_LOG("in profile %s, the frame is %s", prof->name, s->name);
	pair_free(&p);
}

TEST(bad_descriptors_are_reported_and_skipped_or_stick)
{
	const struct profile *prof;
	unsigned int i;

	for (prof = profiles; prof->name; prof++)
		for (i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++)
			spoil_one(prof, &spoils[i]);
}

TEST(a_frame_may_reach_to_the_very_end_of_the_section)
{
	const uint64_t addr = SIZE - 60;
	struct pair p;

	pair_init(&p, profiles, profiles, SIZE);
	send_one(&p.a, 60, 1);
	memcpy(p.mem[0], &addr, 8);
	memset(p.mem[0] + addr, 9, 60);
	EXPECT_TRUE(take_one(&p.b, 60, 9));
	EXPECT_EQ(0, p.vb.total);
	pair_free(&p);
}

TEST(a_restart_ends_what_a_bad_descriptor_began)
{
	const struct profile *prof;
	struct pair p;

	for (prof = profiles; prof->name; prof++) {
		pair_init(&p, profiles, prof, SIZE);
		send_one(&p.a, 60, 1);
		send_one(&p.a, 60, 2);
		apply(&p, &spoils[0]);
		while (take_one(&p.b, 60, 1))
			;
		ring_start(&p.a);
		ring_start(&p.b);
		EXPECT_TRUE(send_one(&p.a, 60, 3));
		EXPECT_TRUE(take_one(&p.b, 60, 3));
		EXPECT_EQ(1, ring_tx_reclaim(&p.a));
		pair_free(&p);
	}
}

TEST(short_frames_and_those_that_overrun_nuttx_are_reported)
{
	struct pair p;

	pair_init(&p, profiles, profile_find("nuttx"), SIZE);
	send_one(&p.a, 592, 1);
	EXPECT_TRUE(take_one(&p.b, 592, 1));
	EXPECT_EQ(0, p.vb.total);
	send_one(&p.a, 593, 1);
	EXPECT_TRUE(take_one(&p.b, 593, 1));
	expect_rule(&p.vb, RULE_FRAME_LONG, 1);
	send_one(&p.a, 13, 1);
	EXPECT_TRUE(take_one(&p.b, 13, 1));
	EXPECT_EQ(1, p.vb.broken[RULE_FRAME_SHORT]);
	pair_free(&p);
}

/* What a receiver may get wrong about my frames: it wedges the sender. */
static void spoil_used(uint32_t slot, uint32_t id, uint32_t len,
		       enum rule rule)
{
	const struct profile *prof;
	struct pair p;
	int i;

	for (prof = profiles; prof->name; prof++) {
		pair_init(&p, prof, profiles, SIZE);
		for (i = 0; i < 4; i++)
			send_one(&p.a, 60, i);
		for (i = 0; i < 4; i++)
			take_one(&p.b, 60, i);
		memcpy(p.mem[1] + 640 + 4 + 8 * slot, &id, 4);
		memcpy(p.mem[1] + 640 + 4 + 8 * slot + 4, &len, 4);
		EXPECT_EQ(slot, ring_tx_reclaim(&p.a));
		EXPECT_EQ(0, ring_tx_reclaim(&p.a));
		expect_rule(&p.va, rule, 1);
		EXPECT_EQ(NULL, ring_tx_reserve(&p.a, 60));
		pair_free(&p);
	}
}

TEST(used_entries_that_break_a_rule_are_reported_and_stop_the_sender)
{
	spoil_used(1, 1, 0, RULE_USED_LEN);
	spoil_used(2, 2, 60, RULE_USED_LEN);
	spoil_used(1, 2, 1, RULE_USED_ORDER);
	spoil_used(3, 0, 1, RULE_USED_ORDER);
	spoil_used(0, 32, 1, RULE_USED_ID);
	spoil_used(0, 0xffffffff, 1, RULE_USED_ID);
}

TEST(a_used_index_past_what_is_out_is_reported)
{
	struct pair p;

	pair_init(&p, profiles, profiles, SIZE);
	send_one(&p.a, 60, 1);
	put16(p.mem[1], 640 + 2, 2);
	EXPECT_EQ(0, ring_tx_reclaim(&p.a));
	expect_rule(&p.va, RULE_USED_AHEAD, 1);
	pair_free(&p);
	pair_init(&p, profiles, profiles, SIZE);
	put16(p.mem[1], 640 + 2, 0xffff);
	EXPECT_EQ(0, ring_tx_reclaim(&p.a));
	expect_rule(&p.va, RULE_USED_AHEAD, 1);
	pair_free(&p);
}

TEST(an_avail_index_past_the_ring_is_reported_and_not_followed)
{
	struct pair p;

	pair_init(&p, profiles, profiles, SIZE);
	send_one(&p.a, 60, 1);
	put16(p.mem[0], 512 + 2, 33);
	EXPECT_FALSE(take_one(&p.b, 60, 1));
	EXPECT_FALSE(take_one(&p.b, 60, 1));
	expect_rule(&p.vb, RULE_AVAIL_AHEAD, 1);
	pair_free(&p);
}

TEST(a_descriptor_offered_twice_is_reported)
{
	struct pair p;

	pair_init(&p, profiles, profiles, SIZE);
	send_one(&p.a, 60, 1);
	send_one(&p.a, 60, 2);
	put16(p.mem[0], 512 + 4 + 2, 0);
	EXPECT_TRUE(take_one(&p.b, 60, 1));
	expect_rule(&p.vb, RULE_DESC_REUSE, 1);
	pair_free(&p);
}

TEST(bytes_that_nobody_uses_must_be_zero)
{
	/* First and last of each gap, and their neighbours that are in use. */
	static const struct { uint32_t at; int broken; } want[] = {
		{ 581, 0 }, { 582, 1 }, { 639, 1 },
		{ 901, 0 }, { 902, 1 }, { 1791, 1 }, { 1792, 0 },
	};
	struct pair p;
	unsigned int i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		pair_init(&p, profiles, profiles, SIZE);
		p.mem[0][want[i].at] = 1;
		ring_check_gaps(&p.b);
		expect_rule(&p.vb, RULE_GAP, want[i].broken);
		pair_free(&p);
	}
}

TEST(flags_of_the_rings_must_be_zero)
{
	struct pair p;

	pair_init(&p, profiles, profiles, SIZE);
	put16(p.mem[0], 512, 1);
	ring_check_gaps(&p.b);
	expect_rule(&p.vb, RULE_AVAIL_FLAGS, 1);
	put16(p.mem[0], 512, 0);
	put16(p.mem[0], 640, 1);
	ring_check_gaps(&p.b);
	EXPECT_EQ(1, p.vb.broken[RULE_USED_FLAGS]);
	pair_free(&p);
}

TEST(a_ring_that_was_used_is_not_clean)
{
	struct pair p;
	char why[128];

	pair_init(&p, profiles, profiles, SIZE);
	EXPECT_TRUE(ring_peer_clean(&p.a, why, sizeof(why)));
	send_one(&p.a, 60, 1);
	EXPECT_FALSE(ring_peer_clean(&p.b, why, sizeof(why)));
	take_one(&p.b, 60, 1);
	EXPECT_FALSE(ring_peer_clean(&p.a, why, sizeof(why)));
	ring_start(&p.b);
	EXPECT_TRUE(ring_peer_clean(&p.a, why, sizeof(why)));
	pair_free(&p);
}
