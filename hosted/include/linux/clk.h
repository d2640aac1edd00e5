/* SPDX-License-Identifier: GPL-2.0 */
/* Clocks, which are another process' or the program's: kit/bus.h; class/clk.c */
#ifndef _LINUX_CLK_H
#define _LINUX_CLK_H

#include <linux/err.h>
#include <linux/types.h>

struct clk;
struct device;

/* Context: may sleep. ERR_PTR(-ENOENT) where there is no such clock. */
struct clk *clk_get(struct device *dev, const char *id);
struct clk *clk_get_optional(struct device *dev, const char *id);
void clk_put(struct clk *clk);
struct clk *devm_clk_get(struct device *dev, const char *id);
struct clk *devm_clk_get_optional(struct device *dev, const char *id);

/* Context: may sleep; NULL is a clock that always runs */
int clk_prepare(struct clk *clk);
void clk_unprepare(struct clk *clk);

/* Context: any. Of a clock that is prepared. */
int clk_enable(struct clk *clk);
void clk_disable(struct clk *clk);

unsigned long clk_get_rate(struct clk *clk);

static inline int clk_prepare_enable(struct clk *clk)
{
	int err = clk_prepare(clk);

	if (err)
		return err;
	err = clk_enable(clk);
	if (err)
		clk_unprepare(clk);
	return err;
}

static inline void clk_disable_unprepare(struct clk *clk)
{
	clk_disable(clk);
	clk_unprepare(clk);
}

#endif
