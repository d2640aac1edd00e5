// SPDX-License-Identifier: GPL-2.0
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "base.h"

static DEFINE_SPINLOCK(spin);
static DEFINE_MUTEX(mutex);

#define BENCH(_name, _body)								\
static kit_u64 _name(kit_u64 rounds)							\
{											\
	kit_u64 start = bench_clock(), i;						\
											\
	for (i = 0; i < rounds; i++) {							\
		_body;									\
	}										\
	return bench_clock() - start;							\
}

BENCH(lock, spin_lock(&spin); spin_unlock(&spin))
BENCH(lock_irqsave, unsigned long flags; spin_lock_irqsave(&spin, flags);
	spin_unlock_irqrestore(&spin, flags))
BENCH(lock_mutex, mutex_lock(&mutex); mutex_unlock(&mutex))
BENCH(read_rcu, rcu_read_lock(); rcu_read_unlock())
BENCH(atomic_memory, kfree(kmalloc(256, GFP_ATOMIC)))
BENCH(memory, kfree(kmalloc(256, GFP_KERNEL)))
BENCH(who, barrier(); __asm__ volatile("" : : "r" (kit_current())))

static u64 read_register(void *device, u64 offset, unsigned int width)
{
	return offset;
}

static void write_register(void *device, u64 offset, unsigned int width, u64 value)
{
}

static const struct kit_device_ops ops = { read_register, write_register };

static void __iomem *registers(void)
{
	static void __iomem *regs;

	if (!regs) {
		kit_grant_device(0x1000, 64, "bench", &ops, NULL);
		regs = ioremap(0x1000, 64);
	}
	return regs;
}

static kit_u64 mmio(kit_u64 rounds)
{
	void __iomem *regs = registers();
	kit_u64 start = bench_clock(), i;

	for (i = 0; i < rounds; i++)
		readl(regs + 8);
	return bench_clock() - start;
}

#define LINE	7

static DECLARE_COMPLETION(handled);

static irqreturn_t handler(int irq, void *dev_id)
{
	complete(&handled);
	return IRQ_HANDLED;
}

/* Raised, handled, and the thread that waited for it runs again. */
static kit_u64 interrupts(kit_u64 rounds)
{
	kit_u64 start, i;

	if (request_irq(LINE, handler, 0, "bench", &handled))
		return 0;
	start = bench_clock();
	for (i = 0; i < rounds; i++) {
		kit_irq_raise(LINE);
		wait_for_completion(&handled);
	}
	start = bench_clock() - start;
	free_irq(LINE, &handled);
	return start;
}

static void do_work(struct work_struct *work)
{
}

static DECLARE_WORK(bench_work, do_work);

BENCH(work, schedule_work(&bench_work); flush_work(&bench_work))

const struct bench benches[] = {
	{ lock, 10000, "spin_lock, spin_unlock" },
	{ lock_irqsave, 10000, "spin_lock_irqsave, spin_unlock_irqrestore" },
	{ lock_mutex, 10000, "mutex_lock, mutex_unlock" },
	{ read_rcu, 10000, "rcu_read_lock, rcu_read_unlock" },
	{ who, 10000, "who am I, by the stack pointer" },
	{ atomic_memory, 5000, "kmalloc, kfree with GFP_ATOMIC" },
	{ memory, 5000, "kmalloc, kfree with GFP_KERNEL" },
	{ mmio, 10000, "readl() of a model's register" },
	{ interrupts, 100, "interrupt: raise, handler, wake-up" },
	{ work, 100, "work: queue, run, flush" },
	{ }
};
