/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core's files know of each other
 */
#ifndef _IVSHMEM_CORE_H
#define _IVSHMEM_CORE_H

#include <linux/hrtimer.h>
#include <linux/pci.h>

#include <ivshmem.h>

/* Registers, offsets in BAR 0 */
#define IVSHMEM_REG_ID			0x00
#define IVSHMEM_REG_MAX_PEERS		0x04
#define IVSHMEM_REG_INT_CONTROL		0x08
#define IVSHMEM_REG_DOORBELL		0x0c
#define IVSHMEM_REG_STATE		0x10
#define IVSHMEM_REG_END			0x14

#define IVSHMEM_INT_ENABLE		BIT(0)

/* Vendor specific capability, offsets in it */
#define IVSHMEM_CAP_LENGTH		0x02
#define IVSHMEM_CAP_PRIV_CONTROL	0x03
#define IVSHMEM_CAP_STATE_SIZE		0x04
#define IVSHMEM_CAP_RW_SIZE		0x08
#define IVSHMEM_CAP_OUTPUT_SIZE		0x10
#define IVSHMEM_CAP_BASE		0x18
#define IVSHMEM_CAP_MIN_LENGTH		0x18
#define IVSHMEM_CAP_BASE_LENGTH		0x20

#define IVSHMEM_PRIV_ONE_SHOT		BIT(0)

/* What a register reads as once the device is gone */
#define IVSHMEM_GONE			0xffffffffU

struct ivshmem_core;

/**
 * struct ivshmem_vector - an interrupt vector
 * @core: the device
 * @index: number of the vector
 * @irq: the kernel's number of the interrupt
 * @fired: how often; written by the handler only
 * @tested: set by the handler, cleared and read by the self-test
 * @due: the vector's thread has to tell the plugin; with PREEMPT_RT only
 * @name: in /proc/interrupts
 */
struct ivshmem_vector {
	struct ivshmem_core *core;
	unsigned int index;
	int irq;
	unsigned long fired;
	bool tested;
	atomic_t due;
	char name[24];
};

enum ivshmem_counter {
	IVSHMEM_DOORBELLS,		/* rung by us */
	IVSHMEM_STATE_WRITES,		/* own state register written */
	IVSHMEM_STATE_CHANGES,		/* differences found in the state table */
	IVSHMEM_RECHECKS,		/* rechecks that found work */
	IVSHMEM_THROTTLES,		/* interrupts were held back */
	IVSHMEM_COUNTERS
};

enum ivshmem_core_flags {
	IVSHMEM_RECHECK_DUE,		/* the event work has to recheck */
	IVSHMEM_SETTLED,		/* one recheck was done since events came on */
	IVSHMEM_ONE_SHOT,		/* one-shot mode is on */
	IVSHMEM_INTERRUPTS,		/* enabled, as far as the kernel is concerned */
	IVSHMEM_THROTTLED,		/* ... but held back for now; under control_lock */
	IVSHMEM_TESTING,		/* self-test: not to be held back; under control_lock */
	IVSHMEM_DEAD,			/* registers were found to read ~0 */
	IVSHMEM_LOST,			/* looked as if it had been reset at the last recheck */
};

/**
 * struct ivshmem_core - the core's view of a device
 * @idev: what plugins see
 * @pdev: the PCI function
 * @index: N in ivshmemN
 * @cap: offset of the vendor capability
 * @pci_protocol: protocol number in the class code
 * @base: physical address of the shared memory
 * @base_claimed: @base was requested by us, as it lies in no BAR
 * @state_size: bytes of the state table
 * @rw_size: bytes of the R/W section
 * @output_size: bytes of one output section
 * @regs: BAR 0. Used under RCU and only while not @gone.
 * @gone: no register may be touched any more; set before a grace period, after
 *	which @regs is unmapped
 * @state_table: mapped, read-only
 * @state: last value written to the own state register, under @control_lock
 * @choosing: held while a choice is made and acted upon, one at a time
 * @choice_lock: protects @choice, @chosen_name and @chosen_number
 * @choice: how the protocol was chosen
 * @chosen_name: plugin's name for IVSHMEM_CHOICE_NAME
 * @chosen_number: protocol for IVSHMEM_CHOICE_NUMBER
 * @plugin: whom events go to, NULL while events are off. Written in process
 *	context under the device lock; handlers load-acquire it, and are waited
 *	for by synchronize_irq() after it was cleared.
 * @seen_state: own state register at the last look, 0 since we wrote one, under
 *	@control_lock
 * @control_lock: @state, @seen_state, IVSHMEM_INTERRUPTS, IVSHMEM_ONE_SHOT,
 *	IVSHMEM_THROTTLED and IVSHMEM_TESTING, and the registers that follow them.
 *	Raw, as handlers take it.
 * @link: the plugin's link, if it has one; set and cleared while events are off
 * @seen: states that the plugin was told, by peer. Event work only.
 * @events: the one work item that events come from
 * @events_in: jiffies when it ran last
 * @looks: how often it ran since @events_in began
 * @max_looks: how often it may in one tick
 * @events_next: jiffies before which no interrupt has it run again
 * @recheck: sets IVSHMEM_RECHECK_DUE about once a second
 * @fired: of vector 0 as the last event work found it
 * @flags: enum ivshmem_core_flags, atomic bits
 * @counters: enum ivshmem_counter
 * @test_lock: one self-test at a time; protects @test_result
 * @test_result: vectors that arrived in the last self-test, -1 before the first
 * @intx: the one vector is the interrupt pin
 * @table: entries of the MSI-X table; idev.vectors may be fewer
 * @vector: the vectors, idev.vectors of them
 * @tick: jiffies at the last interrupt
 * @in_tick: interrupts since @tick began
 * @throttle: ends what IVSHMEM_THROTTLED tells
 */
struct ivshmem_core {
	struct ivshmem_device idev;
	struct pci_dev *pdev;
	int index;
	int cap;
	u16 pci_protocol;

	phys_addr_t base;
	bool base_claimed;
	u64 state_size;
	u64 rw_size;
	u64 output_size;

	void __iomem *regs;
	bool gone;
	const __le32 *state_table;
	u32 state;
	u32 seen_state;

	struct mutex choosing;	/* see above */
	spinlock_t choice_lock;	/* see above */
	enum ivshmem_choice {
		IVSHMEM_CHOICE_AUTO,
		IVSHMEM_CHOICE_NUMBER,
		IVSHMEM_CHOICE_NAME,
	} choice;
	char chosen_name[32];
	u16 chosen_number;

	struct ivshmem_driver *plugin;
	raw_spinlock_t control_lock;	/* see above */
	struct ivshmem_link *link;
	u32 *seen;
	struct delayed_work events;
	unsigned long events_in;
	unsigned int looks;
	unsigned int max_looks;
	unsigned long events_next;
	struct delayed_work recheck;
	unsigned long fired;
	unsigned long flags;
	atomic64_t counters[IVSHMEM_COUNTERS];

	struct mutex test_lock;	/* see above */
	int test_result;

	bool intx;
	unsigned int table;
	struct ivshmem_vector *vector;
	unsigned long tick;
	atomic_t in_tick;
	struct hrtimer throttle;
};

static inline struct ivshmem_core *to_core(const struct ivshmem_device *idev)
{
	return container_of((struct ivshmem_device *)idev, struct ivshmem_core, idev);
}

static inline struct ivshmem_core *dev_to_core(const struct device *dev)
{
	return container_of((struct device *)dev, struct ivshmem_core, idev.dev);
}

static inline void ivshmem_count(struct ivshmem_core *core, enum ivshmem_counter counter)
{
	atomic64_inc(&core->counters[counter]);
}

/* bus.c: the bus, its devices and their protocols */
extern struct bus_type ivshmem_bus_type;
u16 ivshmem_choice(struct ivshmem_core *core, bool *chosen);
u16 ivshmem_protocol(struct ivshmem_core *core);

/* sysfs.c */
extern const struct attribute_group *ivshmem_dev_groups[];

/* registers.c: the device's operations */
int ivshmem_write_register(struct ivshmem_core *core, unsigned int reg, u32 value);
u32 ivshmem_read_register(struct ivshmem_core *core, unsigned int reg);
bool ivshmem_hold_interrupts(struct ivshmem_core *core);
bool ivshmem_release_interrupts(struct ivshmem_core *core);
void ivshmem_force_interrupts(struct ivshmem_core *core);
void ivshmem_restore_interrupts(struct ivshmem_core *core);
bool ivshmem_looks_reset(struct ivshmem_core *core);
bool ivshmem_lost_state(struct ivshmem_core *core);
void ivshmem_restore(struct ivshmem_core *core);
void ivshmem_quiet(struct ivshmem_core *core);
void ivshmem_shut(struct ivshmem_core *core);

/* events.c: state table, vectors and recheck, told to the plugin */
int __must_check ivshmem_events_init(struct ivshmem_core *core);
void ivshmem_events_on(struct ivshmem_core *core, struct ivshmem_driver *plugin);
void ivshmem_events_off(struct ivshmem_core *core);

/* vectors.c */
int __must_check ivshmem_request_vectors(struct ivshmem_core *core);
void ivshmem_free_vectors(struct ivshmem_core *core);
void ivshmem_synchronize_vectors(struct ivshmem_core *core);
int ivshmem_self_test(struct ivshmem_core *core);

/* link.c: the handshake */
bool ivshmem_link_is_broken(const struct ivshmem_link *link);
bool ivshmem_link_update(struct ivshmem_link *link);
void ivshmem_link_restore(struct ivshmem_link *link);

/* ring.c */
int __must_check ivshmem_ring_init(struct ivshmem_link *link);
void ivshmem_ring_exit(struct ivshmem_link *link);
void ivshmem_ring_clear(struct ivshmem_link *link);

#endif /* _IVSHMEM_CORE_H */
