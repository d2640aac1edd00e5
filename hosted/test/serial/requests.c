// SPDX-License-Identifier: GPL-2.0
/* Everything that a client can ask of a serial port, with the unmodified driver. */
#include <string.h>

#include "uart.h"

#define MANY	20000

/* Numbers of Linux' termios */
#define IGNPAR	0x0004
#define PARMRK	0x0008
#define INPCK	0x0010
#define IXOFF	0x1000
#define BOTHER	0x1000
#define CBAUD	0x100f
#define CSIZE	0x0030
#define CS7	0x0020
#define CSTOPB	0x0040
#define CREAD	0x0080
#define PARENB	0x0100
#define PARODD	0x0200
#define CLOCAL	0x0800
#define CRTSCTS	0x80000000u
#define VSTART	8
#define VSTOP	9

static void fill(uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		data[i] = i * 7 + i / 256;
}

static unsigned int sent(void)
{
	unsigned int length;

	uart_board_lock();
	length = line_length;
	uart_board_unlock();
	return length;
}

UART_TEST(info_tells_what_port_it_is)
{
	struct serial_reply reply;
	const struct serial_info *info = (const struct serial_info *)reply.data;

	ASSERT_EQ(0, end(begin(SERIAL_INFO, 0, 0, NULL, 0), &reply));
	EXPECT_STREQ("ttyAM0", info->name);
	EXPECT_STREQ("ttyAM", info->driver);
	EXPECT_STREQ("AMBA", info->type);
	EXPECT_EQ(16, info->fifo);
}

UART_TEST(an_open_port_has_its_clock_and_interrupt_and_a_closed_one_has_not)
{
	EXPECT_EQ(0, clock_enabled(&uart_board_clock, 0));
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(1, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(1, kit_irq_listeners(BOARD_IRQ));
	EXPECT_EQ(-EBUSY, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, end(begin_by(2, SERIAL_OPEN, 0, 0, NULL, 0), NULL));
	EXPECT_EQ(1, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(1, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(0, end(begin_by(2, SERIAL_CLOSE, 0, 0, NULL, 0), NULL));
	EXPECT_EQ(0, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(0, kit_irq_listeners(BOARD_IRQ));
	EXPECT_EQ(-EBADF, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(0, look().cr);
}

UART_TEST(what_is_not_open_answers_nothing_else)
{
	kit_u32 op;

	for (op = SERIAL_READ_DATA; op <= SERIAL_SET_MODEM; op++)
		if (op != SERIAL_SUSPEND && op != SERIAL_RESUME)
			EXPECT_EQ(-EBADF, ask(op, 0));
	EXPECT_EQ(-EOPNOTSUPP, ask(SERIAL_STATUS, 0));
	EXPECT_EQ(-EOPNOTSUPP, ask(12345, 0));
}

UART_TEST(all_that_is_written_is_sent_in_order)
{
	static uint8_t data[MANY];

	fill(data, sizeof(data));
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, write_all(data, sizeof(data)));
	EXPECT_EQ(0, ask(SERIAL_DRAIN, 0));
	ASSERT_EQ(sizeof(data), sent());
	EXPECT_EQ(0, memcmp(data, line_data, sizeof(data)));
	EXPECT_EQ(sizeof(data), counters().tx);
	EXPECT_EQ(0, look().counts.lost_tx);
	EXPECT_EQ(0, look().counts.bad_access);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(all_that_comes_in_is_read_in_order)
{
	static uint8_t data[MANY], got[MANY];
	int i;

	fill(data, sizeof(data));
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	for (i = 0; i < MANY; i += MANY / 10) {
		inject(data + i, MANY / 10, 0);
		EXPECT_EQ(MANY / 10, read_all(got + i, MANY / 10));
	}
	EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
	EXPECT_EQ(sizeof(data), counters().rx);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST_CONFIG(bytes_in_are_bytes_out_over_a_loop, .loop = true)
{
	static uint8_t data[4096], got[4096];
	int round;

	fill(data, sizeof(data));
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	for (round = 0; round < 5; round++) {
		EXPECT_EQ(0, write_all(data, sizeof(data)));
		EXPECT_EQ(sizeof(data), read_all(got, sizeof(data)));
		EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
		memset(got, 0, sizeof(got));
	}
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST_CONFIG(with_time_it_takes_its_time, .loop = true, .timed = true)
{
	uint8_t data[96], got[96];
	kit_u64 start;

	fill(data, sizeof(data));
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	start = kit_now();
	EXPECT_EQ(0, write_all(data, sizeof(data)));
	EXPECT_EQ(0, ask(SERIAL_DRAIN, 0));
	/* 9600 8N1: 96 characters of 10 bits */
	EXPECT_GE(kit_now() - start, 99000000);
	/* The line did not wait for a driver that got no CPU for some milliseconds. */
	if (!look().counts.overrun) {
		EXPECT_EQ(sizeof(data), read_all(got, sizeof(got)));
		EXPECT_EQ(0, memcmp(data, got, sizeof(data)));
	}
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_read_waits_for_data_and_no_longer_than_its_limit)
{
	struct serial_reply reply;
	struct asked *a;
	kit_u64 start;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, end(begin(SERIAL_READ_DATA, 10, 0, NULL, 0), NULL));
	start = kit_now();
	EXPECT_EQ(0, end(begin(SERIAL_READ_DATA, 10, 30, NULL, 0), NULL));
	EXPECT_GE(kit_now() - start, 29000000);
	a = begin(SERIAL_READ_DATA, 10, SERIAL_FOREVER, NULL, 0);
	moment();
	EXPECT_FALSE(is_answered(a));
	EXPECT_EQ(1, serial_parked());
	inject("hi", 1, 0);
	EXPECT_EQ(1, end(a, &reply));
	EXPECT_EQ('h', reply.data[0]);
	EXPECT_EQ(1, reply.rx);
	EXPECT_EQ(0, serial_parked());
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(settings_reach_the_registers)
{
	struct serial_termios t;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(95, look().latched[2]);
	EXPECT_EQ(PL010_LCRH_FEN | PL010_LCRH_WLEN, look().latched[0]);
	t = termios();
	t.cflag = (t.cflag & ~(CBAUD | CSIZE)) | BOTHER | CS7 | PARENB | PARODD | CSTOPB;
	t.ispeed = 115200;
	t.ospeed = 115200;
	EXPECT_EQ(0, set_termios(&t));
	EXPECT_EQ(7, look().latched[2]);
	EXPECT_EQ(PL010_LCRH_FEN | PL010_LCRH_PEN | PL010_LCRH_STP2 | 0x40, look().latched[0]);
	t.cflag &= ~PARODD;
	t.ispeed = 300;
	t.ospeed = 300;
	EXPECT_EQ(0, set_termios(&t));
	EXPECT_EQ(3071, look().latched[2] | look().latched[1] << 8);
	EXPECT_TRUE(look().latched[0] & PL010_LCRH_EPS);
	EXPECT_EQ(-EINVAL, end(begin(SERIAL_SET_TERMIOS, 0, 0, &t, 10), NULL));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_speed_that_the_port_cannot_do_is_refused_and_told)
{
	struct serial_termios t;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	t = termios();
	t.cflag = (t.cflag & ~CBAUD) | BOTHER;
	t.ispeed = 4000000;
	t.ospeed = 4000000;
	EXPECT_EQ(0, set_termios(&t));
	EXPECT_EQ(9600, termios().ospeed);
	EXPECT_EQ(95, look().latched[2]);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_suspended_port_rests_and_goes_on_when_resumed)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_SUSPEND, 0));
	EXPECT_EQ(0, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(0, kit_irq_listeners(BOARD_IRQ));
	EXPECT_EQ(5, end(begin(SERIAL_WRITE, 0, 0, "later", 5), NULL));
	moment();
	EXPECT_EQ(0, sent());
	EXPECT_EQ(0, look().counts.written);
	EXPECT_EQ(0, ask(SERIAL_RESUME, 0));
	EXPECT_EQ(1, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(0, ask(SERIAL_DRAIN, 0));
	EXPECT_EQ(5, sent());
	EXPECT_EQ(0, memcmp("later", line_data, 5));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_port_can_be_closed_while_it_is_suspended)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_SUSPEND, 0));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(0, ask(SERIAL_RESUME, 0));
	EXPECT_EQ(0, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(1, clock_enabled(&uart_board_clock, 0));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(what_is_discarded_is_neither_sent_nor_read)
{
	uint8_t got[4];

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_STOP, 0));
	EXPECT_EQ(4, end(begin(SERIAL_WRITE, 0, 0, "gone", 4), NULL));
	EXPECT_EQ(0, ask(SERIAL_DISCARD, 2));
	EXPECT_EQ(0, ask(SERIAL_START, 0));
	EXPECT_EQ(2, end(begin(SERIAL_WRITE, 0, 0, "ok", 2), NULL));
	EXPECT_EQ(0, ask(SERIAL_DRAIN, 0));
	EXPECT_EQ(2, sent());
	inject("old", 3, 0);
	EXPECT_TRUE(EVENTUALLY(counters().rx == 3));
	EXPECT_EQ(0, ask(SERIAL_DISCARD, 1));
	inject("new", 3, 0);
	EXPECT_EQ(3, read_all(got, 3));
	EXPECT_EQ(0, memcmp("new", got, 3));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(stopped_is_stopped_until_started)
{
	struct asked *a;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_STOP, 0));
	EXPECT_EQ(3, end(begin(SERIAL_WRITE, 0, 0, "abc", 3), NULL));
	a = begin(SERIAL_DRAIN, 0, SERIAL_FOREVER, NULL, 0);
	moment();
	EXPECT_EQ(0, sent());
	EXPECT_FALSE(is_answered(a));
	EXPECT_EQ(-ETIMEDOUT, end(begin(SERIAL_DRAIN, 0, 20, NULL, 0), NULL));
	EXPECT_EQ(0, ask(SERIAL_START, 0));
	EXPECT_EQ(0, end(a, NULL));
	EXPECT_EQ(3, sent());
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_character_with_priority_goes_first_even_when_stopped)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_STOP, 0));
	EXPECT_EQ(3, end(begin(SERIAL_WRITE, 0, 0, "abc", 3), NULL));
	EXPECT_EQ(0, ask(SERIAL_XCHAR, 'X'));
	EXPECT_TRUE(EVENTUALLY(sent() == 1));
	EXPECT_EQ('X', line_data[0]);
	EXPECT_EQ(0, ask(SERIAL_START, 0));
	EXPECT_EQ(0, ask(SERIAL_DRAIN, 0));
	ASSERT_EQ(4, sent());
	EXPECT_EQ(0, memcmp("Xabc", line_data, 4));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_break_begins_and_ends)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_BREAK, 1));
	EXPECT_EQ(1, line_breaks);
	EXPECT_TRUE(look().latched[0] & PL010_LCRH_BRK);
	EXPECT_EQ(0, ask(SERIAL_BREAK, 0));
	EXPECT_FALSE(look().latched[0] & PL010_LCRH_BRK);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST_CONFIG(a_drain_waits_for_the_shift_register, .timed = true)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(1, end(begin(SERIAL_WRITE, 0, 0, "x", 1), NULL));
	EXPECT_EQ(0, ask(SERIAL_DRAIN, 0));
	EXPECT_EQ(1, sent());
	EXPECT_FALSE(look().shifting);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

/* R25: the driver's own sleeps are outside the driver, one poller does it for all. */
UART_TEST_CONFIG(r25_one_poller_serves_all_that_wait_for_the_transmitter, .timed = true)
{
	struct asked *a[8];
	unsigned int i;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	/* So that none is through before the last one has come */
	EXPECT_EQ(0, ask(SERIAL_STOP, 0));
	EXPECT_EQ(20, end(begin(SERIAL_WRITE, 0, 0, "twenty characters...", 20), NULL));
	for (i = 0; i < 8; i++)
		a[i] = begin(SERIAL_DRAIN, 0, SERIAL_FOREVER, NULL, 0);
	EXPECT_EQ(8, serial_parked());
	EXPECT_EQ(0, ask(SERIAL_START, 0));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, end(a[i], NULL));
	EXPECT_EQ(20, sent());
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

/* R25: the last close waits for what is to be sent. */
UART_TEST_CONFIG(r25_a_close_sends_what_is_left, .timed = true)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(20, end(begin(SERIAL_WRITE, 0, 0, "twenty characters...", 20), NULL));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(20, sent());
}

UART_TEST(counters_are_what_was_injected)
{
	static const uint8_t kinds[] = { 0, PL010_RSR_FE, PL010_RSR_PE, PL010_RSR_BE };
	struct pl010_counts c;
	struct serial_counters is;
	int i;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	for (i = 0; i < 400; i++)
		inject("e", 1, kinds[i * 7 / 3 % 4]);
	EXPECT_TRUE(EVENTUALLY(counters().rx == 400));
	c = look().counts;
	is = counters();
	EXPECT_EQ(c.frame, is.frame);
	EXPECT_EQ(c.parity, is.parity);
	EXPECT_EQ(c.brk, is.brk);
	EXPECT_GT(is.frame, 50);
	EXPECT_GT(is.parity, 50);
	EXPECT_GT(is.brk, 50);
	EXPECT_EQ(0, is.overrun);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(an_overrun_is_counted_and_flagged)
{
	struct serial_reply reply;
	struct pl010 *p;
	int i, status;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	p = uart_board_lock();
	for (i = 0; i < PL010_FIFO + 3; i++)
		pl010_receive(p, 'a' + i, 0);
	uart_board_unlock();
	EXPECT_TRUE(EVENTUALLY(counters().overrun == 1));
	EXPECT_EQ(1, look().counts.overrun);
	status = end(begin(SERIAL_READ_DATA, 100, SERIAL_FOREVER, NULL, 0), &reply);
	EXPECT_EQ(PL010_FIFO + 1, status);
	EXPECT_EQ(2 * status, reply.length);
	for (i = 0; i < status; i++)
		if (reply.data[status + i] == SERIAL_OVERRUN)
			break;
	EXPECT_LT(i, status);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

/* Flags of what arrives with an error depend on the settings. */
static int flag_of(uint8_t errors, kit_u32 iflag)
{
	struct serial_termios t = termios();
	struct serial_reply reply;
	int status;

	t.iflag = iflag;
	t.cflag ^= CSTOPB;	/* or the driver is not asked */
	EXPECT_EQ(0, set_termios(&t));
	inject("e", 1, errors);
	inject(".", 1, 0);
	status = end(begin(SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0), &reply);
	if (status != 1 || reply.data[0] == '.')
		return -1;
	status = reply.length == 2 ? reply.data[1] : SERIAL_NORMAL;
	EXPECT_EQ(1, end(begin(SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0), &reply));
	EXPECT_EQ('.', reply.data[0]);
	return status;
}

UART_TEST(errors_are_flagged_ignored_or_dropped_as_the_settings_say)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(SERIAL_NORMAL, flag_of(PL010_RSR_PE, 0));
	EXPECT_EQ(SERIAL_PARITY, flag_of(PL010_RSR_PE, INPCK));
	EXPECT_EQ(SERIAL_FRAME, flag_of(PL010_RSR_FE, INPCK));
	EXPECT_EQ(-1, flag_of(PL010_RSR_PE, INPCK | IGNPAR));
	EXPECT_EQ(SERIAL_BREAK_FLAG, flag_of(PL010_RSR_BE, PARMRK));
	EXPECT_EQ(SERIAL_NORMAL, flag_of(PL010_RSR_BE, 0));
	EXPECT_EQ(-1, flag_of(PL010_RSR_BE, 1 | IGNPAR));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_wait_for_counters_ends_when_one_changes)
{
	struct serial_counters old, new;
	struct serial_reply reply;
	struct asked *a;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	old = counters();
	a = begin(SERIAL_WAIT_COUNTERS, SERIAL_COUNTER(dsr) | SERIAL_COUNTER(cts), SERIAL_FOREVER,
		  NULL, 0);
	inject("x", 1, PL010_RSR_FE);
	moment();
	EXPECT_FALSE(is_answered(a));
	{
		struct serial_termios t = termios();

		t.cflag |= CRTSCTS;	/* enables the modem interrupt */
		EXPECT_EQ(0, set_termios(&t));
	}
	set_lines(PL010_FR_CTS);
	EXPECT_EQ(0, end(a, &reply));
	memcpy(&new, reply.data, sizeof(new));
	EXPECT_EQ(old.cts + 1, new.cts);
	EXPECT_EQ(1, look().counts.cts);
	/* What has changed since is not waited for. */
	EXPECT_EQ(0, end(begin(SERIAL_WAIT_COUNTERS, SERIAL_COUNTER(frame), 0, &old, sizeof(old)),
			 NULL));
	EXPECT_EQ(-ETIMEDOUT, end(begin(SERIAL_WAIT_COUNTERS, SERIAL_COUNTER(dcd), 20, NULL, 0),
				  NULL));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_wait_for_a_break_wakes)
{
	struct serial_reply reply;
	struct asked *a;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	a = begin(SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
	inject("data", 4, 0);
	moment();
	EXPECT_FALSE(is_answered(a));
	inject("", 1, PL010_RSR_BE);
	EXPECT_EQ(0, end(a, &reply));
	EXPECT_EQ(1, ((struct serial_counters *)reply.data)->brk);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(modem_lines_are_told_and_set)
{
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(SERIAL_DTR | SERIAL_RTS, ask(SERIAL_GET_MODEM, 0));
	set_lines(PL010_FR_CTS | PL010_FR_DSR);
	EXPECT_EQ(SERIAL_DTR | SERIAL_RTS | SERIAL_CTS | SERIAL_DSR, ask(SERIAL_GET_MODEM, 0));
	set_lines(PL010_FR_DCD);
	EXPECT_EQ(0, ask(SERIAL_SET_MODEM, SERIAL_RTS << 16));
	EXPECT_EQ(SERIAL_DTR | SERIAL_DCD, ask(SERIAL_GET_MODEM, 0));
	EXPECT_EQ(0, ask(SERIAL_SET_MODEM, SERIAL_RTS));
	EXPECT_EQ(SERIAL_DTR | SERIAL_RTS | SERIAL_DCD, ask(SERIAL_GET_MODEM, 0));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(cts_stops_and_starts_the_transmitter)
{
	struct serial_termios t;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	t = termios();
	t.cflag |= CRTSCTS;
	EXPECT_EQ(0, set_termios(&t));
	EXPECT_EQ(3, end(begin(SERIAL_WRITE, 0, 0, "abc", 3), NULL));
	moment();
	EXPECT_EQ(0, sent());
	set_lines(PL010_FR_CTS);
	EXPECT_TRUE(EVENTUALLY(sent() == 3));
	set_lines(0);
	EXPECT_TRUE(EVENTUALLY(counters().cts == 2));
	EXPECT_EQ(3, end(begin(SERIAL_WRITE, 0, 0, "def", 3), NULL));
	moment();
	EXPECT_EQ(3, sent());
	t.cflag &= ~CRTSCTS;
	EXPECT_EQ(0, set_termios(&t));
	EXPECT_TRUE(EVENTUALLY(sent() == 6));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(losing_the_carrier_hangs_up)
{
	struct serial_termios t;
	struct asked *a;

	set_lines(PL010_FR_DCD);
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	t = termios();
	t.cflag &= ~CLOCAL;
	EXPECT_EQ(0, set_termios(&t));
	a = begin(SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0);
	set_lines(0);
	EXPECT_EQ(-EIO, end(a, NULL));
	EXPECT_EQ(-EIO, ask(SERIAL_WRITE, 0));
	EXPECT_TRUE(EVENTUALLY(!clock_enabled(&uart_board_clock, 0)));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(who_does_not_read_sends_stop_and_start)
{
	static uint8_t data[3500];
	struct serial_termios t;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	t = termios();
	t.iflag |= IXOFF;
	t.cflag ^= CSTOPB;
	EXPECT_EQ(0, set_termios(&t));
	inject(data, sizeof(data), 0);
	EXPECT_TRUE(EVENTUALLY(sent() == 1));
	EXPECT_EQ(t.cc[VSTOP], line_data[0]);
	EXPECT_EQ(sizeof(data), read_all(data, sizeof(data)));
	EXPECT_TRUE(EVENTUALLY(sent() == 2));
	EXPECT_EQ(t.cc[VSTART], line_data[1]);
	EXPECT_EQ(0, counters().buf_overrun);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(what_finds_no_room_is_counted)
{
	static uint8_t data[5000];

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	inject(data, sizeof(data), 0);
	EXPECT_TRUE(EVENTUALLY(counters().rx == sizeof(data)));
	EXPECT_EQ(sizeof(data) - 4096, counters().buf_overrun);
	EXPECT_EQ(4096, read_all(data, sizeof(data)));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_request_can_be_cancelled)
{
	struct asked *a, *b;
	kit_u32 id;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	a = begin(SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0);
	b = begin(SERIAL_WAIT_BREAK, 1, SERIAL_FOREVER, NULL, 0);
	id = a->call.request.id;
	EXPECT_EQ(0, end(begin_by(2, SERIAL_CANCEL, id, 0, NULL, 0), NULL));
	EXPECT_FALSE(is_answered(a));
	EXPECT_EQ(0, ask(SERIAL_CANCEL, id));
	EXPECT_EQ(-EINTR, end(a, NULL));
	EXPECT_FALSE(is_answered(b));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(-EINTR, end(b, NULL));
}

/* R8, R22: a client's requests end with it, others' do not. */
UART_TEST(r22_parked_requests_end_with_their_client)
{
	struct asked *a, *b;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	ASSERT_EQ(0, end(begin_by(2, SERIAL_OPEN, 0, 0, NULL, 0), NULL));
	a = begin(SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
	b = begin_by(2, SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
	serial_client_gone((const void *)2);
	EXPECT_EQ(-EINTR, end(b, NULL));
	EXPECT_FALSE(is_answered(a));
	EXPECT_EQ(1, serial_parked());
	inject("", 1, PL010_RSR_BE);
	EXPECT_EQ(0, end(a, NULL));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(r22_parked_requests_need_no_stack)
{
	struct asked *a[200];
	int i;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	for (i = 0; i < 200; i++)
		a[i] = begin(SERIAL_WAIT_BREAK, 0, SERIAL_FOREVER, NULL, 0);
	EXPECT_EQ(200, serial_parked());
	inject("", 1, PL010_RSR_BE);
	for (i = 0; i < 200; i++)
		EXPECT_EQ(0, end(a[i], NULL));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(r22_the_answer_comes_from_the_interrupt)
{
	struct asked *a;
	kit_u64 before;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	a = begin(SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0);
	before = kit_irq_count(BOARD_IRQ);
	inject("x", 1, 0);
	EXPECT_EQ(1, end(a, NULL));
	EXPECT_GT(kit_irq_count(BOARD_IRQ), before);
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
}

UART_TEST(a_device_that_is_taken_away_while_open_answers_all)
{
	struct asked *a, *b;

	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(0, ask(SERIAL_STOP, 0));
	EXPECT_EQ(3, end(begin(SERIAL_WRITE, 0, 0, "abc", 3), NULL));
	a = begin(SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0);
	b = begin(SERIAL_DRAIN, 1, SERIAL_FOREVER, NULL, 0);
	EXPECT_EQ(0, kit_amba_remove(BOARD_UART));
	EXPECT_EQ(-EIO, end(a, NULL));
	EXPECT_EQ(-EIO, end(b, NULL));
	EXPECT_EQ(-EIO, end(begin(SERIAL_WRITE, 0, 0, "abc", 3), NULL));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(-ENODEV, ask(SERIAL_OPEN, 0));
}

static void console_body(void)
{
	struct uart_board_config config = { .sent = NULL };

	start_drivers();
	kit_console_select("ttyAM0,115200n8");
	config.sent = line_sent;
	ASSERT_EQ(0, uart_board_add(&config));
	EXPECT_EQ(7, look().latched[2]);
	EXPECT_EQ(1, kit_console_write("hello\n", 6));
	EXPECT_EQ(7, line_length);
	EXPECT_EQ(0, memcmp("hello\r\n", line_data, 7));
	/* The console goes on while the port is open and after. */
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	EXPECT_EQ(1, kit_console_write("x", 1));
	EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	EXPECT_EQ(1, kit_console_write("y", 1));
	EXPECT_EQ(9, line_length);
	/* The driver prepares its clock for the console and never gives that back. */
	EXPECT_EQ(1, kit_balance(KIT_WHAT_PREPARE));
	EXPECT_EQ(1, uart_board_remove());
	EXPECT_EQ(0, kit_console_write("z", 1));
	kit_console_select(NULL);
	kit_modules_exit();
	kit_kernel_exit();
	EXPECT_EQ(1, kit_report());
}

TEST(the_console_that_was_selected_gets_the_text)
{
	run_kit(console_body);
}

/* The hang-up is under way when this returns. */
static void open_and_lose_carrier(void)
{
	struct serial_termios t;

	set_lines(PL010_FR_DCD);
	ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
	t = termios();
	t.cflag &= ~CLOCAL;
	EXPECT_EQ(0, set_termios(&t));
	set_lines(0);
}

/* Whatever the hang-up comes between; the same for READ, which waits, and WRITE. */
UART_TEST(what_is_asked_while_the_carrier_is_lost_is_answered)
{
	struct asked *write, *read;
	int i, status;

	for (i = 0; i < 300 && !th.failed; i++) {
		open_and_lose_carrier();
		write = begin(SERIAL_WRITE, 0, SERIAL_FOREVER, "x", 1);
		read = begin(SERIAL_READ_DATA, 1, SERIAL_FOREVER, NULL, 0);
		status = end(write, NULL);
		EXPECT_TRUE(status == 1 || status == -EIO);
		EXPECT_EQ(-EIO, end(read, NULL));
		EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
	}
}

UART_TEST(a_device_may_go_while_its_carrier_is_lost)
{
	struct uart_board_config config = { .sent = line_sent };
	int i;

	for (i = 0; i < 100 && !th.failed; i++) {
		open_and_lose_carrier();
		if (i & 1)
			EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
		EXPECT_EQ(0, uart_board_remove());
		if (!(i & 1))
			EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
		ASSERT_EQ(0, uart_board_add(&config));
	}
}

static int close_by(void *client)
{
	return end(begin_by((long)client, SERIAL_CLOSE, 0, 0, NULL, 0), NULL);
}

UART_TEST_CONFIG(a_device_may_go_while_its_port_is_being_closed, .timed = true)
{
	struct uart_board_config config = { .sent = line_sent, .timed = true };
	struct kit_thread *other;
	uint8_t data[40];
	int i;

	fill(data, sizeof(data));
	for (i = 0; i < 100 && !th.failed; i++) {
		ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
		EXPECT_EQ(0, write_all(data, sizeof(data)));
		ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "closer", close_by, (void *)1, &other));
		if (i & 1)
			moment();
		EXPECT_EQ(0, uart_board_remove());
		EXPECT_EQ(0, kit_thread_join(other));
		ASSERT_EQ(0, uart_board_add(&config));
	}
}

UART_TEST_CONFIG(two_that_close_a_port_at_the_same_time_let_it_send_all, .timed = true)
{
	struct kit_thread *other;
	uint8_t data[40];
	unsigned int i;

	fill(data, sizeof(data));
	for (i = 1; i <= 50 && !th.failed; i++) {
		ASSERT_EQ(0, ask(SERIAL_OPEN, 0));
		ASSERT_EQ(0, end(begin_by(2, SERIAL_OPEN, 0, 0, NULL, 0), NULL));
		EXPECT_EQ(0, write_all(data, sizeof(data)));
		ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "closer", close_by, (void *)2, &other));
		EXPECT_EQ(0, ask(SERIAL_CLOSE, 0));
		EXPECT_EQ(0, kit_thread_join(other));
		EXPECT_EQ(i * sizeof(data), sent());
	}
}

TEST_HARNESS_MAIN
