// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "other.h"

void other_open(struct other *o, const char *profile, uint64_t size)
{
	uint8_t *memory = pci_link_memory(the_link);
	struct remote driver = { .map = memory + pci_link_output(the_link, 0) };

	memset(o, 0, sizeof(*o));
	o->profile = *profile_find(profile);
	ASSERT_EQ(0, ring_init(&o->ring, &o->profile, &o->verdict,
			       memory + pci_link_output(the_link, 1), driver, size));
}

void other_close(struct other *o)
{
	if (o->verdict.total)
		TH_LOG("the driver broke a rule: %s", o->verdict.first);
	EXPECT_EQ(0, o->verdict.total);
	ring_free(&o->ring);
}

void other_up(struct other *o)
{
	char why[128];

	ASSERT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) < 2));
	pci_link_set_state(the_link, 1, 1);
	ASSERT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) >= 1));
	ring_start(&o->ring);
	pci_link_set_state(the_link, 1, 2);
	ASSERT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) >= 2));
	if (!ring_peer_clean(&o->ring, why, sizeof(why)))
		rule_broken(&o->verdict, RULE_NOT_CLEAN, "%s", why);
	ring_rx_arm(&o->ring);
	pci_link_set_state(the_link, 1, 3);
	ASSERT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) == 3));
}

void other_down(struct other *o)
{
	(void)o;
	pci_link_set_state(the_link, 1, 0);
	ASSERT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) < 2));
}

void other_send(struct other *o, const void *data, uint32_t len)
{
	void *room;

	ring_tx_reclaim(&o->ring);
	room = ring_tx_reserve(&o->ring, len);
	ASSERT_NE(NULL, room);
	memcpy(room, data, len);
	ring_tx_commit(&o->ring);
	if (ring_tx_kick(&o->ring))
		pci_link_ring(the_link, 0, 1);
}

uint32_t other_receive(struct other *o, void *buf, uint32_t size)
{
	const void *data;
	uint32_t len = 0;

	if (!EVENTUALLY(ring_rx_peek(&o->ring, &len)))
		return 0;
	data = ring_rx_peek(&o->ring, &len);
	memcpy(buf, data, len < size ? len : size);
	ring_rx_done(&o->ring);
	if (ring_rx_kick(&o->ring))
		pci_link_ring(the_link, 0, 1);
	ring_rx_arm(&o->ring);
	return len;
}
