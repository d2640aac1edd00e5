// SPDX-License-Identifier: GPL-2.0
/* The core: probe, the choice of plugins, events, and all that may vanish */
#include "link.h"

LINK_TEST(core_tells_what_the_device_is)
{
	make_link(PROTOCOL_NET, 3, 0x2000, 0x10000);
	plug(0);
	plug(1);
	EXPECT_STREQ("0x0001 net auto", attr(0, "protocol"));
	EXPECT_STREQ("ivshmem:p0001", attr(0, "modalias"));
	EXPECT_EQ(0, number(0, "id"));
	EXPECT_EQ(1, number(1, "id"));
	EXPECT_EQ(2, number(0, "max_peers"));
	EXPECT_EQ(3, number(0, "vectors"));
	EXPECT_STREQ("msi-x", attr(0, "interrupt_type"));
	EXPECT_EQ(0x1000, number(0, "state_table_size"));
	EXPECT_EQ(0x2000, number(0, "rw_section_size"));
	EXPECT_EQ(0x10000, number(0, "output_section_size"));
}

/* The driver waits 200 ms, in which a slow machine may not come to raise them, but not twice. */
static const char *self_test(const char *want)
{
	int tries;

	for (tries = 0; tries < 2 && strcmp(attr(0, "self_test"), want); tries++)
		EXPECT_GT(set_attr(0, "self_test", "1"), 0);
	return attr(0, "self_test");
}

LINK_TEST(core_works_with_the_interrupt_pin)
{
	make_link(PROTOCOL_UIO, 0, 0, 0x1000);
	plug(0);
	EXPECT_STREQ("intx", attr(0, "interrupt_type"));
	EXPECT_EQ(1, number(0, "vectors"));
	EXPECT_STREQ("1 of 1 vectors arrived", self_test("1 of 1 vectors arrived"));
}

LINK_TEST(core_self_test_finds_lost_interrupts)
{
	make_link(PROTOCOL_UIO, 4, 0, 0x1000);
	plug(0);
	EXPECT_STREQ("not run", attr(0, "self_test"));
	EXPECT_STREQ("4 of 4 vectors arrived", self_test("4 of 4 vectors arrived"));
	pci_link_drop_interrupts(the_link, true);
	EXPECT_GT(set_attr(0, "self_test", "1"), 0);
	EXPECT_STREQ("0 of 4 vectors arrived", attr(0, "self_test"));
}

LINK_TEST(core_binds_the_plugin_that_was_chosen)
{
	make_link(PROTOCOL_UIO, 2, 0x1000, 0x10000);
	plug(0);
	EXPECT_STREQ("0x0000 uio auto", attr(0, "protocol"));
	EXPECT_GT(set_attr(0, "protocol", "net"), 0);
	EXPECT_STREQ("0x0000 net chosen", attr(0, "protocol"));
	EXPECT_GT(set_attr(0, "protocol", "0x0002"), 0);
	EXPECT_STREQ("0x0002 shadow chosen", attr(0, "protocol"));
	EXPECT_GT(set_attr(0, "protocol", "0x4000"), 0);
	EXPECT_STREQ("0x4000 none chosen", attr(0, "protocol"));
	EXPECT_GT(set_attr(0, "protocol", "auto"), 0);
	EXPECT_STREQ("0x0000 uio auto", attr(0, "protocol"));
	EXPECT_EQ(-EINVAL, set_attr(0, "protocol", "ethernet"));
}

LINK_TEST(core_binds_devices_that_were_there_before_the_plugin)
{
	make_link(PROTOCOL_NET, 2, 0, 0x10000);
	kit_module_exit("ivshmem_net");
	plug(0);
	EXPECT_STREQ("0x0001 none auto", attr(0, "protocol"));
	EXPECT_EQ(0, kit_module_init("ivshmem_net"));
	EXPECT_STREQ("0x0001 net auto", attr(0, "protocol"));
}

/* A byte, where and what: a device that says this is refused, and the reason logged. */
static const struct lie {
	unsigned int offset;
	uint8_t value;
	const char *reason;
} lies[] = {
	{ 0x34, 0x00, "no vendor specific capability" },
	{ 0x42, 0x10, "vendor specific capability is 0x10 bytes" },
	{ 0x44, 0x01, "want a multiple of 0x1000" },
	{ 0x45, 0x00, "state table is 0x0 bytes" },
	{ 0x49, 0x08, "want a multiple of 0x1000" },
	{ 0x57, 0xff, "overflow" },
	{ 0x56, 0x01, "sections need" },
	{ 0x0b, 0x05, NULL },
	{ 0x02, 0x07, NULL },
};

LINK_TEST(core_refuses_a_device_that_lies)
{
	unsigned int i;

	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint8_t *config;

		make_link(PROTOCOL_NET, 2, 0, 0x10000);
		config = pci_link_config_space(the_link, 0);
		config[lies[i].offset] = lies[i].value;
		plug(0);
		EXPECT_STREQ("", attr(0, "id"));
		if (lies[i].reason && !log_has(lies[i].reason))
			TH_LOG("no log says \"%s\"", lies[i].reason);
		EXPECT_TRUE(!lies[i].reason || log_has(lies[i].reason));
		unplug(0);
		pci_link_destroy(the_link);
		the_link = NULL;
	}
}

LINK_TEST(core_leaves_a_device_quiet)
{
	make_link(PROTOCOL_NET, 2, 0, 0x10000);
	plug(0);
	pci_link_set_state(the_link, 0, 2);
	unplug(0);
	EXPECT_EQ(0, pci_link_state(the_link, 0));
	EXPECT_EQ(0, pci_link_config_space(the_link, 0)[0x43]);
}

LINK_TEST(core_notices_a_device_that_dies_and_comes_back)
{
	make_link(PROTOCOL_UIO, 2, 0, 0x1000);
	plug(0);
	pci_link_kill(the_link, 0, true);
	EXPECT_TRUE(EVENTUALLY(log_has("device is dead")));
	pci_link_set_state(the_link, 1, 7);
	EXPECT_STREQ("", attr(0, "peer_states"));
	pci_link_kill(the_link, 0, false);
	EXPECT_TRUE(EVENTUALLY(log_has("device is back")));
	EXPECT_TRUE(EVENTUALLY(!strcmp(attr(0, "peer_states"), "1 7")));
}

/* A look that falls in between finds it dead. */
static bool noticed_a_reset(void)
{
	pci_link_kill(the_link, 0, true);
	pci_link_kill(the_link, 0, false);
	return log_has("device was reset");
}

LINK_TEST(core_notices_a_device_that_was_reset_between_two_looks)
{
	long long before;

	make_link(PROTOCOL_NET, 2, 0, 0x10000);
	plug(0);
	EXPECT_TRUE(EVENTUALLY(number(0, "counters/state_writes") > 0));
	EXPECT_TRUE(EVENTUALLY(noticed_a_reset()));
	before = number(0, "counters/interrupts");
	/* They are lost until the last reset was noticed, too. */
	EXPECT_TRUE(EVENTUALLY((pci_link_ring(the_link, 0, 0),
				number(0, "counters/interrupts") > before)));
}

/* What a reset leaves where something has enabled interrupts again by the next look. */
LINK_TEST(core_writes_a_state_again_that_was_lost)
{
	int i;

	make_link(PROTOCOL_SHADOW, 2, 0x1000, 0x10000);
	plug(0);
	EXPECT_TRUE(EVENTUALLY(pci_link_state(the_link, 0)));
	/* Three looks */
	for (i = 0; i < 3000; i++)
		moment();
	EXPECT_FALSE(log_has("device was reset"));
	pci_link_set_state(the_link, 0, 0);
	EXPECT_TRUE(EVENTUALLY(pci_link_state(the_link, 0)));
	EXPECT_TRUE(log_has("device was reset"));
}

static bool was_reset, told_before;

/* After a reset each access to a register of end 0 has to find it in RESET or INIT. */
static void look_at_state(struct pci_link *link, unsigned int peer, unsigned long reg)
{
	(void)reg;
	if (!peer && __atomic_load_n(&was_reset, __ATOMIC_ACQUIRE) && pci_link_state(link, 0) > 1)
		__atomic_store_n(&told_before, true, __ATOMIC_RELEASE);
}

/* The peer was shown RESET, and may be on its way to clear what we would still be in. */
LINK_TEST(core_leaves_the_ring_of_a_device_that_was_reset_before_it_tells_its_state)
{
	unsigned int state;

	pci_link_hook = look_at_state;
	make_link(PROTOCOL_SHADOW, 2, 0x1000, 0x10000);
	plug(0);
	for (state = 1; state <= 3; state++) {
		EXPECT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) == state));
		pci_link_set_state(the_link, 1, state);
	}
	pci_link_set_state(the_link, 0, 0);
	__atomic_store_n(&was_reset, true, __ATOMIC_RELEASE);
	EXPECT_TRUE(EVENTUALLY(log_has("device was reset")));
	pci_link_set_state(the_link, 1, 0);
	EXPECT_TRUE(EVENTUALLY(pci_link_state(the_link, 0) == 1));
	EXPECT_FALSE(__atomic_load_n(&told_before, __ATOMIC_ACQUIRE));
}

LINK_TEST(core_rechecks_what_no_interrupt_told)
{
	make_link(PROTOCOL_NET, 2, 0, 0x10000);
	plug(0);
	EXPECT_TRUE(EVENTUALLY(number(0, "counters/state_writes") > 0));
	pci_link_drop_interrupts(the_link, true);
	pci_link_set_state(the_link, 1, 1);
	EXPECT_TRUE(EVENTUALLY(number(0, "counters/state_changes") == 1));
}

/* Bind and unbind while both ends talk, with nothing left of it: see in_kit(). */
LINK_TEST(core_survives_unplugging_at_any_time)
{
	int round;

	make_link(PROTOCOL_NET, 2, 0, 0x10000);
	for (round = 0; round < 20; round++) {
		plug(round & 1);
		plug(!(round & 1));
		if (round & 2)
			moment();
		unplug(0);
		unplug(1);
	}
	EXPECT_EQ(0, kit_irq_listeners(KIT_IRQS));
}
