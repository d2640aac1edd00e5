// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt vectors: requested once per device, handed to the plugin in place
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/module.h>

#include "core.h"
#include "trace.h"

/* How long the self-test waits for a vector, milliseconds */
#define SELF_TEST_WAIT	200

static unsigned int max_interrupts = 100000;
module_param(max_interrupts, uint, 0644);
MODULE_PARM_DESC(max_interrupts,
		 "Interrupts a second that one device may cause, spread over the ticks; 0: no limit (100000)");

/*
 * The interrupt pin has no status bit: it may be shared, and is taken for ours
 * whenever we can have interrupted, for which one-shot mode leaves no trace. Some
 * machines deassert it only when a register is touched.
 */
static bool is_ours(struct ivshmem_core *core)
{
	u32 control = ivshmem_read_register(core, IVSHMEM_REG_INT_CONTROL);

	return control != IVSHMEM_GONE &&
	       (control & IVSHMEM_INT_ENABLE || test_bit(IVSHMEM_ONE_SHOT, &core->flags));
}

static void tell(struct ivshmem_core *core, struct ivshmem_driver *plugin, unsigned int vector)
{
	if (!vector)
		queue_delayed_work(system_highpri_wq, &core->events,
				   time_before(jiffies, READ_ONCE(core->events_next)));
	if (plugin->interrupt)
		plugin->interrupt(&core->idev, vector);
}

/*
 * With PREEMPT_RT, plugins are told by a thread. The limit is not left to it: a
 * peer may ring while tasks of a higher priority have all of its CPU. A shared
 * pin has to stay masked until the thread has run, which the kernel does where
 * all of its handlers are threads.
 */
static bool needs_thread(struct ivshmem_core *core)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) && !core->intx;
}

static enum hrtimer_mode throttle_mode(struct ivshmem_core *core)
{
	return needs_thread(core) ? HRTIMER_MODE_REL_HARD : HRTIMER_MODE_REL;
}

/* Once for many: while it has no CPU, the kernel would take interrupts for nobody's. */
static bool has_to_wake(struct ivshmem_vector *vector)
{
	return !atomic_xchg(&vector->due, true);
}

/*
 * Each doorbell is an interrupt, and a peer may ring as fast as it can. Once a
 * tick has had its share, the device is told to raise no more of them until the
 * next one. The tick is a rough measure, but free; CPUs that find a new one at
 * the same time may count a few too few.
 */
static void throttle(struct ivshmem_core *core)
{
	unsigned int limit = READ_ONCE(max_interrupts);
	unsigned long now = jiffies;

	if (READ_ONCE(core->tick) != now) {
		WRITE_ONCE(core->tick, now);
		atomic_set(&core->in_tick, 0);
	}
	if (!limit || atomic_inc_return(&core->in_tick) <= (limit - 1) / HZ)
		return;
	if (ivshmem_hold_interrupts(core))
		hrtimer_start(&core->throttle, ns_to_ktime(TICK_NSEC), throttle_mode(core));
}

/* What was not raised meanwhile is lost, so every vector may have been rung. */
static enum hrtimer_restart end_throttle(struct hrtimer *timer)
{
	struct ivshmem_core *core = container_of(timer, struct ivshmem_core, throttle);
	/* Pairs with the release in ivshmem_events_on(). */
	struct ivshmem_driver *plugin = smp_load_acquire(&core->plugin);
	unsigned int i;

	if (!plugin || !ivshmem_release_interrupts(core))
		return HRTIMER_NORESTART;
	for (i = 0; i < core->idev.vectors; i++) {
		if (!needs_thread(core))
			tell(core, plugin, i);
		else if (has_to_wake(&core->vector[i]))
			irq_wake_thread(core->vector[i].irq, &core->vector[i]);
	}
	return HRTIMER_NORESTART;
}

static irqreturn_t vector_interrupt(int irq, void *data)
{
	struct ivshmem_vector *vector = data;
	struct ivshmem_core *core = vector->core;
	/* Pairs with the release in ivshmem_events_on(). */
	struct ivshmem_driver *plugin = smp_load_acquire(&core->plugin);

	if (core->intx && !is_ours(core))
		return IRQ_NONE;
	trace_ivshmem_interrupt(core, vector->index, plugin);
	WRITE_ONCE(vector->fired, vector->fired + 1);
	WRITE_ONCE(vector->tested, true);
	if (!plugin)
		return core->intx ? IRQ_NONE : IRQ_HANDLED;

	throttle(core);
	if (!needs_thread(core)) {
		tell(core, plugin, vector->index);
		return IRQ_HANDLED;
	}
	return has_to_wake(vector) ? IRQ_WAKE_THREAD : IRQ_HANDLED;
}

/* As the kernel's own threads for handlers, with bottom halves disabled */
static irqreturn_t vector_thread(int irq, void *data)
{
	struct ivshmem_vector *vector = data;
	struct ivshmem_driver *plugin;

	/* What is rung from here on wakes again. */
	atomic_xchg(&vector->due, false);
	/* Pairs with the release in ivshmem_events_on(). */
	plugin = smp_load_acquire(&vector->core->plugin);
	if (plugin) {
		local_bh_disable();
		tell(vector->core, plugin, vector->index);
		local_bh_enable();
	}
	return IRQ_HANDLED;
}

static int alloc_vectors(struct ivshmem_core *core)
{
	struct device *dev = &core->pdev->dev;
	int table = pci_msix_vec_count(core->pdev);
	int err, i;

	err = pci_alloc_irq_vectors(core->pdev, 1, max(table, 1), PCI_IRQ_MSIX | PCI_IRQ_INTX);
	if (err < 0)
		return dev_err_probe(dev, err,
				     "no interrupts: MSI-X table has %d entries, interrupt pin is %u\n",
				     max(table, 0), core->pdev->pin);
	core->intx = !core->pdev->msix_enabled;
	core->idev.vectors = err;
	core->table = max(table, 0);
	if (table > err)
		dev_warn(dev, "only %d of %d vectors are available\n", err, table);

	hrtimer_setup(&core->throttle, end_throttle, CLOCK_MONOTONIC, throttle_mode(core));
	core->vector = devm_kcalloc(dev, core->idev.vectors, sizeof(*core->vector), GFP_KERNEL);
	if (!core->vector) {
		pci_free_irq_vectors(core->pdev);
		return -ENOMEM;
	}
	for (i = 0; i < core->idev.vectors; i++) {
		core->vector[i].core = core;
		core->vector[i].index = i;
		core->vector[i].irq = pci_irq_vector(core->pdev, i);
		snprintf(core->vector[i].name, sizeof(core->vector[i].name), "%s-%u",
			 dev_name(&core->idev.dev), i);
	}
	return 0;
}

static int request_vector(struct ivshmem_core *core, struct ivshmem_vector *vector)
{
	if (needs_thread(core))
		return request_threaded_irq(vector->irq, vector_interrupt, vector_thread,
					    IRQF_NO_THREAD, vector->name, vector);
	return request_irq(vector->irq, vector_interrupt, core->intx ? IRQF_SHARED : 0,
			   vector->name, vector);
}

/*
 * Process context. Sets idev.vectors, to fewer than the device has where that
 * is all there are. The reason for a failure is logged.
 */
int ivshmem_request_vectors(struct ivshmem_core *core)
{
	unsigned int i;
	int err;

	err = alloc_vectors(core);
	if (err)
		return err;
	for (i = 0; i < core->idev.vectors; i++) {
		err = request_vector(core, &core->vector[i]);
		if (err)
			break;
	}
	if (!err)
		return 0;
	if (!i) {
		dev_err(&core->pdev->dev, "cannot request vector 0 of %u: %d\n",
			core->idev.vectors, err);
		pci_free_irq_vectors(core->pdev);
		return err;
	}
	/* CPUs have a limited number of them; whether these do is the plugin's to say. */
	dev_warn(&core->pdev->dev, "only %u of %u vectors can be requested: %d\n", i,
		 core->idev.vectors, err);
	core->idev.vectors = i;
	return 0;
}

/* Process context. Events are off. */
void ivshmem_free_vectors(struct ivshmem_core *core)
{
	unsigned int i;

	for (i = 0; i < core->idev.vectors; i++)
		free_irq(core->vector[i].irq, &core->vector[i]);
	pci_free_irq_vectors(core->pdev);
}

/* When this returns, no handler is running that saw a plugin. Process context, there is none. */
void ivshmem_synchronize_vectors(struct ivshmem_core *core)
{
	unsigned int i;

	for (i = 0; i < core->idev.vectors; i++)
		synchronize_irq(core->vector[i].irq);
	/* What it may have woken finds no plugin. */
	hrtimer_cancel(&core->throttle);
	clear_bit(IVSHMEM_THROTTLED, &core->flags);
}

static int count_arrived(struct ivshmem_core *core, unsigned int *first_lost)
{
	int arrived = 0;
	unsigned int i;

	*first_lost = core->idev.vectors;
	for (i = 0; i < core->idev.vectors; i++)
		if (READ_ONCE(core->vector[i].tested))
			arrived++;
		else if (*first_lost == core->idev.vectors)
			*first_lost = i;
	return arrived;
}

/*
 * Ring each of our own vectors and see whether it arrives. A plugin that is
 * bound gets these interrupts too, and finds nothing to do.
 *
 * Context: process, device lock held. Return: how many arrived, or -EBUSY in
 * one-shot mode, where interrupts belong to a program.
 */
int ivshmem_self_test(struct ivshmem_core *core)
{
	int arrived, wait;
	unsigned int i;

	device_lock_assert(&core->idev.dev);
	if (test_bit(IVSHMEM_ONE_SHOT, &core->flags))
		return -EBUSY;
	ivshmem_force_interrupts(core);
	for (i = 0; i < core->idev.vectors; i++) {
		WRITE_ONCE(core->vector[i].tested, false);
		ivshmem_doorbell(&core->idev, core->idev.id, i);
	}
	for (wait = 0; wait < SELF_TEST_WAIT; wait++) {
		arrived = count_arrived(core, &i);
		if (i == core->idev.vectors)
			break;
		usleep_range(1000, 1500);
	}
	if (i < core->idev.vectors)
		dev_err(&core->idev.dev, "self-test: %d of %u vectors arrived within %u ms, the first that did not is %u\n",
			arrived, core->idev.vectors, SELF_TEST_WAIT, i);
	ivshmem_restore_interrupts(core);
	return arrived;
}
