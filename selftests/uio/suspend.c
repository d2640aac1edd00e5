// SPDX-License-Identifier: GPL-2.0
/*
 * What a program finds after the machine has slept: a device that was reset.
 * Needs two ends of one link, bound to uio.
 */
#define _GNU_SOURCE
#include "suspend.h"
#include "uio_link.h"

TEST_F_TIMEOUT(link, a_program_with_uio_open_is_woken_and_starts_anew_in_one_shot_mode, 100)
{
	struct end *a = &self->a, *b = &self->b;

	set_state(a, 5);
	enable_interrupts(a);
	a->out[0] = 42;
	ASSERT_TRUE(sleep_and_wake());
	ASSERT_TRUE(readable(a->fd, SOON));
	take_event(a->fd);
	EXPECT_EQ(0, a->regs->state);
	EXPECT_EQ(0, a->regs->interrupt_control);
	/* The mappings are still good. */
	set_state(a, 6);
	EXPECT_EQ(6, a->regs->state);
	EXPECT_EQ(6, b->table[a->id]);
	a->out[1] = 43;
	EXPECT_EQ(43, b->in[a->id * a->output_size / 4 + 1]);
	enable_interrupts(a);
	ring(b, a->id, 0);
	ASSERT_TRUE(readable(a->fd, SOON));
	EXPECT_EQ(0, a->regs->interrupt_control);
}

TEST_F_TIMEOUT(link, eventfds_go_on_and_the_one_for_states_is_signalled, 100)
{
	struct end *a = &self->a, *b = &self->b;
	int state = attach(a->events, IVSHMEM_UIO_STATE);
	int vector = attach(a->events, a->vectors - 1);

	ASSERT_GE(vector, 0);
	while (signals(state, 1300))
		;
	ASSERT_TRUE(sleep_and_wake());
	EXPECT_GE(signals(state, SOON), 1);
	EXPECT_EQ(1, a->regs->interrupt_control);
	signals(vector, NEVER);
	ring(b, a->id, a->vectors - 1);
	EXPECT_EQ(1, signals(vector, SOON));
	ring(b, a->id, a->vectors - 1);
	EXPECT_EQ(1, signals(vector, SOON));
}

TEST_HARNESS_MAIN
