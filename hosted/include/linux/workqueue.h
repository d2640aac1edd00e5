/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_WORKQUEUE_H
#define _HOSTED_LINUX_WORKQUEUE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/timer.h>
#include <linux/types.h>

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	struct list_head entry;
	work_func_t func;
	struct workqueue_struct *wq;	/* where it is queued, or was last */
	unsigned long state;
	unsigned long seq;		/* of its last queueing */
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	struct workqueue_struct *wq;
};

enum { WORK_PENDING_BIT, WORK_CANCELING_BIT };

/* work_busy() */
#define WORK_BUSY_PENDING	1
#define WORK_BUSY_RUNNING	2

#define WQ_UNBOUND		0x002
#define WQ_FREEZABLE		0x004
#define WQ_MEM_RECLAIM		0x008
#define WQ_HIGHPRI		0x010
#define __WQ_ORDERED		0x20000
#define WORK_CPU_UNBOUND	0

#define __WORK_INITIALIZER(_n, _f) { .entry = LIST_HEAD_INIT((_n).entry), .func = (_f) }
#define DECLARE_WORK(_n, _f)	struct work_struct _n = __WORK_INITIALIZER(_n, _f)
#define DECLARE_DELAYED_WORK(_n, _f)							\
	struct delayed_work _n = {							\
		.work = __WORK_INITIALIZER((_n).work, _f),				\
		.timer = __TIMER_INITIALIZER(delayed_work_timer_fn, TIMER_IRQSAFE),	\
	}
#define INIT_WORK(_w, _f) do {								\
	*(_w) = (struct work_struct)__WORK_INITIALIZER(*(_w), _f);			\
} while (0)
#define INIT_DELAYED_WORK(_w, _f) do {							\
	INIT_WORK(&(_w)->work, _f);							\
	timer_setup(&(_w)->timer, delayed_work_timer_fn, TIMER_IRQSAFE);		\
	(_w)->wq = NULL;								\
} while (0)
#define to_delayed_work(_w)		container_of(_w, struct delayed_work, work)
#define work_pending(_w)		test_bit(WORK_PENDING_BIT, &(_w)->state)
#define delayed_work_pending(_w)	work_pending(&(_w)->work)

extern struct workqueue_struct *system_wq;
extern struct workqueue_struct *system_highpri_wq;
extern struct workqueue_struct *system_long_wq;
extern struct workqueue_struct *system_unbound_wq;
extern struct workqueue_struct *system_freezable_wq;
extern struct workqueue_struct *system_power_efficient_wq;
extern struct workqueue_struct *system_percpu_wq;
extern struct workqueue_struct *system_dfl_wq;

struct workqueue_struct *alloc_workqueue(const char *fmt, unsigned int flags, int max_active, ...)
	__printf(1, 4);
void destroy_workqueue(struct workqueue_struct *wq);
void delayed_work_timer_fn(struct timer_list *timer);
bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *work,
			   unsigned long delay);
bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *work,
			 unsigned long delay);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *work);
bool cancel_delayed_work_sync(struct delayed_work *work);
bool flush_work(struct work_struct *work);
void __flush_workqueue(struct workqueue_struct *wq);
unsigned int work_busy(struct work_struct *work);
struct work_struct *current_work(void);

#define alloc_ordered_workqueue(_fmt, _flags, _args...) \
	alloc_workqueue(_fmt, (_flags) | __WQ_ORDERED, 1, ##_args)
#define create_singlethread_workqueue(_name)	alloc_ordered_workqueue("%s", 0, _name)
#define flush_workqueue(_wq)			__flush_workqueue(_wq)
#define flush_scheduled_work()			__flush_workqueue(system_wq)
#define queue_work(_wq, _w)			queue_work_on(WORK_CPU_UNBOUND, _wq, _w)
#define schedule_work(_w)			queue_work(system_wq, _w)
#define queue_delayed_work(_wq, _w, _d)		queue_delayed_work_on(WORK_CPU_UNBOUND, _wq, _w, _d)
#define schedule_delayed_work(_w, _d)		queue_delayed_work(system_wq, _w, _d)
#define mod_delayed_work(_wq, _w, _d)		mod_delayed_work_on(WORK_CPU_UNBOUND, _wq, _w, _d)

#endif
