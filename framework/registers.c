// SPDX-License-Identifier: GPL-2.0
/*
 * The device's operations: registers, sections, one-shot mode
 */
#include <linux/io.h>
#include <linux/module.h>

#include <asm/barrier.h>

#include "core.h"
#include "trace.h"

/*
 * Registers are used under RCU and only while the device is not gone, so that
 * those who hold a reference longer than the hardware exists find an error
 * instead of an unmapped page. Pairs with synchronize_rcu() in ivshmem_shut().
 *
 * Context: any. Return: 0, or -ENODEV once the device is gone.
 */
int ivshmem_write_register(struct ivshmem_core *core, unsigned int reg, u32 value)
{
	int err = -ENODEV;

	rcu_read_lock();
	if (!READ_ONCE(core->gone)) {
		iowrite32(value, core->regs + reg);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

/* Context: any. Return: the register, IVSHMEM_GONE once the device is gone. */
u32 ivshmem_read_register(struct ivshmem_core *core, unsigned int reg)
{
	u32 value = IVSHMEM_GONE;

	rcu_read_lock();
	if (!READ_ONCE(core->gone))
		value = ioread32(core->regs + reg);
	rcu_read_unlock();
	return value;
}

/**
 * ivshmem_doorbell() - interrupt a peer
 * @idev: the device
 * @peer: the peer's ID; our own is allowed
 * @vector: the vector to fire over there
 *
 * What was written to the shared memory before is visible to the peer when the
 * interrupt arrives. The interrupt is lost when the peer has none enabled at
 * that moment, and several may arrive as one.
 *
 * Context: any. Return: 0, -EINVAL for a peer or vector that cannot exist,
 * -ENODEV once the device is gone.
 */
int ivshmem_doorbell(struct ivshmem_device *idev, u32 peer, unsigned int vector)
{
	struct ivshmem_core *core = to_core(idev);

	if (peer >= idev->max_peers || vector >= idev->vectors)
		return -EINVAL;
	trace_ivshmem_doorbell(core, peer, vector);
	ivshmem_count(core, IVSHMEM_DOORBELLS);
	return ivshmem_write_register(core, IVSHMEM_REG_DOORBELL, peer << 16 | vector);
}
EXPORT_SYMBOL_GPL(ivshmem_doorbell);

/**
 * ivshmem_set_state() - set our own state, and tell the peers if it changed
 * @idev: the device
 * @state: meaning is the protocol's, but 0 is that of a peer that is not there
 *
 * Context: any; concurrent callers must agree among themselves on the order.
 * Return: 0, or -ENODEV once the device is gone.
 */
int ivshmem_set_state(struct ivshmem_device *idev, u32 state)
{
	struct ivshmem_core *core = to_core(idev);
	unsigned long flags;
	int err;

	trace_ivshmem_set_state(core, state);
	ivshmem_count(core, IVSHMEM_STATE_WRITES);
	raw_spin_lock_irqsave(&core->control_lock, flags);
	core->state = state;
	core->seen_state = 0;
	err = ivshmem_write_register(core, IVSHMEM_REG_STATE, state);
	raw_spin_unlock_irqrestore(&core->control_lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(ivshmem_set_state);

/**
 * ivshmem_peer_state() - a peer's state right now
 * @idev: the device
 * @peer: the peer's ID
 *
 * Context: any. Return: what the state table says; 0 for a peer that cannot
 * exist and when the device is dead or gone.
 */
u32 ivshmem_peer_state(const struct ivshmem_device *idev, u32 peer)
{
	struct ivshmem_core *core = to_core(idev);
	u32 state = 0;

	rcu_read_lock();
	if (peer < idev->max_peers && !READ_ONCE(core->gone) &&
	    !test_bit(IVSHMEM_DEAD, &core->flags))
		/* Pairs with the peer's state write, after what it announces. */
		state = le32_to_cpu(virt_load_acquire(&core->state_table[peer]));
	rcu_read_unlock();
	return state;
}
EXPORT_SYMBOL_GPL(ivshmem_peer_state);

static void set_priv_control(struct ivshmem_core *core, u8 value)
{
	pci_write_config_byte(core->pdev, core->cap + IVSHMEM_CAP_PRIV_CONTROL, value);
}

/* From the lock's end on nobody writes the register that a program is to write. */
static void flag_one_shot(struct ivshmem_core *core, bool on)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&core->control_lock, flags);
	assign_bit(IVSHMEM_ONE_SHOT, &core->flags, on);
	raw_spin_unlock_irqrestore(&core->control_lock, flags);
}

/**
 * ivshmem_set_one_shot() - switch one-shot mode, off at binding
 * @idev: the device
 * @on: each delivery disables further interrupts of all vectors until
 *	ivshmem_enable_interrupts() or a write to the Interrupt Control register
 *
 * Interrupts raised while they are disabled are lost: look at everything after
 * enabling them, also after switching the mode off.
 *
 * Context: process. Return: 0, or -ENODEV once the device is gone.
 */
int ivshmem_set_one_shot(struct ivshmem_device *idev, bool on)
{
	struct ivshmem_core *core = to_core(idev);

	if (READ_ONCE(core->gone))
		return -ENODEV;
	/* While the device has the mode, the flag says so: see is_ours(). */
	if (on)
		flag_one_shot(core, true);
	set_priv_control(core, on ? IVSHMEM_PRIV_ONE_SHOT : 0);
	if (!on)
		flag_one_shot(core, false);
	return 0;
}
EXPORT_SYMBOL_GPL(ivshmem_set_one_shot);

/*
 * The write is posted: what is rung after this, or after the look that follows
 * it, must not meet the 0. Holds control_lock. Any context.
 */
static int let_through(struct ivshmem_core *core)
{
	int err;

	lockdep_assert_held(&core->control_lock);
	err = ivshmem_write_register(core, IVSHMEM_REG_INT_CONTROL, IVSHMEM_INT_ENABLE);
	ivshmem_read_register(core, IVSHMEM_REG_INT_CONTROL);
	return err;
}

static int set_interrupts(struct ivshmem_core *core, bool on)
{
	unsigned long flags;
	int err = 0;

	raw_spin_lock_irqsave(&core->control_lock, flags);
	/* Not once ivshmem_events_off() has begun, which disables them after it took the plugin. */
	if (on && !READ_ONCE(core->plugin)) {
		err = READ_ONCE(core->gone) ? -ENODEV : 0;
		goto unlock;
	}
	assign_bit(IVSHMEM_INTERRUPTS, &core->flags, on);
	/* Who ends a hold sees what is wanted by then. */
	if (on && !test_bit(IVSHMEM_THROTTLED, &core->flags))
		err = let_through(core);
	else
		err = ivshmem_write_register(core, IVSHMEM_REG_INT_CONTROL, 0);
unlock:
	raw_spin_unlock_irqrestore(&core->control_lock, flags);
	return err;
}

/*
 * Let no interrupt through for a while. Not in one-shot mode, where each one
 * does that, nor while a self-test waits for each of its own. Any context.
 * Return: whether that while begins now; false where it has not ended yet, too.
 */
bool ivshmem_hold_interrupts(struct ivshmem_core *core)
{
	unsigned long flags;
	bool hold;

	raw_spin_lock_irqsave(&core->control_lock, flags);
	hold = test_bit(IVSHMEM_INTERRUPTS, &core->flags) &&
	       !test_bit(IVSHMEM_ONE_SHOT, &core->flags) &&
	       !test_bit(IVSHMEM_TESTING, &core->flags);
	if (hold) {
		/* Again, too: a program may have mapped the register. */
		ivshmem_write_register(core, IVSHMEM_REG_INT_CONTROL, 0);
		hold = !test_and_set_bit(IVSHMEM_THROTTLED, &core->flags);
	}
	raw_spin_unlock_irqrestore(&core->control_lock, flags);
	if (hold)
		ivshmem_count(core, IVSHMEM_THROTTLES);
	return hold;
}

/*
 * The while is over. In one-shot mode, which may have come in it, the program
 * enables them. Any context. Return: were they held, and are they still wanted?
 * Then everything has to be looked at.
 */
bool ivshmem_release_interrupts(struct ivshmem_core *core)
{
	unsigned long flags;
	bool held;

	raw_spin_lock_irqsave(&core->control_lock, flags);
	held = test_and_clear_bit(IVSHMEM_THROTTLED, &core->flags);
	if (held && test_bit(IVSHMEM_INTERRUPTS, &core->flags) &&
	    !test_bit(IVSHMEM_ONE_SHOT, &core->flags))
		let_through(core);
	held = held && test_bit(IVSHMEM_INTERRUPTS, &core->flags);
	raw_spin_unlock_irqrestore(&core->control_lock, flags);
	return held;
}

/**
 * ivshmem_enable_interrupts() - let interrupts through; in one-shot mode, the next
 * @idev: the device
 *
 * When it returns, the device has them enabled: a doorbell from then on raises
 * one, one before may not have. While they are held back, all of them count as
 * raised at the end of that.
 *
 * Context: any, once @probe or @resume has returned; until then it does nothing.
 * Return: 0, or -ENODEV once the device is gone.
 */
int ivshmem_enable_interrupts(struct ivshmem_device *idev)
{
	return set_interrupts(to_core(idev), true);
}
EXPORT_SYMBOL_GPL(ivshmem_enable_interrupts);

/**
 * ivshmem_disable_interrupts() - let no interrupt through
 * @idev: the device
 *
 * Those raised meanwhile are lost. A handler may still be running on another CPU.
 *
 * Context: any. Return: 0, or -ENODEV once the device is gone.
 */
int ivshmem_disable_interrupts(struct ivshmem_device *idev)
{
	return set_interrupts(to_core(idev), false);
}
EXPORT_SYMBOL_GPL(ivshmem_disable_interrupts);

/* For a self-test, whoever wants them or not. Process context. */
void ivshmem_force_interrupts(struct ivshmem_core *core)
{
	raw_spin_lock_irq(&core->control_lock);
	set_bit(IVSHMEM_TESTING, &core->flags);
	ivshmem_write_register(core, IVSHMEM_REG_INT_CONTROL, IVSHMEM_INT_ENABLE);
	raw_spin_unlock_irq(&core->control_lock);
}

/*
 * After the self-test: as the plugin wants them, but left alone in one-shot
 * mode, where a program may have written the register. Process context.
 */
void ivshmem_restore_interrupts(struct ivshmem_core *core)
{
	raw_spin_lock_irq(&core->control_lock);
	clear_bit(IVSHMEM_TESTING, &core->flags);
	if (!test_bit(IVSHMEM_INTERRUPTS, &core->flags) &&
	    !test_bit(IVSHMEM_ONE_SHOT, &core->flags))
		ivshmem_write_register(core, IVSHMEM_REG_INT_CONTROL, 0);
	raw_spin_unlock_irq(&core->control_lock);
}

/*
 * Has the device lost what was written to it? In one-shot mode, where each
 * interrupt disables the next, the mode tells. Process context.
 */
bool ivshmem_looks_reset(struct ivshmem_core *core)
{
	bool reset;
	u8 mode;

	if (test_bit(IVSHMEM_ONE_SHOT, &core->flags))
		return !pci_read_config_byte(core->pdev, core->cap + IVSHMEM_CAP_PRIV_CONTROL,
					     &mode) && !(mode & IVSHMEM_PRIV_ONE_SHOT);

	raw_spin_lock_irq(&core->control_lock);
	reset = test_bit(IVSHMEM_INTERRUPTS, &core->flags) &&
		!test_bit(IVSHMEM_THROTTLED, &core->flags) &&
		!(ivshmem_read_register(core, IVSHMEM_REG_INT_CONTROL) & IVSHMEM_INT_ENABLE);
	raw_spin_unlock_irq(&core->control_lock);
	return reset;
}

/*
 * Is the own state 0, though another one was the last that we wrote, or that we
 * found? A reset does that, and it stays, while a program or the end of a hold may
 * have enabled interrupts again by now. A program that writes 0 itself looks the
 * same. Not the state table: some devices let peers write there. Process context.
 */
bool ivshmem_lost_state(struct ivshmem_core *core)
{
	bool lost;
	u32 now;

	raw_spin_lock_irq(&core->control_lock);
	now = ivshmem_read_register(core, IVSHMEM_REG_STATE);
	lost = (core->state || core->seen_state) && !now;
	core->seen_state = now;
	raw_spin_unlock_irq(&core->control_lock);
	return lost;
}

/* Write to the device again what it has lost. Process context. */
void ivshmem_restore(struct ivshmem_core *core)
{
	raw_spin_lock_irq(&core->control_lock);
	trace_ivshmem_set_state(core, core->state);
	ivshmem_count(core, IVSHMEM_STATE_WRITES);
	ivshmem_write_register(core, IVSHMEM_REG_STATE, core->state);
	if (test_bit(IVSHMEM_INTERRUPTS, &core->flags) &&
	    !test_bit(IVSHMEM_THROTTLED, &core->flags))
		let_through(core);
	raw_spin_unlock_irq(&core->control_lock);
}

/* Leave the device as it is after a reset. Process context, events are off. */
void ivshmem_quiet(struct ivshmem_core *core)
{
	ivshmem_set_state(&core->idev, 0);
	ivshmem_disable_interrupts(&core->idev);
	set_priv_control(core, 0);
	clear_bit(IVSHMEM_ONE_SHOT, &core->flags);
}

/*
 * The last word to the device: quiet, and from now on nobody touches a
 * register. Users of registers see it gone or are waited for here; pairs with
 * ivshmem_write_register() and its like. Process context, events are off.
 */
void ivshmem_shut(struct ivshmem_core *core)
{
	WRITE_ONCE(core->gone, true);
	synchronize_rcu();
	iowrite32(0, core->regs + IVSHMEM_REG_STATE);
	iowrite32(0, core->regs + IVSHMEM_REG_INT_CONTROL);
	set_priv_control(core, 0);
}

/*
 * Sections
 */

/* Is the MSI-X table, or the PBA, as @reg of the capability tells, in the register page? */
static bool shares_page(struct pci_dev *pdev, int reg)
{
	u32 value;

	if (!pdev->msix_cap)
		return false;
	pci_read_config_dword(pdev, pdev->msix_cap + reg, &value);
	return !(value & PCI_MSIX_TABLE_BIR) && (value & PCI_MSIX_TABLE_OFFSET) < PAGE_SIZE;
}

/**
 * ivshmem_registers() - the device's register page
 * @idev: the device
 *
 * For programs to map; a plugin uses the operations above. Its size is 0 where
 * the registers are I/O ports, or share a page with something else.
 *
 * Context: process.
 */
struct ivshmem_section ivshmem_registers(const struct ivshmem_device *idev)
{
	const struct ivshmem_core *core = to_core(idev);
	const struct resource *bar = &core->pdev->resource[0];

	if (!(bar->flags & IORESOURCE_MEM) || !PAGE_ALIGNED(bar->start) ||
	    resource_size(bar) < PAGE_SIZE || shares_page(core->pdev, PCI_MSIX_TABLE) ||
	    shares_page(core->pdev, PCI_MSIX_PBA))
		return (struct ivshmem_section) { };
	return (struct ivshmem_section) {
		.start = bar->start,
		.size = PAGE_SIZE,
		.writable = true,
		.registers = true,
	};
}
EXPORT_SYMBOL_GPL(ivshmem_registers);

/**
 * ivshmem_state_table() - the section that holds all peers' states
 * @idev: the device
 *
 * Plugins hardly need it, as changes are told to them.
 */
struct ivshmem_section ivshmem_state_table(const struct ivshmem_device *idev)
{
	const struct ivshmem_core *core = to_core(idev);

	return (struct ivshmem_section) {
		.start = core->base,
		.size = core->state_size,
	};
}
EXPORT_SYMBOL_GPL(ivshmem_state_table);

/**
 * ivshmem_rw_section() - the section that all peers may write
 * @idev: the device
 *
 * Its size may be 0.
 */
struct ivshmem_section ivshmem_rw_section(const struct ivshmem_device *idev)
{
	const struct ivshmem_core *core = to_core(idev);

	return (struct ivshmem_section) {
		.start = core->base + core->state_size,
		.size = core->rw_size,
		.writable = true,
	};
}
EXPORT_SYMBOL_GPL(ivshmem_rw_section);

/**
 * ivshmem_output_section() - the section that only @peer may write
 * @idev: the device
 * @peer: the peer's ID
 *
 * Its size may be 0, and is for a peer that cannot exist.
 */
struct ivshmem_section ivshmem_output_section(const struct ivshmem_device *idev, u32 peer)
{
	const struct ivshmem_core *core = to_core(idev);

	if (peer >= idev->max_peers)
		return (struct ivshmem_section) { };
	return (struct ivshmem_section) {
		.start = core->base + core->state_size + core->rw_size + peer * core->output_size,
		.size = core->output_size,
		.writable = peer == idev->id,
	};
}
EXPORT_SYMBOL_GPL(ivshmem_output_section);

/* In a guest whose memory is encrypted, the peer's is not. */
static void *map(const struct ivshmem_section *section)
{
	if (!section->size || section->size > SIZE_MAX)
		return NULL;
	return memremap(section->start, section->size, MEMREMAP_WB | MEMREMAP_DEC);
}

/**
 * ivshmem_map_section() - map a section that we may write
 * @section: the section
 *
 * Context: process. Return: the kernel virtual address, NULL when the section
 * is absent or not writable, or when there is no room. To be undone by
 * ivshmem_unmap_section(), in the plugin's remove at the latest.
 */
void *ivshmem_map_section(const struct ivshmem_section *section)
{
	return section->writable ? map(section) : NULL;
}
EXPORT_SYMBOL_GPL(ivshmem_map_section);

/**
 * ivshmem_map_section_ro() - map a section for reading
 * @section: the section
 *
 * The kernel exports no way to map device memory read-only on all
 * architectures, so const is what keeps writers away.
 *
 * Context, return: see ivshmem_map_section().
 */
const void *ivshmem_map_section_ro(const struct ivshmem_section *section)
{
	return map(section);
}
EXPORT_SYMBOL_GPL(ivshmem_map_section_ro);

/**
 * ivshmem_unmap_section() - undo one of the above
 * @base: what it returned; NULL is allowed
 *
 * Context: process.
 */
void ivshmem_unmap_section(const void *base)
{
	if (base)
		memunmap((void *)base);
}
EXPORT_SYMBOL_GPL(ivshmem_unmap_section);
