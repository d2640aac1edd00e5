/* SPDX-License-Identifier: GPL-2.0 */
/* Ports of keyboards and mice; class/serio.c */
#ifndef _LINUX_SERIO_H
#define _LINUX_SERIO_H

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define SERIO_8042	0x01
#define SERIO_TIMEOUT	1
#define SERIO_PARITY	2

struct serio_device_id {
	__u8 type, extra, id, proto;
};

struct serio {
	void *port_data;
	char name[32];
	char phys[32];
	struct serio_device_id id;
	spinlock_t lock;
	int (*write)(struct serio *serio, unsigned char ch);
	int (*open)(struct serio *serio);
	void (*close)(struct serio *serio);
	int (*start)(struct serio *serio);
	void (*stop)(struct serio *serio);
	struct device dev;
	bool is_open;
	unsigned int reconnects;
	struct list_head node;
};

/* The port is freed when it is unregistered. */
void serio_register_port(struct serio *serio);
void serio_unregister_port(struct serio *serio);
void serio_reconnect(struct serio *serio);
irqreturn_t serio_interrupt(struct serio *serio, unsigned char data, unsigned int flags);

#endif
