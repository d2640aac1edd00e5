// SPDX-License-Identifier: GPL-2.0
/*
 * R33: clocks count their users, and tell who takes or gives one too many
 */
#include <linux/clk.h>
#include <linux/device.h>

#include "kit/bus.h"
#include "test/test.h"

/* The only clock there is, and its users */
static struct {
	int got, prepared, enabled;
} users;

static int get(void *data, const char *device, const char *name)
{
	if (name && strcmp(name, "bus"))
		return -ENOENT;
	users.got++;
	return 7;
}

static void put(void *data, int clock)
{
	CHECK_EQ(clock, 7);
	users.got--;
}

static int prepare(void *data, int clock, bool on)
{
	CHECK_EQ(clock, 7);
	users.prepared += on ? 1 : -1;
	return 0;
}

static int enable(void *data, int clock, bool on)
{
	CHECK_EQ(clock, 7);
	users.enabled += on ? 1 : -1;
	return 0;
}

static unsigned long rate(void *data, int clock)
{
	return 14745600;
}

static const struct kit_clock_ops ops = { get, put, prepare, enable, rate };

static struct device dev = { .init_name = "dev0" };

static struct clk *begin(void)
{
	kit_clocks(&ops, NULL);
	return clk_get(&dev, NULL);
}

HOSTED_TEST_EACH(r33_a_clock_counts_its_users)
{
	struct clk *a = begin(), *b = clk_get(&dev, "bus");

	REQUIRE(!IS_ERR(a) && !IS_ERR(b));
	CHECK_EQ(clk_get_rate(a), 14745600);
	CHECK_EQ(clk_prepare_enable(a), 0);
	CHECK_EQ(clk_prepare_enable(b), 0);
	CHECK_EQ(clk_enable(b), 0);
	CHECK_EQ(users.prepared, 2);
	CHECK_EQ(users.enabled, 3);
	CHECK_EQ(kit_balance(KIT_WHAT_CLOCK), 3);
	/* What is left fails a test: three enables, two prepares, the memory of both. */
	CHECK_EQ(kit_report(), 7);
	clk_disable(b);
	clk_disable_unprepare(a);
	clk_disable_unprepare(b);
	clk_put(a);
	clk_put(b);
	CHECK(!users.got && !users.prepared && !users.enabled);
}

HOSTED_DIES(r33_a_clock_disabled_too_often_is_told, "a clock is disabled too often")
{
	struct clk *clk = begin();

	clk_prepare_enable(clk);
	clk_disable(clk);
	clk_disable(clk);
}

HOSTED_DIES(r33_a_clock_unprepared_too_often_is_told, "a clock is unprepared too often")
{
	clk_unprepare(begin());
}

HOSTED_DIES(r33_a_clock_enabled_unprepared_is_told, "a clock is enabled that is not prepared")
{
	CHECK(clk_enable(begin()));
}

HOSTED_TEST_EACH(r33_a_clock_put_while_enabled_is_told)
{
	struct clk *clk = begin();

	REQUIRE(!IS_ERR(clk));
	CHECK_EQ(clk_prepare_enable(clk), 0);
	clk_put(clk);
	CHECK(test_logged("<4>a clock is put while enabled 1 times, prepared 1 times"));
	/* And fails a test, unless that makes up for it. */
	CHECK_EQ(kit_report(), 2);
	kit_count(KIT_WHAT_CLOCK, -1);
	kit_count(KIT_WHAT_PREPARE, -1);
}

HOSTED_TEST_EACH(r33_a_device_gives_its_clocks_back)
{
	device_initialize(&dev);
	kit_clocks(&ops, NULL);
	CHECK(!IS_ERR(devm_clk_get(&dev, "bus")));
	CHECK(devm_clk_get_optional(&dev, "bus"));
	CHECK(!devm_clk_get_optional(&dev, "other"));
	CHECK_EQ(PTR_ERR(devm_clk_get(&dev, "other")), -ENOENT);
	CHECK_EQ(users.got, 2);
	devres_release_all(&dev);
	CHECK_EQ(users.got, 0);
}

/* It always runs. */
HOSTED_TEST_EACH(r33_a_clock_that_is_optional_may_be_none)
{
	struct clk *clk = clk_get_optional(&dev, NULL);

	CHECK(!clk);
	CHECK_EQ(PTR_ERR(clk_get(&dev, NULL)), -ENOENT);
	CHECK_EQ(clk_prepare_enable(clk), 0);
	CHECK_EQ(clk_get_rate(clk), 0);
	clk_disable_unprepare(clk);
	clk_put(clk);
}
