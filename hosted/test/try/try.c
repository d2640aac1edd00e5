// SPDX-License-Identifier: GPL-2.0
/*
 * Three drivers that nobody planned for, of three subsystems, as they are: the
 * clock rtc-pl030.c, the watchdog sp805_wdt.c, the keyboard's port ambakmi.c. And
 * what hosted/try tells of one that cannot run yet.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

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

TRY_TEST(a_keyboard_that_cannot_be_opened_anew_is_closed)
{
	EXPECT_EQ(0, kit_serio_open(0, receive, NULL));
	kit_fail(KIT_WHAT_IRQ, 1);
	EXPECT_EQ(0, kit_amba_resume(KEYBOARD_DEVICE));
	EXPECT_EQ(-EBADF, kit_serio_write(0, 0xed));
	EXPECT_EQ(0, kit_serio_open(0, receive, NULL));
	EXPECT_EQ(0, kit_serio_close(0));
}

TRY_TEST(devices_go_while_they_are_used)
{
	EXPECT_EQ(0, kit_serio_open(0, receive, NULL));
	EXPECT_EQ(0, kit_watchdog_start(0));
}

/*
 * hosted/try
 */

/* Return: its status, and what it says about a driver with this text */
static int try(const char *driver, char *says, size_t max)
{
	char command[3 * PATH_MAX], self[PATH_MAX] = "", path[] = "/tmp/hosted-try-XXXXXX.c";
	int fd = mkstemps(path, 2);
	FILE *output;
	size_t size;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(strlen(driver), write(fd, driver, strlen(driver)));
	close(fd);
	ASSERT_GT(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	dirname(self);
	snprintf(command, sizeof(command), "BUILD='%s' '%s/../../try' %s 2>&1", self, self, path);
	output = popen(command, "r");
	ASSERT_NE(NULL, output);
	size = fread(says, 1, max - 1, output);
	says[size] = '\0';
	unlink(path);
	return WEXITSTATUS(pclose(output));
}

TEST(what_is_missing_is_told_by_name)
{
	static const char driver[] =
		"#include <linux/device.h>\n"
		"#include <linux/no_header.h>\n"
		"struct own {\n"
		"	struct no_member member;\n"
		"};\n"
		"static const struct no_variable variable = { .x = 1 };\n"
		"int probe(struct no_parameter *p, struct device *dev)\n"
		"{\n"
		"	struct no_pointer *pointer = dev->no_field;\n"
		"	no_type value = no_function(pointer->field, NO_CONSTANT);\n"
		"	return value;\n"
		"}\n"
		"NO_MACRO(probe);\n";
	char says[4096];

	EXPECT_EQ(1, try(driver, says, sizeof(says)));
	EXPECT_STREQ("missing headers:\n"
		     "  linux/no_header.h\n"
		     "missing declarations:\n"
		     "  NO_CONSTANT\n"
		     "  NO_MACRO()\n"
		     "  no_field in struct device\n"
		     "  no_function()\n"
		     "  no_type\n"
		     "  struct no_member\n"
		     "  struct no_parameter\n"
		     "  struct no_pointer\n"
		     "  struct no_variable\n", says);
}

TEST(what_is_declared_and_not_there_is_told_by_name)
{
	char says[4096];

	EXPECT_EQ(1, try("#include <linux/slab.h>\n"
			 "int no_function(void);\n"
			 "void *probe(void) { return kmalloc(no_function(), GFP_KERNEL); }\n",
			 says, sizeof(says)));
	EXPECT_STREQ("missing functions and variables:\n  no_function\n", says);
}

/* Those that are there run in hard interrupt context. */
TEST(a_timer_that_runs_in_a_softirq_is_told)
{
	char says[4096];

	EXPECT_EQ(1, try("#include <linux/hrtimer.h>\n"
			 "int mode(void) { return HRTIMER_MODE_REL_SOFT; }\n",
			 says, sizeof(says)));
	EXPECT_NE(NULL, strstr(says, "HRTIMER_MODE_REL_SOFT"));
}

TEST(nothing_is_missing_where_nothing_is)
{
	char says[4096];

	EXPECT_EQ(0, try("#include <linux/slab.h>\n"
			 "void *probe(void) { return kmalloc(1, GFP_KERNEL); }\n",
			 says, sizeof(says)));
	EXPECT_STREQ("nothing is missing: it links\n", says);
}

TEST_HARNESS_MAIN
