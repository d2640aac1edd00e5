// SPDX-License-Identifier: GPL-2.0
/*
 * Three drivers that nobody planned for, of three subsystems, as they are: the
 * clock rtc-pl030.c, the watchdog sp805_wdt.c, the keyboard's port ambakmi.c.
 */
#include <string.h>

#include "kit/bus.h"
#include "kit/small.h"
#include "model/primecells.h"
#include "test/serial/uart.h"

#define HZ_OF_CLOCK	24000000

static void (*the_body)(void);

static void with_devices(void)
{
	start_drivers();
	ASSERT_EQ(0, primecells_add(HZ_OF_CLOCK));
	EXPECT_EQ(1, kit_amba_bound(RTC_DEVICE));
	EXPECT_EQ(1, kit_amba_bound(WATCHDOG_DEVICE));
	EXPECT_EQ(1, kit_amba_bound(KEYBOARD_DEVICE));
	the_body();
	EXPECT_EQ(0, primecells_remove());
	end_drivers();
}

#define TRY_TEST(_name)					\
	static void _name##_body(void);			\
	TEST(_name)					\
	{						\
		the_body = _name##_body;		\
		run_kit(with_devices);			\
	}						\
	static void _name##_body(void)

TRY_TEST(a_clock_tells_and_takes_the_time)
{
	static const kit_u64 times[] = { 951782400, 1709164800, 1709251199, 4107542400, 0 };
	kit_u64 now;
	int i;

	pl030.time = 1000000000;
	EXPECT_EQ(0, kit_rtc_get(0, &now));
	EXPECT_EQ(1000000000, now);
	/* Leap years, their last days, and a century that has none */
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, kit_rtc_set(0, times[i]));
		EXPECT_EQ(0, kit_rtc_get(0, &now));
		EXPECT_EQ(times[i], now);
	}
	pl030_tick(100);
	EXPECT_EQ(0, kit_rtc_get(0, &now));
	EXPECT_EQ(100, now);
	EXPECT_EQ(0, kit_rtc_set_alarm(0, 200));
	EXPECT_EQ(0, kit_rtc_get_alarm(0, &now));
	EXPECT_EQ(200, now);
	EXPECT_EQ(200, pl030.match);
	EXPECT_EQ(-ERANGE, kit_rtc_set(0, 1ULL << 33));
	EXPECT_EQ(-ENODEV, kit_rtc_get(1, &now));
}

TRY_TEST(a_clocks_interrupt_is_handled)
{
	pl030.control = 1;
	pl030.match = pl030.time + 3;
	pl030_tick(5);
	EXPECT_TRUE(EVENTUALLY(!__atomic_load_n(&pl030.pending, __ATOMIC_ACQUIRE)));
}

TRY_TEST(a_watchdog_bites_unless_it_is_pinged)
{
	EXPECT_EQ(60, kit_watchdog_timeout(0));
	EXPECT_EQ(-EINVAL, kit_watchdog_ping(0));
	EXPECT_EQ(0, kit_watchdog_set_timeout(0, 10));
	EXPECT_EQ(10, kit_watchdog_timeout(0));
	EXPECT_EQ(0, kit_watchdog_start(0));
	EXPECT_EQ(1, primecells_clock_users());
	EXPECT_TRUE(sp805.locked);
	EXPECT_EQ(10, kit_watchdog_timeleft(0) + 1);
	sp805_tick(7 * HZ_OF_CLOCK);
	EXPECT_EQ(0, kit_watchdog_ping(0));
	sp805_tick(7 * HZ_OF_CLOCK);
	EXPECT_FALSE(sp805.reset);
	EXPECT_EQ(0, kit_watchdog_ping(0));
	sp805_tick(11 * HZ_OF_CLOCK);
	EXPECT_TRUE(sp805.reset);
	EXPECT_EQ(0, kit_watchdog_stop(0));
	EXPECT_EQ(0, sp805.control);
	EXPECT_EQ(0, primecells_clock_users());
	EXPECT_EQ(0, sp805.refused);
}

TRY_TEST(a_watchdog_sleeps_and_wakes_with_the_machine)
{
	EXPECT_EQ(0, kit_watchdog_start(0));
	EXPECT_EQ(0, kit_amba_suspend(WATCHDOG_DEVICE));
	EXPECT_EQ(0, sp805.control);
	EXPECT_EQ(0, kit_amba_resume(WATCHDOG_DEVICE));
	EXPECT_EQ(3, sp805.control);
}

static uint8_t typed[16];
static unsigned int ntyped;

static void receive(void *arg, kit_u8 data, unsigned int flags)
{
	(void)arg;
	(void)flags;
	typed[ntyped] = data;
	__atomic_store_n(&ntyped, ntyped + 1, __ATOMIC_RELEASE);
}

TRY_TEST(a_keyboard_types_and_is_told)
{
	int i;

	EXPECT_EQ(-EBADF, kit_serio_write(0, 0xed));
	EXPECT_EQ(0, kit_serio_open(0, receive, NULL));
	EXPECT_EQ(-EBUSY, kit_serio_open(0, receive, NULL));
	EXPECT_EQ(HZ_OF_CLOCK / 8000000 - 1, pl050.divisor);
	for (i = 0; i < 5; i++)
		pl050_type(0x10 + i);
	EXPECT_TRUE(EVENTUALLY(__atomic_load_n(&ntyped, __ATOMIC_ACQUIRE) == 5));
	EXPECT_EQ(0, memcmp("\x10\x11\x12\x13\x14", typed, 5));
	EXPECT_EQ(0, kit_serio_write(0, 0xed));
	EXPECT_EQ(0xed, pl050.out[0]);
	pl050.busy = true;
	EXPECT_EQ(1, kit_serio_write(0, 0xee));
	EXPECT_EQ(1, pl050.nout);
	/* After a sleep the port is opened anew. */
	pl050.control = 0;
	EXPECT_EQ(0, kit_amba_resume(KEYBOARD_DEVICE));
	EXPECT_EQ(0x14, pl050.control);
	EXPECT_EQ(0, kit_serio_close(0));
	EXPECT_EQ(0, primecells_clock_users());
	EXPECT_EQ(0, kit_irq_listeners(61));
}

TRY_TEST(devices_go_while_they_are_used)
{
	EXPECT_EQ(0, kit_serio_open(0, receive, NULL));
	EXPECT_EQ(0, kit_watchdog_start(0));
}

TEST_HARNESS_MAIN
