/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_TIMER_H
#define _HOSTED_LINUX_TIMER_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/types.h>

struct timer_list {
	struct list_head entry;		/* in order of expiry; next NULL where it is not pending */
	unsigned long expires;		/* jiffies */
	void (*function)(struct timer_list *timer);
	u32 flags;
};

#define TIMER_IRQSAFE		0x00200000

#define __TIMER_INITIALIZER(_function, _flags) { .function = (_function), .flags = (_flags) }
#define DEFINE_TIMER(_name, _function) \
	struct timer_list _name = __TIMER_INITIALIZER(_function, 0)
#define timer_setup(_t, _function, _flags) \
	(*(_t) = (struct timer_list)__TIMER_INITIALIZER(_function, _flags))
#define timer_container_of(_var, _t, _field)	container_of(_t, typeof(*(_var)), _field)
#define from_timer(_var, _t, _field)		timer_container_of(_var, _t, _field)

void add_timer(struct timer_list *timer);
int mod_timer(struct timer_list *timer, unsigned long expires);
int timer_reduce(struct timer_list *timer, unsigned long expires);
int timer_delete(struct timer_list *timer);
int timer_delete_sync(struct timer_list *timer);
int timer_shutdown_sync(struct timer_list *timer);

#define del_timer(_t)		timer_delete(_t)
#define del_timer_sync(_t)	timer_delete_sync(_t)

static inline int timer_pending(const struct timer_list *timer)
{
	return READ_ONCE(timer->entry.next) != NULL;
}

#endif
