/* SPDX-License-Identifier: GPL-2.0 */
/* Drivers of terminals; class/tty.c */
#ifndef _LINUX_TTY_DRIVER_H
#define _LINUX_TTY_DRIVER_H

#include <linux/cdev.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/termios.h>

struct file;
struct tty_driver;
struct tty_port;
struct tty_struct;

struct tty_operations {
	int (*install)(struct tty_driver *driver, struct tty_struct *tty);
	void (*remove)(struct tty_driver *driver, struct tty_struct *tty);
	int (*open)(struct tty_struct *tty, struct file *file);
	void (*close)(struct tty_struct *tty, struct file *file);
	ssize_t (*write)(struct tty_struct *tty, const u8 *buf, size_t count);
	unsigned int (*write_room)(struct tty_struct *tty);
	unsigned int (*chars_in_buffer)(struct tty_struct *tty);
	void (*set_termios)(struct tty_struct *tty, const struct ktermios *old);
	void (*throttle)(struct tty_struct *tty);
	void (*unthrottle)(struct tty_struct *tty);
	void (*stop)(struct tty_struct *tty);
	void (*start)(struct tty_struct *tty);
	void (*hangup)(struct tty_struct *tty);
	int (*break_ctl)(struct tty_struct *tty, int state);
	void (*flush_buffer)(struct tty_struct *tty);
	void (*set_ldisc)(struct tty_struct *tty);
	void (*wait_until_sent)(struct tty_struct *tty, int timeout);
	void (*send_xchar)(struct tty_struct *tty, u8 ch);
	int (*tiocmget)(struct tty_struct *tty);
	int (*tiocmset)(struct tty_struct *tty, unsigned int set, unsigned int clear);
};

struct tty_driver {
	struct kref kref;
	struct module *owner;
	const char *driver_name;
	const char *name;
	int name_base;
	int major;
	int minor_start;
	unsigned int num;
	short type;
	short subtype;
	struct ktermios init_termios;
	unsigned long flags;
	void *driver_state;

	struct tty_struct **ttys;
	struct tty_port **ports;
	const struct tty_operations *ops;
	struct list_head tty_drivers;
};

/* flags */
#define TTY_DRIVER_REAL_RAW		0x04
#define TTY_DRIVER_DYNAMIC_DEV		0x08

/* type, subtype */
#define TTY_DRIVER_TYPE_SERIAL		3
#define SERIAL_TYPE_NORMAL		1

struct tty_driver *__tty_alloc_driver(unsigned int lines, struct module *owner,
				      unsigned long flags);
/* ERR_PTR() on error, NULL never; the old name: NULL on error */
#define tty_alloc_driver(lines, flags) __tty_alloc_driver(lines, THIS_MODULE, flags)
struct tty_driver *alloc_tty_driver(unsigned int lines);
struct tty_driver *tty_driver_kref_get(struct tty_driver *driver);
void tty_driver_kref_put(struct tty_driver *driver);
void put_tty_driver(struct tty_driver *driver);

static inline void tty_set_operations(struct tty_driver *driver, const struct tty_operations *ops)
{
	driver->ops = ops;
}

int tty_register_driver(struct tty_driver *driver);
void tty_unregister_driver(struct tty_driver *driver);
struct device *tty_register_device(struct tty_driver *driver, unsigned int index,
				   struct device *parent);
void tty_unregister_device(struct tty_driver *driver, unsigned int index);

#endif
