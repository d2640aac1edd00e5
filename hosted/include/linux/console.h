/* SPDX-License-Identifier: GPL-2.0 */
/* Consoles; class/console.c */
#ifndef _LINUX_CONSOLE_H
#define _LINUX_CONSOLE_H

#include <linux/list.h>
#include <linux/types.h>

struct tty_driver;

struct console {
	char name[16];
	void (*write)(struct console *console, const char *text, unsigned int count);
	int (*read)(struct console *console, char *text, unsigned int count);
	struct tty_driver *(*device)(struct console *console, int *index);
	int (*setup)(struct console *console, char *options);
	int (*exit)(struct console *console);
	int (*match)(struct console *console, char *name, int index, char *options);
	short flags;
	short index;			/* -1: any */
	int cflag;
	unsigned int ispeed, ospeed;
	void *data;
	struct hlist_node node;
};

/* flags */
#define CON_PRINTBUFFER	(1 << 0)
#define CON_CONSDEV	(1 << 1)
#define CON_ENABLED	(1 << 2)

/*
 * A console is enabled when it is the one that was asked for: kit_console_select().
 * Return of unregister: 0, or -ENODEV if it was not.
 */
void register_console(struct console *console);
int unregister_console(struct console *console);
bool console_is_registered(const struct console *console);

#endif
