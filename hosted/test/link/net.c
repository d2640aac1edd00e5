// SPDX-License-Identifier: GPL-2.0
/* Two drivers with Ethernet over the link between them; and one with the test over there */
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "ring.h"

#define FRAME_MAX	65536

/**
 * struct side - an interface
 * @got: frames so far, and @bytes
 * @frame: the last one
 */
struct side {
	struct kit_net_port port;
	struct kit_net *net;
	unsigned long got, bytes;
	uint32_t sequence;
	bool disorder;
	unsigned int size;
	unsigned char frame[FRAME_MAX];
	bool carrier;
};

static struct side sides[2];

static void receive(struct kit_net_port *port, const struct kit_net_part *part,
		    unsigned int count)
{
	struct side *side = (struct side *)port;
	uint32_t sequence;
	unsigned int i;

	side->size = 0;
	for (i = 0; i < count; i++) {
		memcpy(side->frame + side->size, part[i].data, part[i].size);
		side->size += part[i].size;
	}
	memcpy(&sequence, side->frame + 14, sizeof(sequence));
	side->disorder |= sequence != side->sequence++;
	side->bytes += side->size;
	__atomic_store_n(&side->got, side->got + 1, __ATOMIC_RELEASE);
}

static void carrier(struct kit_net_port *port, bool on)
{
	__atomic_store_n(&((struct side *)port)->carrier, on, __ATOMIC_RELEASE);
}

static unsigned long got(unsigned int end)
{
	return __atomic_load_n(&sides[end].got, __ATOMIC_ACQUIRE);
}

static bool has_carrier(unsigned int end)
{
	return __atomic_load_n(&sides[end].carrier, __ATOMIC_ACQUIRE);
}

static void attach(unsigned int end)
{
	sides[end] = (struct side){ .port = { .receive = receive, .carrier = carrier } };
	ASSERT_EQ(0, kit_net_attach(NULL, &sides[end].port, &sides[end].net));
}

static void detach(unsigned int end)
{
	if (sides[end].net)
		kit_net_detach(sides[end].net);
	sides[end].net = NULL;
}

static void start_both(uint64_t output)
{
	unsigned int end;

	make_link(PROTOCOL_NET, 2, 0, output);
	for (end = 0; end < 2; end++) {
		plug(end);
		attach(end);
		ASSERT_EQ(0, kit_net_up(sides[end].net));
	}
	ASSERT_TRUE(EVENTUALLY(has_carrier(0) && has_carrier(1)));
}

static void stop_both(void)
{
	detach(0);
	detach(1);
}

static int send_frame(unsigned int end, uint32_t sequence, unsigned int size, bool more)
{
	static unsigned char data[2][FRAME_MAX];
	struct kit_net_frame frame = { .data = data[end], .size = size, .more = more };
	unsigned int i;

	memset(data[end], 0xff, 6);
	memcpy(data[end] + 12, "\x88\xb5", 2);
	memcpy(data[end] + 14, &sequence, sizeof(sequence));
	for (i = 18; i < size; i++)
		data[end][i] = sequence + i * 7;
	return kit_net_send(sides[end].net, &frame);
}

static bool frame_is(const struct side *side, uint32_t sequence, unsigned int size)
{
	unsigned int i;

	if (side->size != size)
		return false;
	for (i = 18; i < size; i++)
		if (side->frame[i] != (unsigned char)(sequence + i * 7))
			return false;
	return true;
}

LINK_TEST(net_frames_arrive_as_they_were_sent)
{
	static const unsigned int size[] = { 18, 60, 61, 1514, 2048, 2049, 9000, 16398 };
	uint32_t sequence = 0;
	unsigned int i, end;

	start_both(0x40000);
	for (end = 0; end < 2; end++)
		ASSERT_EQ(0, kit_net_set_mtu(sides[end].net, 16384));
	for (i = 0; i < sizeof(size) / sizeof(size[0]); i++, sequence++)
		for (end = 0; end < 2; end++) {
			ASSERT_EQ(0, send_frame(end, sequence, size[i], false));
			EXPECT_TRUE(EVENTUALLY(got(!end) == sequence + 1));
			EXPECT_TRUE(frame_is(&sides[!end], sequence, size[i]));
		}
	for (end = 0; end < 2; end++) {
		EXPECT_FALSE(sides[end].disorder);
		EXPECT_EQ(0, kit_net_stat(sides[end].net, "bad_sums"));
		EXPECT_EQ(sequence, kit_net_stat(sides[end].net, "rx_packets"));
		EXPECT_EQ(0, kit_net_stat(sides[end].net, "ring_errors"));
		EXPECT_EQ(1, kit_net_stat(sides[end].net, "link_ups"));
	}
	stop_both();
}

/* An XDP socket can send such. */
LINK_TEST(net_sends_no_frame_without_a_header)
{
	static const unsigned int size[] = { 0, 1, 13 };
	unsigned int i;

	start_both(0x40000);
	for (i = 0; i < sizeof(size) / sizeof(size[0]); i++)
		ASSERT_EQ(0, send_frame(0, i, size[i], false));
	EXPECT_EQ(3, kit_net_stat(sides[0].net, "tx_errors"));
	ASSERT_EQ(0, send_frame(0, i, 60, false));
	EXPECT_TRUE(EVENTUALLY(got(1) == 1));
	EXPECT_TRUE(frame_is(&sides[1], i, 60));
	EXPECT_EQ(0, kit_net_stat(sides[1].net, "rx_length_errors"));
	EXPECT_EQ(0, kit_net_stat(sides[1].net, "ring_errors"));
	stop_both();
}

LINK_TEST(net_makes_the_checksum_that_is_due)
{
	unsigned char data[64] = { [12] = 0x88, [13] = 0xb5 };
	struct kit_net_frame frame = { .data = data, .size = sizeof(data), .sum = true,
				       .sum_start = 20, .sum_offset = 6 };
	uint32_t sum = 0;
	unsigned int i;

	for (i = 28; i < sizeof(data); i++)
		data[i] = i * 11;
	start_both(0x10000);
	ASSERT_EQ(0, kit_net_send(sides[0].net, &frame));
	ASSERT_TRUE(EVENTUALLY(got(1) == 1));
	for (i = 20; i < sizeof(data); i += 2)
		sum += sides[1].frame[i] << 8 | sides[1].frame[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	EXPECT_EQ(0xffff, sum);
	stop_both();
}

LINK_TEST_TIMEOUT(net_loses_nothing_under_load, 240)
{
	unsigned int frames = kit_policy == KIT_REPLAY ? 2000 : 20000, i;

	start_both(0x10000);
	for (i = 0; i < frames; i++)
		if (send_frame(0, i, 60 + i % 1400, i % 5))
			break;
	EXPECT_EQ(frames, i);
	EXPECT_TRUE(EVENTUALLY(got(1) == frames));
	EXPECT_FALSE(sides[1].disorder);
	EXPECT_EQ(0, kit_net_stat(sides[1].net, "bad_sums"));
	EXPECT_EQ(1, kit_net_stat(sides[0].net, "link_ups"));
	stop_both();
}

LINK_TEST(net_finds_frames_whose_interrupts_were_lost)
{
	uint32_t i;

	start_both(0x10000);
	pci_link_drop_interrupts(the_link, true);
	/* A poll that goes on may find the first ones before a recheck does. */
	for (i = 0; i < 20 && number(1, "counters/rechecks_found_work") < 1; i++) {
		ASSERT_EQ(0, send_frame(0, i, 100, false));
		EXPECT_TRUE(EVENTUALLY(got(1) == i + 1));
	}
	EXPECT_TRUE(EVENTUALLY(number(1, "counters/rechecks_found_work") >= 1));
	stop_both();
}

LINK_TEST(net_link_comes_back_with_the_peer)
{
	unsigned int round;

	start_both(0x10000);
	for (round = 0; round < 5; round++) {
		detach(1);
		unplug(1);
		EXPECT_TRUE(EVENTUALLY(!has_carrier(0)));
		EXPECT_EQ(-ENETDOWN, send_frame(0, 0, 100, false));
		plug(1);
		attach(1);
		ASSERT_EQ(0, kit_net_up(sides[1].net));
		ASSERT_TRUE(EVENTUALLY(has_carrier(0) && has_carrier(1)));
		ASSERT_EQ(0, send_frame(0, 0, 100, false));
		EXPECT_TRUE(EVENTUALLY(got(1) == 1));
	}
	EXPECT_EQ(6, kit_net_stat(sides[0].net, "link_ups"));
	stop_both();
}

LINK_TEST(net_interface_that_is_down_holds_the_link)
{
	start_both(0x10000);
	ASSERT_EQ(0, kit_net_down(sides[1].net));
	EXPECT_TRUE(EVENTUALLY(!has_carrier(0)));
	EXPECT_EQ(0, pci_link_state(the_link, 1));
	ASSERT_EQ(0, kit_net_up(sides[1].net));
	EXPECT_TRUE(EVENTUALLY(has_carrier(0) && has_carrier(1)));
	stop_both();
}

/* The driver goes with its interface up and somebody sending: the program finds errors. */
static int sender(void *arg)
{
	uint32_t i;

	(void)arg;
	/* Virtual time only goes on while nobody can run. */
	for (i = 0; !send_frame(0, i, 500, false); i++)
		if (kit_policy == KIT_REPLAY)
			kit_advance(1000);
	return 0;
}

LINK_TEST(net_driver_may_go_while_frames_are_sent)
{
	struct kit_thread *thread;

	start_both(0x10000);
	ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "sender", sender, NULL, &thread));
	EXPECT_TRUE(EVENTUALLY(got(1) > 100));
	unplug(0);
	kit_thread_join(thread);
	EXPECT_EQ(-ENODEV, kit_net_up(sides[0].net));
	stop_both();
}

LINK_TEST(net_coalescing_is_limited)
{
	start_both(0x10000);
	EXPECT_EQ(0, kit_net_coalesce(sides[0].net, false, 100, 8));
	EXPECT_EQ(-EINVAL, kit_net_coalesce(sides[0].net, false, 10001, 8));
	EXPECT_EQ(-EINVAL, kit_net_set_mtu(sides[0].net, 67));
	EXPECT_EQ(-EINVAL, kit_net_set_mtu(sides[0].net, 65536));
	stop_both();
}

/* All that a peer may do is write its section. Ours is where it always was. */
static void start_alone(uint64_t output)
{
	make_link(PROTOCOL_NET, 2, 0, output);
	plug(0);
	attach(0);
	ASSERT_EQ(0, kit_net_up(sides[0].net));
}

/* Goes through the handshake, as far as RUN on both sides. */
static void shake_hands(void)
{
	uint32_t state;

	ASSERT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) <= 1));
	memset((char *)pci_link_memory(the_link) + pci_link_output(the_link, 1), 0, 0x10000);
	for (state = 1; state <= 3; state++) {
		pci_link_set_state(the_link, 1, state);
		ASSERT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) >= state));
	}
	ASSERT_TRUE(EVENTUALLY(has_carrier(0)));
}

LINK_TEST(net_a_broken_ring_resets_the_link)
{
	unsigned char *section;
	unsigned int errors;
	struct layout layout;

	start_alone(0x10000);
	ASSERT_EQ(0, layout_of(&layout, 0x10000));
	section = (unsigned char *)pci_link_memory(the_link) + pci_link_output(the_link, 1);
	for (errors = 0; errors < 3; errors++) {
		shake_hands();
		__atomic_store_n((uint16_t *)(section + layout.avail + 2), 0x4000,
				 __ATOMIC_RELEASE);
		pci_link_ring(the_link, 0, 1);
		EXPECT_TRUE(EVENTUALLY(!has_carrier(0)));
		EXPECT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) == 0));
		EXPECT_EQ(errors + 1, kit_net_stat(sides[0].net, "ring_errors"));
		pci_link_set_state(the_link, 1, 0);
	}
	EXPECT_TRUE(log_has("peer 1 broke the ring: avail index ahead by 0x4000"));
	detach(0);
}

LINK_TEST(net_a_peer_that_returns_nothing_is_reset)
{
	struct kit_thread *thread;

	start_alone(0x10000);
	shake_hands();
	/* So many that the queue stops; the carrier goes when the watchdog has had enough. */
	ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "sender", sender, NULL, &thread));
	EXPECT_TRUE(EVENTUALLY(!has_carrier(0)));
	kit_thread_join(thread);
	EXPECT_EQ(1, kit_net_stat(sides[0].net, "tx_timeouts"));
	detach(0);
}
