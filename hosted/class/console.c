// SPDX-License-Identifier: GPL-2.0
/* Consoles: drivers register them, the program writes to those that it selected. */
#include <linux/console.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "kit/bus.h"

static DEFINE_MUTEX(console_mutex);	/* the list, the choice */
static HLIST_HEAD(consoles);

static struct {
	char name[16];			/* without the number; "": none */
	int index;
	char options[32];
} selected;

void kit_console_select(const char *options)
{
	const char *comma = strchrnul(options ?: "", ',');
	size_t len;

	mutex_lock(&console_mutex);
	memset(&selected, 0, sizeof(selected));
	if (options) {
		for (len = comma - options; len && isdigit(options[len - 1]); len--)
			;
		len = min(len, sizeof(selected.name) - 1);
		memcpy(selected.name, options, len);
		selected.index = simple_strtoul(options + len, NULL, 10);
		if (*comma)
			strscpy(selected.options, comma + 1, sizeof(selected.options));
	}
	mutex_unlock(&console_mutex);
}

bool console_is_registered(const struct console *console)
{
	return !hlist_unhashed(&console->node);
}

void register_console(struct console *console)
{
	int err = 0;

	mutex_lock(&console_mutex);
	if (console_is_registered(console) || !selected.name[0] ||
	    strcmp(console->name, selected.name))
		goto out;
	if (console->index < 0)
		console->index = selected.index;
	if (console->index != selected.index)
		goto out;
	if (console->setup)
		err = console->setup(console, selected.options[0] ? selected.options : NULL);
	if (err) {
		pr_err("console %s%d: %d\n", console->name, console->index, err);
		console->index = -1;
		goto out;
	}
	console->flags |= CON_ENABLED | CON_CONSDEV;
	hlist_add_head(&console->node, &consoles);
out:
	mutex_unlock(&console_mutex);
}

int unregister_console(struct console *console)
{
	int err = 0;

	mutex_lock(&console_mutex);
	if (!console_is_registered(console)) {
		err = -ENODEV;
		goto out;
	}
	hlist_del_init(&console->node);
	console->flags &= ~(CON_ENABLED | CON_CONSDEV);
	if (console->exit)
		err = console->exit(console);
out:
	mutex_unlock(&console_mutex);
	return err;
}

int kit_console_write(const char *text, kit_size len)
{
	struct console *console;
	int count = 0;

	mutex_lock(&console_mutex);
	hlist_for_each_entry(console, &consoles, node) {
		if (!(console->flags & CON_ENABLED))
			continue;
		console->write(console, text, len);
		count++;
	}
	mutex_unlock(&console_mutex);
	return count;
}
