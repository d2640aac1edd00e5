// SPDX-License-Identifier: GPL-2.0
/*
 * Messages, and what ends a driver that has gone wrong
 */
#include <linux/bug.h>
#include <linux/device.h>
#include <linux/errname.h>
#include <linux/kern_levels.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/ratelimit.h>
#include <linux/refcount.h>
#include <linux/string.h>

#include "emul.h"

#define DEFAULT_LEVEL	4
#define LINE_MAX	1024

/* Returns what follows the level. */
static const char *parse_level(const char *text, int *level)
{
	while (text[0] == KERN_SOH_ASCII && text[1]) {
		if (text[1] >= '0' && text[1] <= '7')
			*level = text[1] - '0';
		text += 2;
	}
	return text;
}

int vprintk(const char *fmt, va_list args)
{
	int level = DEFAULT_LEVEL, len;
	char line[LINE_MAX];
	const char *text;

	len = vscnprintf(line, sizeof(line), fmt, args);
	text = parse_level(line, &level);
	kit_log_text(level, text, len - (text - line));
	return len;
}

int _printk(const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vprintk(fmt, args);
	va_end(args);
	return len;
}

void _dev_printk(const char *level, const struct device *dev, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	if (dev)
		printk("%s%s %s: %pV", level, dev_driver_string(dev), dev_name(dev), &vaf);
	else
		printk("%s(NULL device *): %pV", level, &vaf);
	va_end(args);
}

int dev_err_probe(const struct device *dev, int err, const char *fmt, ...)
{
	const char *level = err == -EPROBE_DEFER ? KERN_DEBUG : KERN_ERR;
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	_dev_printk(level, dev, "error %pe: %pV", ERR_PTR(err), &vaf);
	va_end(args);
	return err;
}

void dump_stack(void)
{
	kit_backtrace(4);
}

/*
 * Limits
 */

/* Returns whether to print. */
int ___ratelimit(struct ratelimit_state *rs, const char *func)
{
	unsigned long flags;
	int missed = 0, ret;

	if (!rs->interval)
		return 1;
	/* Somebody else is at it: there is a message already. */
	if (!spin_trylock_irqsave(&rs->lock, flags))
		return 0;
	if (!rs->begin || time_is_before_jiffies(rs->begin + rs->interval)) {
		if (!(rs->flags & RATELIMIT_MSG_ON_RELEASE))
			missed = rs->missed;
		rs->begin = jiffies;
		rs->printed = 0;
		if (missed)
			rs->missed = 0;
	}
	ret = rs->printed < rs->burst;
	if (ret)
		rs->printed++;
	else
		rs->missed++;
	spin_unlock_irqrestore(&rs->lock, flags);
	if (missed)
		printk(KERN_WARNING "%s: %d callbacks suppressed\n", func, missed);
	return ret;
}

/*
 * Bugs. In a process there is no reason to go on after one.
 */

void __bug(const char *file, int line, const char *function)
{
	kit_die("BUG at %s:%d in %s()", file, line, function);
}

/* A warning ends the process, too, unless kit_param_set("warn", "1") says to go on. */
bool hosted_warn;

bool __warn(const char *file, int line, const char *function, const char *fmt, ...)
{
	char text[LINE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!hosted_warn)
		kit_die("WARNING at %s:%d in %s(): %s", file, line, function, strim(text));
	printk(KERN_WARNING "WARNING at %s:%d in %s(): %s", file, line, function, text);
	dump_stack();
	return true;
}

void refcount_warn(const refcount_t *r, int old, const char *what)
{
	kit_die("refcount %p is %d: %s is a use after free", r, old, what);
}

void __list_add_check(const struct list_head *new, const struct list_head *prev,
		      const struct list_head *next)
{
	if (likely(next->prev == prev && prev->next == next && new != prev && new != next))
		return;
	kit_die("list_add of %p between %p and %p, which point to %p and %p", new, prev, next,
		prev->next, next->prev);
}

void __list_del_check(const struct list_head *entry)
{
	if (unlikely(!entry->next || entry->next == LIST_POISON1 || entry->prev == LIST_POISON2))
		kit_die("list_del of %p, which is on no list", entry);
	if (unlikely(entry->prev->next != entry || entry->next->prev != entry))
		kit_die("list_del of %p, whose neighbours point to %p and %p", entry,
			entry->prev->next, entry->next->prev);
}

/*
 * Names of errors
 */

#define NAME(_name, _number) \
	[_number] = #_name,

const char *errname(int err)
{
	static const char * const names[] = {
		HOSTED_ERRORS(NAME)
		HOSTED_KERNEL_ERRORS(NAME)
	};

	err = abs(err);
	return err < (int)ARRAY_SIZE(names) ? names[err] : NULL;
}
