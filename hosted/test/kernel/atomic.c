// SPDX-License-Identifier: GPL-2.0
/*
 * R19: what is legal with interrupts off, as the table in Documentation/hosted.md has it
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "test/test.h"

#define LINE	5
#define BASE	0x80000000

static void locks(void)
{
	static DEFINE_SPINLOCK(spin);
	static DEFINE_RWLOCK(rwlock);
	static DEFINE_SEMAPHORE(sem, 1);

	spin_lock(&spin);
	spin_unlock(&spin);
	CHECK(spin_trylock(&spin));
	spin_unlock(&spin);
	read_lock(&rwlock);
	read_unlock(&rwlock);
	write_lock(&rwlock);
	write_unlock(&rwlock);
	CHECK_EQ(down_trylock(&sem), 0);
	up(&sem);
	rcu_read_lock();
	rcu_read_unlock();
}

static void memory(void)
{
	unsigned long page = __get_free_pages(GFP_ATOMIC, 0);
	void *some = kmalloc(100, GFP_ATOMIC), *zeroes = kzalloc(100, GFP_ATOMIC);

	CHECK(some && zeroes && page);
	kfree(some);
	kfree(zeroes);
	free_pages(page, 0);
}

static void time_and_output(void)
{
	unsigned long now = jiffies;
	ktime_t start = ktime_get();

	udelay(1);
	CHECK(ktime_get() > start);
	CHECK(time_after_eq(jiffies, now));
	printk("with interrupts off\n");
	CHECK(test_logged("with interrupts off"));
}

static u32 reg = 42;

static u64 read_register(void *device, u64 offset, unsigned int width)
{
	return reg;
}

static void write_register(void *device, u64 offset, unsigned int width, u64 value)
{
	reg = value;
}

static void device(void __iomem *regs)
{
	CHECK_EQ(readl(regs), 42);
	writel(43, regs);
	CHECK_EQ(reg, 43);
	disable_irq_nosync(LINE);
	enable_irq(LINE);
}

/* What is put off; whoever comes last completes. */
static struct {
	atomic_t left;
	struct completion done;
	struct wait_queue_head queue;
	struct wait_queue_entry parked;
	struct timer_list timer;
	struct hrtimer hrtimer;
	struct work_struct work;
	struct tasklet_struct tasklet;
	struct rcu_head rcu;
} later;

static int count(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	if (atomic_dec_and_test(&later.left))
		complete(&later.done);
	return 1;
}

static void on_timer(struct timer_list *timer)
{
	count(NULL, 0, 0, NULL);
}

static enum hrtimer_restart on_hrtimer(struct hrtimer *timer)
{
	count(NULL, 0, 0, NULL);
	return HRTIMER_NORESTART;
}

static void on_work(struct work_struct *work)
{
	count(NULL, 0, 0, NULL);
}

static void on_tasklet(unsigned long data)
{
	count(NULL, 0, 0, NULL);
}

static void on_rcu(struct rcu_head *rcu)
{
	count(NULL, 0, 0, NULL);
}

static void prepare(void)
{
	atomic_set(&later.left, 6);
	init_completion(&later.done);
	init_waitqueue_head(&later.queue);
	init_waitqueue_func_entry(&later.parked, count);
	add_wait_queue(&later.queue, &later.parked);
	timer_setup(&later.timer, on_timer, 0);
	hrtimer_setup(&later.hrtimer, on_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	INIT_WORK(&later.work, on_work);
	tasklet_init(&later.tasklet, on_tasklet, 0);
}

static void put_off(void)
{
	mod_timer(&later.timer, jiffies + 1000 * HZ);
	CHECK_EQ(timer_delete(&later.timer), 1);
	mod_timer(&later.timer, jiffies + 1);
	hrtimer_start(&later.hrtimer, 1000, HRTIMER_MODE_REL);
	schedule_work(&later.work);
	tasklet_schedule(&later.tasklet);
	call_rcu(&later.rcu, on_rcu);
	wake_up(&later.queue);
	complete(&later.done);
	CHECK(try_wait_for_completion(&later.done));
}

static irqreturn_t on_irq(int irq, void *dev_id)
{
	return IRQ_HANDLED;
}

HOSTED_TEST_EACH(r19_what_is_legal_with_interrupts_off_works)
{
	static const struct kit_device_ops ops = { read_register, write_register };
	void __iomem *regs;
	unsigned long flags;

	REQUIRE(!kit_grant_device(BASE, 64, "device", &ops, NULL));
	REQUIRE(!request_irq(LINE, on_irq, 0, "device", &later));
	regs = ioremap(BASE, 64);
	REQUIRE(regs);
	prepare();
	local_irq_save(flags);
	locks();
	memory();
	time_and_output();
	device(regs);
	put_off();
	CHECK(irqs_disabled());
	local_irq_restore(flags);
	CHECK(!irqs_disabled());
	CHECK(wait_for_completion_timeout(&later.done, msecs_to_jiffies(PATIENCE)));
	iounmap(regs);
	free_irq(LINE, &later);
}
