// SPDX-License-Identifier: GPL-2.0
/*
 * Clocks
 *
 * The clock itself is elsewhere and counts its users: see struct kit_clock_ops.
 * What is counted here is what this driver has enabled, so that an imbalance is
 * told where it happens.
 */
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/clk.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "kit/bus.h"

struct clk {
	int handle;
	atomic_t prepared, enabled;
};

static const struct kit_clock_ops *clocks;
static void *clocks_data;

void kit_clocks(const struct kit_clock_ops *ops, void *data)
{
	clocks = ops;
	clocks_data = data;
}

struct clk *clk_get(struct device *dev, const char *id)
{
	struct clk *clk;

	if (!clocks)
		return ERR_PTR(-ENOENT);
	if (kit_should_fail(KIT_WHAT_CLOCK))
		return ERR_PTR(-EIO);
	clk = kzalloc(sizeof(*clk), GFP_KERNEL);
	if (!clk)
		return ERR_PTR(-ENOMEM);
	clk->handle = clocks->get(clocks_data, dev ? dev_name(dev) : NULL, id);
	if (clk->handle < 0) {
		int err = clk->handle;

		kfree(clk);
		return ERR_PTR(err);
	}
	return clk;
}

struct clk *clk_get_optional(struct device *dev, const char *id)
{
	struct clk *clk = clk_get(dev, id);

	return clk == ERR_PTR(-ENOENT) ? NULL : clk;
}

/* What is put while it is in use was taken once too often: the balance will tell. */
void clk_put(struct clk *clk)
{
	int enabled, prepared;

	if (IS_ERR_OR_NULL(clk))
		return;
	enabled = atomic_read(&clk->enabled);
	prepared = atomic_read(&clk->prepared);
	if (enabled || prepared)
		pr_warn("a clock is put while enabled %d times, prepared %d times\n", enabled,
			prepared);
	clocks->put(clocks_data, clk->handle);
	kfree(clk);
}

/* One user more of what @count counts. */
static int take(struct clk *clk, atomic_t *count, enum kit_what what,
		int (*op)(void *data, int handle, bool on))
{
	int err = kit_should_fail(what) ? -EIO : op(clocks_data, clk->handle, true);

	if (err)
		return err;
	atomic_inc(count);
	kit_count(what, 1);
	return 0;
}

static void give(struct clk *clk, atomic_t *count, enum kit_what what,
		 int (*op)(void *data, int handle, bool on), const char *how)
{
	if (WARN(atomic_dec_if_positive(count) < 0, "a clock is %s too often\n", how))
		return;
	op(clocks_data, clk->handle, false);
	kit_count(what, -1);
}

int clk_prepare(struct clk *clk)
{
	might_sleep();
	return clk ? take(clk, &clk->prepared, KIT_WHAT_PREPARE, clocks->prepare) : 0;
}

void clk_unprepare(struct clk *clk)
{
	might_sleep();
	if (!IS_ERR_OR_NULL(clk))
		give(clk, &clk->prepared, KIT_WHAT_PREPARE, clocks->prepare, "unprepared");
}

int clk_enable(struct clk *clk)
{
	if (!clk)
		return 0;
	if (WARN(!atomic_read(&clk->prepared), "a clock is enabled that is not prepared\n"))
		return -ESHUTDOWN;
	return take(clk, &clk->enabled, KIT_WHAT_CLOCK, clocks->enable);
}

void clk_disable(struct clk *clk)
{
	if (!IS_ERR_OR_NULL(clk))
		give(clk, &clk->enabled, KIT_WHAT_CLOCK, clocks->enable, "disabled");
}

unsigned long clk_get_rate(struct clk *clk)
{
	return clk ? clocks->rate(clocks_data, clk->handle) : 0;
}

/*
 * Managed by a device
 */

static void put_managed(void *clk)
{
	clk_put(clk);
}

static struct clk *manage(struct device *dev, struct clk *clk)
{
	int err = PTR_ERR_OR_ZERO(clk) ?: devm_add_action_or_reset(dev, put_managed, clk);

	return err ? ERR_PTR(err) : clk;
}

struct clk *devm_clk_get(struct device *dev, const char *id)
{
	return manage(dev, clk_get(dev, id));
}

struct clk *devm_clk_get_optional(struct device *dev, const char *id)
{
	return manage(dev, clk_get_optional(dev, id));
}
