// SPDX-License-Identifier: GPL-2.0
/* Ports of keyboards and mice: one program at a time has one open. */
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/serio.h>
#include <linux/slab.h>

#include "kit/small.h"

static DEFINE_MUTEX(serio_mutex);	/* the list, opening and closing */
static LIST_HEAD(ports);

/* Who has a port open; protected by the port's lock */
struct listener {
	void (*receive)(void *arg, kit_u8 data, unsigned int flags);
	void *arg;
};

static struct listener *listener_of(struct serio *serio)
{
	return serio->dev.driver_data;
}

void serio_register_port(struct serio *serio)
{
	spin_lock_init(&serio->lock);
	mutex_lock(&serio_mutex);
	list_add_tail(&serio->node, &ports);
	mutex_unlock(&serio_mutex);
	kit_count(KIT_WHAT_REGISTRATION, 1);
}

static void drop_listener(struct serio *serio)
{
	struct listener *listener = listener_of(serio);

	serio->is_open = false;
	spin_lock_irq(&serio->lock);
	serio->dev.driver_data = NULL;
	spin_unlock_irq(&serio->lock);
	kfree(listener);
}

static void close_port(struct serio *serio)
{
	if (!serio->is_open)
		return;
	if (serio->close)
		serio->close(serio);
	drop_listener(serio);
}

void serio_unregister_port(struct serio *serio)
{
	mutex_lock(&serio_mutex);
	close_port(serio);
	list_del(&serio->node);
	mutex_unlock(&serio_mutex);
	kit_count(KIT_WHAT_REGISTRATION, -1);
	kfree(serio);
}

/* The keyboard has forgotten all: who has it open is opened anew. */
void serio_reconnect(struct serio *serio)
{
	mutex_lock(&serio_mutex);
	serio->reconnects++;
	if (serio->is_open) {
		if (serio->close)
			serio->close(serio);
		if (serio->open && serio->open(serio))
			drop_listener(serio);
	}
	mutex_unlock(&serio_mutex);
}

irqreturn_t serio_interrupt(struct serio *serio, unsigned char data, unsigned int flags)
{
	struct listener *listener;
	unsigned long irqflags;

	spin_lock_irqsave(&serio->lock, irqflags);
	listener = listener_of(serio);
	if (listener)
		listener->receive(listener->arg, data, flags);
	spin_unlock_irqrestore(&serio->lock, irqflags);
	return listener ? IRQ_HANDLED : IRQ_NONE;
}

/*
 * For programs
 */

static struct serio *find(unsigned int n)
{
	struct serio *serio;

	list_for_each_entry(serio, &ports, node)
		if (!n--)
			return serio;
	return NULL;
}

static int open_port(struct serio *serio, struct listener *listener)
{
	int err;

	if (serio->is_open)
		return -EBUSY;
	spin_lock_irq(&serio->lock);
	serio->dev.driver_data = listener;
	spin_unlock_irq(&serio->lock);
	err = serio->open ? serio->open(serio) : 0;
	if (err) {
		spin_lock_irq(&serio->lock);
		serio->dev.driver_data = NULL;
		spin_unlock_irq(&serio->lock);
	}
	serio->is_open = !err;
	return err;
}

int kit_serio_open(unsigned int n, void (*receive)(void *arg, kit_u8 data, unsigned int flags),
		   void *arg)
{
	struct listener *listener = kmalloc(sizeof(*listener), GFP_KERNEL);
	struct serio *serio;
	int err;

	if (!listener)
		return -ENOMEM;
	listener->receive = receive;
	listener->arg = arg;
	mutex_lock(&serio_mutex);
	serio = find(n);
	err = serio ? open_port(serio, listener) : -ENODEV;
	mutex_unlock(&serio_mutex);
	if (err)
		kfree(listener);
	return err;
}

int kit_serio_close(unsigned int n)
{
	struct serio *serio;

	mutex_lock(&serio_mutex);
	serio = find(n);
	if (serio)
		close_port(serio);
	mutex_unlock(&serio_mutex);
	return serio ? 0 : -ENODEV;
}

int kit_serio_write(unsigned int n, kit_u8 data)
{
	struct serio *serio;
	int err = -ENODEV;

	mutex_lock(&serio_mutex);
	serio = find(n);
	if (serio)
		err = !serio->is_open ? -EBADF : serio->write ? serio->write(serio, data) :
							       -EOPNOTSUPP;
	mutex_unlock(&serio_mutex);
	return err;
}
