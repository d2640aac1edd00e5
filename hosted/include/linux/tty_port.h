/* SPDX-License-Identifier: GPL-2.0 */
/* What of a terminal outlives its openings; class/tty.c */
#ifndef _LINUX_TTY_PORT_H
#define _LINUX_TTY_PORT_H

#include <linux/bitops.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

struct device;
struct file;
struct tty_driver;
struct tty_port;
struct tty_struct;

struct tty_port_operations {
	void (*dtr_rts)(struct tty_port *port, bool active);
	void (*shutdown)(struct tty_port *port);
	int (*activate)(struct tty_port *port, struct tty_struct *tty);
};

#define TTY_BUFFER_SIZE	4096		/* characters, a power of two */

/*
 * What was received: a character and a flag (TTY_NORMAL, ...) each. Drivers
 * fill in up to head; readers see it once it was pushed.
 */
struct tty_bufhead {
	u8 *chars, *flags;
	u32 *seen;				/* *counter when the character came in */
	const u32 *counter;
	unsigned int head, pushed, tail;	/* protected by lock */
	spinlock_t lock;
};

struct tty_port {
	struct tty_bufhead buf;
	struct tty_struct *tty;			/* while open */
	const struct tty_port_operations *ops;
	spinlock_t lock;
	int count;				/* openings */
	wait_queue_head_t open_wait;
	wait_queue_head_t delta_msr_wait;	/* something that is counted has changed */
	unsigned long flags;
	unsigned long iflags;
	bool closing;				/* by the last that has it open */
	unsigned int closers;			/* keep it from going; protected by tty_mutex */
	struct mutex mutex;			/* opening, closing, settings */
	u8 *xmit_buf;
	unsigned int close_delay;		/* ms, after the last close */
	unsigned int closing_wait;		/* ms, for what is to be sent */
};

/* iflags */
#define TTY_PORT_INITIALIZED	0
#define TTY_PORT_SUSPENDED	1
#define TTY_PORT_ACTIVE		2

#define ASYNC_CLOSING_WAIT_NONE	65535
#define ASYNC_CLOSING_WAIT_INF	0

#define TTY_PORT_BIT(name, bit)						\
static inline bool tty_port_##name(const struct tty_port *port)		\
{									\
	return test_bit(bit, &port->iflags);				\
}									\
static inline void tty_port_set_##name(struct tty_port *port, bool value) \
{									\
	assign_bit(bit, &port->iflags, value);				\
}

TTY_PORT_BIT(initialized, TTY_PORT_INITIALIZED)
TTY_PORT_BIT(suspended, TTY_PORT_SUSPENDED)
TTY_PORT_BIT(active, TTY_PORT_ACTIVE)

void tty_port_init(struct tty_port *port);
void tty_port_destroy(struct tty_port *port);
struct device *tty_port_register_device(struct tty_port *port, struct tty_driver *driver,
					unsigned int index, struct device *parent);
void tty_port_unregister_device(struct tty_port *port, struct tty_driver *driver,
				unsigned int index);
int tty_port_alloc_xmit_buf(struct tty_port *port);
void tty_port_free_xmit_buf(struct tty_port *port);
struct tty_struct *tty_port_tty_get(struct tty_port *port);
void tty_port_tty_set(struct tty_port *port, struct tty_struct *tty);
void tty_port_tty_wakeup(struct tty_port *port);
int tty_port_open(struct tty_port *port, struct tty_struct *tty, struct file *file);
void tty_port_close(struct tty_port *port, struct tty_struct *tty, struct file *file);
void tty_port_hangup(struct tty_port *port);

#endif
