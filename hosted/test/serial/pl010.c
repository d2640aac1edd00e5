// SPDX-License-Identifier: GPL-2.0
/* The model of the PL010 by itself: registers here, the line there. */
#include <string.h>

#include "harness.h"
#include "model/pl010.h"

#define CHAR_NS		1041667ull	/* 8N1 at 9600: 10 bits of 104166.7 ns */

FIXTURE(pl010) {
	struct pl010 p;
	uint64_t now;
	bool level, brk;
	unsigned int edges;
	uint8_t sent[64];
	unsigned int nsent;
};

static void interrupt(void *data, bool level)
{
	struct pl010_fixture *f = data;

	f->level = level;
	f->edges++;
}

static void transmit(void *data, uint8_t ch)
{
	struct pl010_fixture *f = data;

	f->sent[f->nsent++ % sizeof(f->sent)] = ch;
}

static void send_break(void *data, bool on)
{
	((struct pl010_fixture *)data)->brk = on;
}

static uint64_t now(void *data)
{
	return ((struct pl010_fixture *)data)->now;
}

static const struct pl010_wires wires = { interrupt, transmit, send_break, now };
static const struct pl010_wires untimed = { interrupt, transmit, send_break, NULL };

static void program(struct pl010 *p, uint8_t cr)
{
	pl010_set_clock(p, PL010_UARTCLK);
	pl010_write(p, PL010_LCRM, 4, 0);
	pl010_write(p, PL010_LCRL, 4, 95);
	pl010_write(p, PL010_LCRH, 4, PL010_LCRH_FEN | PL010_LCRH_WLEN);
	pl010_write(p, PL010_CR, 4, PL010_CR_UARTEN | cr);
}

FIXTURE_SETUP(pl010)
{
	pl010_init(&self->p, &wires, self);
	program(&self->p, 0);
}

FIXTURE_TEARDOWN(pl010)
{
}

TEST_F(pl010, characters_leave_one_by_one_at_the_programmed_speed)
{
	pl010_write(&self->p, PL010_DR, 4, 'a');
	pl010_write(&self->p, PL010_DR, 4, 'b');
	EXPECT_EQ(0, self->nsent);
	EXPECT_TRUE(pl010_read(&self->p, PL010_FR, 1) & PL010_FR_BUSY);
	EXPECT_EQ(1041666, pl010_char_time(&self->p));
	self->now = pl010_run(&self->p);
	EXPECT_EQ(1041666, self->now);
	pl010_run(&self->p);
	EXPECT_EQ(1, self->nsent);
	EXPECT_EQ('a', self->sent[0]);
	self->now = 2 * CHAR_NS;
	EXPECT_FALSE(pl010_read(&self->p, PL010_FR, 1) & PL010_FR_BUSY);
	EXPECT_EQ(2, self->nsent);
	EXPECT_EQ(PL010_NEVER, pl010_run(&self->p));
}

TEST_F(pl010, the_divisor_counts_once_lcrh_is_written)
{
	uint64_t before = pl010_char_time(&self->p);

	pl010_write(&self->p, PL010_LCRL, 4, 7);
	EXPECT_EQ(before, pl010_char_time(&self->p));
	pl010_write(&self->p, PL010_LCRH, 4, PL010_LCRH_FEN | PL010_LCRH_WLEN);
	EXPECT_EQ(86805, pl010_char_time(&self->p));
	pl010_write(&self->p, PL010_LCRH, 4, PL010_LCRH_PEN | PL010_LCRH_STP2);
	EXPECT_EQ(78125, pl010_char_time(&self->p));
}

TEST_F(pl010, tis_means_that_eight_places_are_free)
{
	int i;

	pl010_write(&self->p, PL010_CR, 4, PL010_CR_UARTEN | PL010_CR_TIE);
	EXPECT_TRUE(self->level);
	/* One goes to the shift register at once. */
	for (i = 0; i < 1 + 8; i++)
		pl010_write(&self->p, PL010_DR, 4, i);
	EXPECT_TRUE(pl010_read(&self->p, PL010_IIR, 1) & PL010_IIR_TIS);
	pl010_write(&self->p, PL010_DR, 4, i);
	EXPECT_FALSE(pl010_read(&self->p, PL010_IIR, 1) & PL010_IIR_TIS);
	EXPECT_FALSE(self->level);
	for (i = 0; i < 7; i++)
		pl010_write(&self->p, PL010_DR, 4, i);
	EXPECT_TRUE(pl010_read(&self->p, PL010_FR, 1) & PL010_FR_TXFF);
	EXPECT_EQ(0, self->p.counts.lost_tx);
	pl010_write(&self->p, PL010_DR, 4, 99);
	EXPECT_EQ(1, self->p.counts.lost_tx);
}

TEST_F(pl010, a_read_pops_and_loads_the_errors_of_that_character)
{
	EXPECT_TRUE(pl010_read(&self->p, PL010_FR, 1) & PL010_FR_RXFE);
	pl010_receive(&self->p, 'x', PL010_RSR_FE);
	pl010_receive(&self->p, 'y', 0);
	pl010_receive(&self->p, 0, PL010_RSR_BE);
	EXPECT_FALSE(pl010_read(&self->p, PL010_FR, 1) & PL010_FR_RXFE);
	EXPECT_EQ('x', pl010_read(&self->p, PL010_DR, 1));
	EXPECT_EQ(PL010_RSR_FE, pl010_read(&self->p, PL010_RSR, 1));
	pl010_write(&self->p, PL010_RSR, 4, 0);
	EXPECT_EQ(0, pl010_read(&self->p, PL010_RSR, 1));
	EXPECT_EQ('y', pl010_read(&self->p, PL010_DR, 1));
	EXPECT_EQ(0, pl010_read(&self->p, PL010_RSR, 1));
	EXPECT_EQ(0, pl010_read(&self->p, PL010_DR, 1));
	EXPECT_EQ(PL010_RSR_BE, pl010_read(&self->p, PL010_RSR, 1));
	EXPECT_EQ(1, self->p.counts.frame);
	EXPECT_EQ(1, self->p.counts.brk);
}

TEST_F(pl010, the_seventeenth_character_is_lost_and_sets_oe)
{
	int i;

	for (i = 0; i < PL010_FIFO; i++)
		EXPECT_TRUE(pl010_receive(&self->p, i, 0));
	EXPECT_EQ(0, pl010_read(&self->p, PL010_RSR, 1));
	EXPECT_FALSE(pl010_receive(&self->p, 99, 0));
	EXPECT_FALSE(pl010_receive(&self->p, 98, 0));
	EXPECT_EQ(PL010_RSR_OE, pl010_read(&self->p, PL010_RSR, 1));
	EXPECT_EQ(1, self->p.counts.overrun);
	EXPECT_EQ(2, self->p.counts.lost_rx);
	for (i = 0; i < PL010_FIFO; i++)
		EXPECT_EQ(i, pl010_read(&self->p, PL010_DR, 1));
}

TEST_F(pl010, half_a_fifo_interrupts_and_so_does_silence)
{
	int i;

	pl010_write(&self->p, PL010_CR, 4, PL010_CR_UARTEN | PL010_CR_RIE | PL010_CR_RTIE);
	for (i = 0; i < 7; i++)
		pl010_receive(&self->p, i, 0);
	EXPECT_FALSE(self->level);
	pl010_receive(&self->p, i, 0);
	EXPECT_EQ(PL010_IIR_RIS, pl010_read(&self->p, PL010_IIR, 1));
	pl010_read(&self->p, PL010_DR, 1);
	EXPECT_EQ(0, pl010_read(&self->p, PL010_IIR, 1));
	/* 32 bits of silence */
	self->now = pl010_run(&self->p);
	EXPECT_EQ(3333333, self->now);
	pl010_run(&self->p);
	EXPECT_TRUE(self->level);
	EXPECT_EQ(PL010_IIR_RTIS, pl010_read(&self->p, PL010_IIR, 1));
}

TEST_F(pl010, modem_lines_interrupt_until_icr_is_written)
{
	pl010_write(&self->p, PL010_CR, 4, PL010_CR_UARTEN | PL010_CR_MSIE);
	pl010_set_lines(&self->p, PL010_FR_CTS | PL010_FR_DCD);
	EXPECT_EQ(PL010_FR_CTS | PL010_FR_DCD, pl010_read(&self->p, PL010_FR, 1) & PL010_FR_MODEM);
	EXPECT_TRUE(self->level);
	EXPECT_EQ(PL010_IIR_MIS, pl010_read(&self->p, PL010_IIR, 1));
	pl010_write(&self->p, PL010_IIR, 4, 0);
	EXPECT_FALSE(self->level);
	EXPECT_EQ(1, self->p.counts.cts);
	EXPECT_EQ(0, self->p.counts.dsr);
}

TEST_F(pl010, brk_holds_the_line)
{
	pl010_write(&self->p, PL010_LCRH, 4, PL010_LCRH_BRK);
	EXPECT_TRUE(self->brk);
	pl010_write(&self->p, PL010_LCRH, 4, 0);
	EXPECT_FALSE(self->brk);
}

TEST_F(pl010, nothing_moves_without_the_clock_or_uarten)
{
	pl010_set_clock(&self->p, 0);
	pl010_write(&self->p, PL010_DR, 4, 'a');
	self->now += 10 * CHAR_NS;
	pl010_run(&self->p);
	EXPECT_EQ(0, self->nsent);
	EXPECT_FALSE(pl010_receive(&self->p, 'b', 0));
	pl010_set_clock(&self->p, PL010_UARTCLK);
	self->now += 10 * CHAR_NS;
	pl010_run(&self->p);
	EXPECT_EQ(1, self->nsent);
	pl010_write(&self->p, PL010_CR, 4, 0);
	EXPECT_FALSE(pl010_receive(&self->p, 'b', 0));
	EXPECT_EQ(0, pl010_room(&self->p));
}

TEST_F(pl010, without_fen_there_is_one_place)
{
	pl010_write(&self->p, PL010_LCRH, 4, PL010_LCRH_WLEN);
	pl010_write(&self->p, PL010_CR, 4, PL010_CR_UARTEN | PL010_CR_RIE);
	EXPECT_EQ(1, pl010_room(&self->p));
	pl010_receive(&self->p, 'a', 0);
	EXPECT_EQ(PL010_IIR_RIS, pl010_read(&self->p, PL010_IIR, 1));
	EXPECT_EQ(0, pl010_room(&self->p));
}

TEST_F(pl010, what_is_left_of_a_full_fifo_is_more_than_the_one_place)
{
	int i;

	for (i = 0; i < PL010_FIFO; i++)
		pl010_receive(&self->p, i, 0);
	pl010_write(&self->p, PL010_LCRH, 4, PL010_LCRH_WLEN);
	EXPECT_EQ(0, pl010_room(&self->p));
	for (i = 0; i < PL010_FIFO; i++)
		EXPECT_EQ(i, pl010_read(&self->p, PL010_DR, 1));
	EXPECT_EQ(1, pl010_room(&self->p));
}

TEST_F(pl010, without_time_all_is_at_once)
{
	pl010_init(&self->p, &untimed, self);
	program(&self->p, PL010_CR_RTIE);
	pl010_write(&self->p, PL010_DR, 4, 'q');
	EXPECT_EQ(1, self->nsent);
	pl010_receive(&self->p, 'r', 0);
	EXPECT_TRUE(self->level);
	EXPECT_EQ(PL010_NEVER, pl010_run(&self->p));
}

TEST_F(pl010, strange_accesses_do_nothing_and_are_counted)
{
	EXPECT_EQ(0, pl010_read(&self->p, 2, 1));
	EXPECT_EQ(0, pl010_read(&self->p, PL010_DR, 8));
	pl010_write(&self->p, 0x20, 4, 1);
	EXPECT_EQ(3, self->p.counts.bad_access);
}

TEST_HARNESS_MAIN
