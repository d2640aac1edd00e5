/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_INTERRUPT_H
#define _HOSTED_LINUX_INTERRUPT_H

#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/irqreturn.h>
#include <linux/list.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define IRQF_TRIGGER_NONE	0x00000000
#define IRQF_TRIGGER_RISING	0x00000001
#define IRQF_TRIGGER_FALLING	0x00000002
#define IRQF_TRIGGER_HIGH	0x00000004
#define IRQF_TRIGGER_LOW	0x00000008
#define IRQF_TRIGGER_MASK	0x0000000f
#define IRQF_SHARED		0x00000080
#define IRQF_ONESHOT		0x00002000
#define IRQF_NO_SUSPEND		0x00004000
#define IRQF_NO_AUTOEN		0x00080000
#define IRQF_NO_THREAD		0x00010000

typedef irqreturn_t (*irq_handler_t)(int irq, void *dev_id);

extern unsigned int nr_irqs;

struct device;

int __must_check request_threaded_irq(unsigned int irq, irq_handler_t handler, irq_handler_t thread,
				      unsigned long flags, const char *name, void *dev_id);
const void *free_irq(unsigned int irq, void *dev_id);
int __must_check devm_request_threaded_irq(struct device *dev, unsigned int irq,
					   irq_handler_t handler, irq_handler_t thread,
					   unsigned long flags, const char *name, void *dev_id);
void irq_wake_thread(unsigned int irq, void *dev_id);
void synchronize_irq(unsigned int irq);
void disable_irq(unsigned int irq);
void disable_irq_nosync(unsigned int irq);
void enable_irq(unsigned int irq);

#define request_irq(_irq, _handler, _flags, _name, _dev) \
	request_threaded_irq(_irq, _handler, NULL, _flags, _name, _dev)
#define devm_request_irq(_d, _irq, _handler, _flags, _name, _dev) \
	devm_request_threaded_irq(_d, _irq, _handler, NULL, _flags, _name, _dev)

/* Softirqs: put off by an interrupt handler, run when it is through */
enum {
	HI_SOFTIRQ, TIMER_SOFTIRQ, NET_TX_SOFTIRQ, NET_RX_SOFTIRQ, TASKLET_SOFTIRQ,
	HRTIMER_SOFTIRQ, RCU_SOFTIRQ, NR_SOFTIRQS
};

void open_softirq(int nr, void (*action)(void));
void raise_softirq(unsigned int nr);
void raise_softirq_irqoff(unsigned int nr);

struct tasklet_struct {
	struct tasklet_struct *next;
	unsigned long state;
	atomic_t count;
	bool use_callback;
	union {
		void (*func)(unsigned long data);
		void (*callback)(struct tasklet_struct *t);
	};
	unsigned long data;
};

enum { TASKLET_STATE_SCHED, TASKLET_STATE_RUN };

#define DECLARE_TASKLET(_name, _callback) \
	struct tasklet_struct _name = { .callback = _callback, .use_callback = true }
#define from_tasklet(_var, _t, _m)	container_of(_t, typeof(*(_var)), _m)

void tasklet_init(struct tasklet_struct *t, void (*func)(unsigned long), unsigned long data);
void tasklet_setup(struct tasklet_struct *t, void (*callback)(struct tasklet_struct *));
void __tasklet_schedule(struct tasklet_struct *t);
void tasklet_schedule(struct tasklet_struct *t);
void tasklet_kill(struct tasklet_struct *t);
void tasklet_disable(struct tasklet_struct *t);
void tasklet_disable_nosync(struct tasklet_struct *t);
void tasklet_enable(struct tasklet_struct *t);

#endif
