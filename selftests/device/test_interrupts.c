// SPDX-License-Identifier: GPL-2.0
/* Doorbells, notifications, one-shot mode, INTx, lost interrupts */
#include <poll.h>
#include <sys/eventfd.h>

#include "client.h"

FIXTURE(irq) {
	struct device dev;
	struct client p[3];
};

FIXTURE_SETUP(irq)
{
	unsigned int i;

	device_start(&self->dev, "--peers 4 --vectors 3");
	for (i = 0; i < 3; i++)
		client_join(&self->p[i], &self->dev, i, 3);
}

FIXTURE_TEARDOWN(irq)
{
	if (self->dev.pid)
		EXPECT_EQ(0, device_stop(&self->dev, NULL, 0));
}

static void expect_quiet(struct client *c, unsigned int vectors)
{
	unsigned int v;

	for (v = 0; v < vectors; v++)
		EXPECT_EQ(0, taken(c, v));
}

TEST_F(irq, a_doorbell_arrives_at_its_target_and_vector_only)
{
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 2));
	EXPECT_EQ(1, taken(&self->p[1], 2));
	expect_quiet(&self->p[0], 3);
	expect_quiet(&self->p[1], 3);
	expect_quiet(&self->p[2], 3);
	EXPECT_EQ(1, device_stat(&self->dev, 0, "doorbells"));
	EXPECT_EQ(1, device_stat(&self->dev, 1, "interrupts"));
	EXPECT_EQ(0, device_stat(&self->dev, 2, "interrupts"));
}

TEST_F(irq, a_peer_can_ring_itself)
{
	set_reg(&self->p[2], REG_DOORBELL, DOORBELL(2, 1));
	EXPECT_EQ(1, taken(&self->p[2], 1));
	expect_quiet(&self->p[2], 3);
}

TEST_F(irq, a_doorbell_to_nobody_has_no_effect)
{
	unsigned int i;

	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(3, 0));	/* never came */
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(4, 0));	/* beyond */
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(0xffff, 0));
	client_leave(&self->p[2], &self->dev, 2);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(2, 0));	/* has gone */
	for (i = 0; i < 3; i++)
		expect_quiet(&self->p[i], 3);
	EXPECT_EQ(4, device_stat(&self->dev, 0, "doorbells"));
	EXPECT_EQ(4, device_stat(&self->dev, 0, "doorbells_no_target"));
}

TEST_F(irq, a_doorbell_for_an_unknown_vector_has_no_effect)
{
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 3));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 0xffff));
	expect_quiet(&self->p[1], 3);
	EXPECT_EQ(2, device_stat(&self->dev, 0, "doorbells_no_vector"));
	EXPECT_EQ(0, device_stat(&self->dev, 1, "interrupts"));
}

TEST_F(irq, nothing_arrives_while_interrupt_control_is_0_or_afterwards)
{
	set_reg(&self->p[1], REG_INT_CTRL, 0);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	set_reg(&self->p[1], REG_INT_CTRL, 1);
	expect_quiet(&self->p[1], 3);
	EXPECT_EQ(1, device_stat(&self->dev, 1, "dropped_disabled"));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(1, taken(&self->p[1], 1));
}

TEST_F(irq, nothing_arrives_without_bus_mastering)
{
	write_le(&self->p[1], CONFIG, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	expect_quiet(&self->p[1], 3);
	EXPECT_EQ(1, device_stat(&self->dev, 1, "dropped_bus_master"));
}

TEST_F(irq, nothing_arrives_on_a_vector_that_is_not_in_use)
{
	struct client *c = &self->p[1];
	unsigned int cap = find_cap(c, PCI_CAP_ID_MSIX);

	ASSERT_EQ(0, try_set_irqs(c, VFIO_PCI_MSIX_IRQ_INDEX,
				  VFIO_IRQ_SET_DATA_EVENTFD |
				  VFIO_IRQ_SET_ACTION_TRIGGER, 1, 1, NULL, 0));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	expect_quiet(c, 3);
	EXPECT_EQ(1, device_stat(&self->dev, 1, "dropped_masked"));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 2));
	EXPECT_EQ(1, taken(c, 2));

	/* all of them masked */
	write_le(c, CONFIG, cap + PCI_MSIX_FLAGS, 2,
		 PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 2));
	expect_quiet(c, 3);
	EXPECT_EQ(2, device_stat(&self->dev, 1, "dropped_masked"));

	ASSERT_EQ(0, try_set_irqs(c, VFIO_PCI_MSIX_IRQ_INDEX,
				  VFIO_IRQ_SET_DATA_NONE |
				  VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, NULL, 0));
	write_le(c, CONFIG, cap + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 2));
	expect_quiet(c, 3);
	EXPECT_EQ(3, device_stat(&self->dev, 1, "dropped_masked"));
}

TEST_F(irq, a_state_change_notifies_all_other_enabled_peers_once)
{
	set_reg(&self->p[2], REG_INT_CTRL, 0);
	set_reg(&self->p[0], REG_STATE, 1);
	expect_quiet(&self->p[0], 3);
	EXPECT_EQ(1, taken(&self->p[1], 0));
	expect_quiet(&self->p[1], 3);
	expect_quiet(&self->p[2], 3);
	/* the same again is no change */
	set_reg(&self->p[0], REG_STATE, 1);
	expect_quiet(&self->p[1], 3);
	set_reg(&self->p[0], REG_STATE, 2);
	EXPECT_EQ(1, taken(&self->p[1], 0));
	EXPECT_EQ(2, device_stat(&self->dev, 0, "state_changes"));
	EXPECT_EQ(2, device_stat(&self->dev, 2, "dropped_disabled"));
	/* not to one that is not there */
	EXPECT_EQ(0, device_stat(&self->dev, 3, "dropped_disabled"));
}

TEST_F(irq, the_state_table_is_up_to_date_when_the_notification_arrives)
{
	unsigned int i;

	for (i = 1; i < 500; i++) {
		set_reg(&self->p[0], REG_STATE, i);
		ASSERT_EQ(1, taken(&self->p[1], 0));
		ASSERT_EQ(i, read_le(&self->p[1], BAR2, 0, 4));
	}
}

TEST_F(irq, reset_and_disconnect_notify_if_the_state_was_not_0)
{
	reset(&self->p[0]);
	client_leave(&self->p[2], &self->dev, 2);
	expect_quiet(&self->p[1], 3);

	set_reg(&self->p[0], REG_STATE, 3);
	EXPECT_EQ(1, taken(&self->p[1], 0));
	reset(&self->p[0]);
	EXPECT_EQ(1, taken(&self->p[1], 0));
	set_reg(&self->p[0], REG_STATE, 3);
	EXPECT_EQ(1, taken(&self->p[1], 0));
	client_leave(&self->p[0], &self->dev, 0);
	EXPECT_EQ(1, taken(&self->p[1], 0));
	EXPECT_EQ(0, read_le(&self->p[1], BAR2, 0, 4));
}

TEST_F(irq, after_a_reset_eventfds_stay_and_interrupts_are_off)
{
	reset(&self->p[1]);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	expect_quiet(&self->p[1], 3);
	write_le(&self->p[1], CONFIG, PCI_COMMAND, 2, 6);
	set_reg(&self->p[1], REG_INT_CTRL, 1);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(1, taken(&self->p[1], 1));
}

TEST_F(irq, one_shot_mode_turns_interrupts_off_at_each_delivery)
{
	struct client *c = &self->p[1];
	unsigned int cap = find_cap(c, PCI_CAP_ID_VNDR);

	write_le(c, CONFIG, cap + 3, 1, 0xff);
	EXPECT_EQ(1, read_le(c, CONFIG, cap + 3, 1));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(1, taken(c, 1));
	EXPECT_EQ(0, reg(c, REG_INT_CTRL));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	set_reg(&self->p[0], REG_STATE, 1);
	expect_quiet(c, 3);

	set_reg(c, REG_INT_CTRL, 1);
	set_reg(&self->p[0], REG_STATE, 2);
	EXPECT_EQ(1, taken(c, 0));
	EXPECT_EQ(0, reg(c, REG_INT_CTRL));
	/* also by one that is then lost, as on Jailhouse */
	set_reg(c, REG_INT_CTRL, 1);
	write_le(c, CONFIG, PCI_COMMAND, 2, 0);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(0, reg(c, REG_INT_CTRL));

	write_le(c, CONFIG, cap + 3, 1, 0);
	write_le(c, CONFIG, PCI_COMMAND, 2, 6);
	set_reg(c, REG_INT_CTRL, 1);
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(2, taken(c, 1));
	EXPECT_EQ(1, reg(c, REG_INT_CTRL));
}

TEST_F(irq, a_doorbell_without_reply_is_delivered_in_order)
{
	uint32_t msg[5] = { REG_DOORBELL, 0, BAR0, 4, DOORBELL(1, 1) };
	unsigned int i;

	for (i = 0; i < 100; i++)
		client_send(&self->p[0], CMD_REGION_WRITE, FLAG_NO_REPLY, msg,
			    sizeof(msg), NULL, 0);
	/* The next reply is this one's: the others had none. */
	EXPECT_EQ(0, reg(&self->p[0], REG_ID));
	EXPECT_EQ(100, taken(&self->p[1], 1));
}

TEST_F(irq, a_full_eventfd_blocks_nobody)
{
	uint64_t full = UINT64_MAX - 1;

	ASSERT_EQ(8, write(self->p[1].event[1], &full, sizeof(full)));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(1, 1));
	set_reg(&self->p[0], REG_DOORBELL, DOORBELL(2, 1));
	EXPECT_EQ(1, taken(&self->p[2], 1));
	EXPECT_EQ(full, taken(&self->p[1], 1));
}

/* Interrupts lost of 10,000, and the pattern of the first 64 */
static unsigned int count_lost(const char *args, uint64_t *pattern)
{
	struct device dev = { 0 };
	struct client c;
	unsigned int i, lost = 0;

	*pattern = 0;
	device_start(&dev, args);
	client_join(&c, &dev, 0, 2);
	for (i = 0; i < 10000; i++) {
		set_reg(&c, REG_DOORBELL, DOORBELL(0, 1));
		if (taken(&c, 1))
			continue;
		lost++;
		if (i < 64)
			*pattern |= 1ULL << i;
	}
	EXPECT_EQ(lost, device_stat(&dev, 0, "dropped_injected"));
	EXPECT_EQ(10000 - lost, device_stat(&dev, 0, "interrupts"));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
	return lost;
}

TEST(interrupts_are_lost_at_the_given_rate_and_by_the_seed)
{
	uint64_t first, again, other;
	unsigned int lost;

	EXPECT_EQ(0, count_lost("--drop-interrupts 0", &first));
	EXPECT_EQ(10000, count_lost("--drop-interrupts 100%", &first));
	/* 4 standard deviations */
	lost = count_lost("--drop-interrupts 0.25 --seed 7", &first);
	EXPECT_GT(lost, 2500 - 175);
	EXPECT_LT(lost, 2500 + 175);
	EXPECT_EQ(lost, count_lost("--drop-interrupts 25% --seed 7", &again));
	EXPECT_EQ(first, again);
	count_lost("--drop-interrupts 25% --seed 8", &other);
	EXPECT_NE(first, other);
}

FIXTURE(intx) {
	struct device dev;
	struct client a, b;
};

static int intx_irqs(struct client *c, uint32_t flags, const int *fd)
{
	return try_set_irqs(c, VFIO_PCI_INTX_IRQ_INDEX, flags, 0, 1, fd, !!fd);
}

FIXTURE_SETUP(intx)
{
	struct client *both[2] = { &self->a, &self->b };
	unsigned int i;

	device_start(&self->dev, "--intx --rw-size 4K --output-size 4K");
	for (i = 0; i < 2; i++) {
		struct client *c = both[i];

		client_open(c, &self->dev, i);
		c->event[0] = eventfd(0, EFD_NONBLOCK);
		ASSERT_EQ(0, intx_irqs(c, VFIO_IRQ_SET_DATA_EVENTFD |
				       VFIO_IRQ_SET_ACTION_TRIGGER, c->event));
		set_reg(c, REG_INT_CTRL, 1);
	}
}

FIXTURE_TEARDOWN(intx)
{
	if (self->dev.pid)
		EXPECT_EQ(0, device_stop(&self->dev, NULL, 0));
}

static void intx_unmask(struct client *c)
{
	ASSERT_EQ(0, intx_irqs(c, VFIO_IRQ_SET_DATA_NONE |
			       VFIO_IRQ_SET_ACTION_UNMASK, NULL));
}

TEST_F(intx, there_is_a_pin_and_no_msix)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) };
	struct reply r;

	EXPECT_EQ(1, read_le(&self->a, CONFIG, PCI_INTERRUPT_PIN, 1));
	EXPECT_EQ(0, find_cap(&self->a, PCI_CAP_ID_MSIX));
	EXPECT_NE(0, find_cap(&self->a, PCI_CAP_ID_VNDR));
	EXPECT_EQ(0, read_le(&self->a, CONFIG, PCI_BASE_ADDRESS_1, 4));
	info.index = VFIO_PCI_INTX_IRQ_INDEX;
	ASSERT_EQ(0, client_try(&self->a, CMD_GET_IRQ_INFO, &info, sizeof(info),
				NULL, 0, &r));
	memcpy(&info, r.data, sizeof(info));
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
		  VFIO_IRQ_INFO_AUTOMASKED, info.flags);
	info.index = VFIO_PCI_MSIX_IRQ_INDEX;
	ASSERT_EQ(0, client_try(&self->a, CMD_GET_IRQ_INFO, &info, sizeof(info),
				NULL, 0, &r));
	memcpy(&info, r.data, sizeof(info));
	EXPECT_EQ(0, info.count);
}

TEST_F(intx, an_interrupt_masks_itself_and_later_ones_coalesce)
{
	unsigned int i;

	set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 0));
	EXPECT_EQ(1, taken(&self->b, 0));
	for (i = 0; i < 5; i++)
		set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 0));
	EXPECT_EQ(0, taken(&self->b, 0));
	intx_unmask(&self->b);
	EXPECT_EQ(1, taken(&self->b, 0));
	intx_unmask(&self->b);
	EXPECT_EQ(0, taken(&self->b, 0));
	/* the status bit is never set */
	EXPECT_EQ(0x10, read_le(&self->b, CONFIG, PCI_STATUS, 2));
	EXPECT_EQ(6, device_stat(&self->dev, 1, "interrupts"));
}

TEST_F(intx, the_client_can_mask_and_unmask)
{
	ASSERT_EQ(0, intx_irqs(&self->b, VFIO_IRQ_SET_DATA_NONE |
			       VFIO_IRQ_SET_ACTION_MASK, NULL));
	set_reg(&self->a, REG_STATE, 1);
	EXPECT_EQ(0, taken(&self->b, 0));
	intx_unmask(&self->b);
	EXPECT_EQ(1, taken(&self->b, 0));
}

TEST_F(intx, a_resample_eventfd_unmasks)
{
	int resample = eventfd(0, EFD_NONBLOCK);
	struct pollfd pfd = { .fd = self->b.event[0], .events = POLLIN };
	unsigned int fds = device_fds(&self->dev);
	uint64_t one = 1;

	ASSERT_EQ(0, intx_irqs(&self->b, VFIO_IRQ_SET_DATA_EVENTFD |
			       VFIO_IRQ_SET_ACTION_UNMASK, &resample));
	set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 0));
	EXPECT_EQ(1, taken(&self->b, 0));
	set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 0));
	EXPECT_EQ(0, taken(&self->b, 0));
	ASSERT_EQ(8, write(resample, &one, sizeof(one)));
	EXPECT_EQ(1, poll(&pfd, 1, 5000));
	EXPECT_EQ(1, taken(&self->b, 0));
	/* withdrawn: nobody listens any more */
	ASSERT_EQ(0, intx_irqs(&self->b, VFIO_IRQ_SET_DATA_EVENTFD |
			       VFIO_IRQ_SET_ACTION_UNMASK, NULL));
	set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 0));
	ASSERT_EQ(8, write(resample, &one, sizeof(one)));
	EXPECT_EQ(0, poll(&pfd, 1, 50));
	/* nothing is left of it when its client has gone */
	ASSERT_EQ(0, intx_irqs(&self->b, VFIO_IRQ_SET_DATA_EVENTFD |
			       VFIO_IRQ_SET_ACTION_UNMASK, &resample));
	client_leave(&self->b, &self->dev, 1);
	device_expect_fds(&self->dev, fds - 2);
}

TEST_F(intx, needs_no_bus_mastering_but_can_be_disabled)
{
	EXPECT_EQ(0, read_le(&self->b, CONFIG, PCI_COMMAND, 2));
	set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 0));
	EXPECT_EQ(1, taken(&self->b, 0));
	intx_unmask(&self->b);
	write_le(&self->b, CONFIG, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 0));
	EXPECT_EQ(0, taken(&self->b, 0));
	EXPECT_EQ(1, device_stat(&self->dev, 1, "dropped_masked"));
}

TEST_F(intx, there_is_one_vector)
{
	set_reg(&self->a, REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(0, taken(&self->b, 0));
	EXPECT_EQ(1, device_stat(&self->dev, 0, "doorbells_no_vector"));
}

/* QEMU unmaps BAR2 while it waits for the guest to take an INTx. */
TEST_F(intx, the_shared_memory_is_served_by_messages_too)
{
	/* state table, R/W, output of 0 and of 1: a page each */
	write_le(&self->a, BAR2, 0x1010, 4, 0x11223344);
	EXPECT_EQ(0x11223344, read_le(&self->b, BAR2, 0x1010, 4));
	EXPECT_EQ(0x33, read_le(&self->b, BAR2, 0x1011, 1));
	EXPECT_EQ(0x1122, read_le(&self->b, BAR2, 0x1012, 2));
	write_le(&self->b, BAR2, 0x3ffc, 4, 0x55667788);
	EXPECT_EQ(0x55667788, read_le(&self->a, BAR2, 0x3ffc, 4));
	set_reg(&self->a, REG_STATE, 9);
	EXPECT_EQ(9, read_le(&self->b, BAR2, 0, 4));
}
