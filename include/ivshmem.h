/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ivshmem links: what a protocol plugin may use.
 *
 * Devices and plugins	struct ivshmem_device, ivshmem_driver, registration
 * Sections		ivshmem_*_section(), ivshmem_map_section()
 * Programs		ivshmem_window_*(): sections in a program's memory
 * Device operations	ivshmem_doorbell(), ivshmem_set_state(), one-shot mode
 * Link			the RESET/INIT/READY/RUN handshake and its two-way ring
 *
 * The device is specified in Jailhouse's ivshmem-v2-specification.md.
 */
#ifndef _IVSHMEM_H
#define _IVSHMEM_H

#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/types.h>
#include <linux/virtio_ring.h>
#include <linux/workqueue.h>

/*
 * Devices and plugins
 */

/**
 * struct ivshmem_device_id - a range of protocol numbers that a plugin serves
 * @first: lowest protocol number
 * @last: highest protocol number; below @first in the entry that ends a table
 */
struct ivshmem_device_id {
	u16 first;
	u16 last;
};

#define IVSHMEM_PROTOCOL(_number)		{ (_number), (_number) }
#define IVSHMEM_PROTOCOL_RANGE(_first, _last)	{ (_first), (_last) }
#define IVSHMEM_PROTOCOL_END			{ 1, 0 }

#define IVSHMEM_PROTOCOL_UNDEFINED	0x0000
#define IVSHMEM_PROTOCOL_NETWORK	0x0001
#define IVSHMEM_PROTOCOL_SHADOW		0x0002

/**
 * struct ivshmem_device - one peer's end of a link
 * @dev: on the ivshmem bus; the parent is the PCI function, under which a
 *	plugin's class devices belong too
 * @id: own peer ID, below @max_peers
 * @max_peers: how many peers the link can have, 2 to 65536
 * @vectors: how many interrupt vectors each peer has, at least 1
 *
 * All members are read-only for plugins and stay valid as long as a reference
 * to @dev is held.
 */
struct ivshmem_device {
	struct device dev;
	u32 id;
	u32 max_peers;
	u32 vectors;
};

#define to_ivshmem_device(_dev) container_of_const(_dev, struct ivshmem_device, dev)

/**
 * struct ivshmem_driver - a protocol plugin
 * @driver: .name is what an operator writes to a device's protocol attribute
 * @id_table: protocols that are served without being asked for by name, ended
 *	by IVSHMEM_PROTOCOL_END; may be NULL
 * @probe: take the device; may sleep. Interrupts are off until it returned 0,
 *	all events come after that. The reason for a failure is logged by
 *	@probe.
 * @remove: let go of the device; may sleep. No event is running or comes any
 *	more; the calls below may still be used, but have no effect once the
 *	hardware is gone. Must succeed.
 * @peer_state: the state of @peer was seen to change from @old to @new. Called
 *	in process context, may sleep, must not take the RTNL. Each difference
 *	between two looks at the state table is reported once, so a state that
 *	came and went between them is missed. Interrupts have it looked at eight
 *	times in a tick at most, fewer with more than 1024 peers, and then with
 *	the next one. After binding, every peer is taken to have been in state 0.
 * @interrupt: @vector fired, once or several times, or may have while the core
 *	held interrupts back, see max_interrupts in Documentation/troubleshooting.md.
 *	Hard interrupt context, or with PREEMPT_RT and threadirqs a thread with
 *	bottom halves disabled; two calls may overlap, also for one vector.
 * @recheck: look for work that no interrupt told of; called once after
 *	interrupts were enabled and then about once a second, in process
 *	context. Returns true when there was some.
 * @suspend: get the device ready for sleep; may sleep. Afterwards no event
 *	comes until @resume.
 * @resume: the device has been reset: state 0, nothing in its sections is
 *	promised. Peers are reported as at binding, once this returned.
 * @quiet: interrupts stay off after @probe and @resume, until
 *	ivshmem_enable_interrupts() or a program enables them
 *
 * All but @probe and @remove are optional.
 */
struct ivshmem_driver {
	struct device_driver driver;
	const struct ivshmem_device_id *id_table;
	int (*probe)(struct ivshmem_device *idev);
	void (*remove)(struct ivshmem_device *idev);
	void (*peer_state)(struct ivshmem_device *idev, u32 peer, u32 old, u32 new);
	void (*interrupt)(struct ivshmem_device *idev, unsigned int vector);
	bool (*recheck)(struct ivshmem_device *idev);
	void (*suspend)(struct ivshmem_device *idev);
	void (*resume)(struct ivshmem_device *idev);
	bool quiet;
};

#define to_ivshmem_driver(_drv) container_of_const(_drv, struct ivshmem_driver, driver)

int __must_check __ivshmem_register_driver(struct ivshmem_driver *drv, struct module *owner);
void ivshmem_unregister_driver(struct ivshmem_driver *drv);

/**
 * ivshmem_register_driver() - make a plugin known and bind it where it matches
 * @_drv: the plugin
 *
 * Context: may sleep. Return: 0 or a negative error.
 */
#define ivshmem_register_driver(_drv) __ivshmem_register_driver(_drv, THIS_MODULE)

/**
 * module_ivshmem_driver() - all that a plugin's module does in init and exit
 * @_drv: the plugin
 */
#define module_ivshmem_driver(_drv) \
	module_driver(_drv, ivshmem_register_driver, ivshmem_unregister_driver)

static inline void *ivshmem_get_drvdata(const struct ivshmem_device *idev)
{
	return dev_get_drvdata(&idev->dev);
}

static inline void ivshmem_set_drvdata(struct ivshmem_device *idev, void *data)
{
	dev_set_drvdata(&idev->dev, data);
}

/*
 * Sections
 */

/**
 * struct ivshmem_section - a part of the shared memory with its own protection
 * @start: CPU physical address, page aligned
 * @size: bytes, a multiple of PAGE_SIZE; 0 where the section is absent
 * @writable: this peer may write it; a write to any other section is a fault
 *	on a real hypervisor
 * @registers: it is no memory but the device's registers
 */
struct ivshmem_section {
	phys_addr_t start;
	u64 size;
	bool writable;
	bool registers;
};

struct ivshmem_section ivshmem_registers(const struct ivshmem_device *idev);
struct ivshmem_section ivshmem_state_table(const struct ivshmem_device *idev);
struct ivshmem_section ivshmem_rw_section(const struct ivshmem_device *idev);
struct ivshmem_section ivshmem_output_section(const struct ivshmem_device *idev, u32 peer);

void * __must_check ivshmem_map_section(const struct ivshmem_section *section);
const void * __must_check ivshmem_map_section_ro(const struct ivshmem_section *section);
void ivshmem_unmap_section(const void *base);

/*
 * Programs: sections in their memory
 */

struct ivshmem_window;
struct vm_area_desc;

struct ivshmem_window * __must_check ivshmem_window_create(void);
int __must_check ivshmem_window_mmap(struct ivshmem_window *window, struct vm_area_desc *desc,
				     const struct ivshmem_section *section, u64 offset);
void ivshmem_window_close(struct ivshmem_window *window);
void ivshmem_window_put(struct ivshmem_window *window);

/*
 * Device operations
 */

int ivshmem_doorbell(struct ivshmem_device *idev, u32 peer, unsigned int vector);
int ivshmem_set_state(struct ivshmem_device *idev, u32 state);
u32 ivshmem_peer_state(const struct ivshmem_device *idev, u32 peer);
int ivshmem_set_one_shot(struct ivshmem_device *idev, bool on);
int ivshmem_enable_interrupts(struct ivshmem_device *idev);
int ivshmem_disable_interrupts(struct ivshmem_device *idev);

/*
 * Link: handshake and two-way ring between two peers
 */

/**
 * enum ivshmem_link_state - state register values of the handshake
 * @IVSHMEM_LINK_RESET: not taking part; no ring is in use
 * @IVSHMEM_LINK_INIT: ready to clear the own ring
 * @IVSHMEM_LINK_READY: own ring is set up
 * @IVSHMEM_LINK_RUN: the peer's ring was seen to be set up as well
 */
enum ivshmem_link_state {
	IVSHMEM_LINK_RESET,
	IVSHMEM_LINK_INIT,
	IVSHMEM_LINK_READY,
	IVSHMEM_LINK_RUN,
};

struct ivshmem_link;

/**
 * struct ivshmem_link_ops - what a plugin does when the link comes and goes
 * @up: both peers are in RUN; the ring may be used from now on
 * @down: the link ends; when this returns, nothing of the plugin is or gets
 *	into the ring until the next @up
 *
 * Both are called in process context, alternating, never at the same time, and
 * must not take the RTNL or call ivshmem_link_start() or ivshmem_link_stop().
 */
struct ivshmem_link_ops {
	void (*up)(struct ivshmem_link *link);
	void (*down)(struct ivshmem_link *link);
};

/**
 * struct ivshmem_layout - where things are in the ring's part of a section
 * @qlen: entries of each ring, a power of two from 32 to 4096
 * @avail: offset of the avail ring, bytes; descriptors are at 0
 * @used: offset of the used ring
 * @data: offset of the first data byte
 * @size: end of the data; the ring's part of the section
 */
struct ivshmem_layout {
	u32 qlen;
	u32 avail;
	u32 used;
	u32 data;
	u64 size;
};

/**
 * struct ivshmem_frame - a received frame, still in the peer's memory
 * @data: the bytes; the peer may change them at any time, so copy first, then
 *	look at the copy
 * @len: bytes, at least 1, all inside the peer's data
 */
struct ivshmem_frame {
	const void *data;
	u32 len;
};

/**
 * struct ivshmem_tx - the sending half of the ring
 *
 * Private to the core. Protected by the plugin: one caller of ivshmem_tx_*() at
 * a time, and none outside up/down.
 */
struct ivshmem_tx {
	struct vring vring;		/* desc and avail ours, used the peer's */
	struct ivshmem_tx_slot {
		u64 start;
		u32 len;
	} *slots;			/* our copy of the descriptors in flight */
	u64 head;			/* first free byte of the data */
	u16 next;			/* avail index of the next frame */
	u16 told;			/* avail index at the last ivshmem_tx_kick() */
	u16 done;			/* used index up to which we reclaimed */
};

/**
 * struct ivshmem_rx - the receiving half of the ring
 *
 * Private to the core. Protected by the plugin: one caller of ivshmem_rx_*() at
 * a time, and none outside up/down.
 */
struct ivshmem_rx {
	struct vring vring;		/* desc and avail the peer's, used ours */
	u16 avail;			/* avail index last read, and checked */
	u16 next;			/* avail index of the next frame to take */
	u16 told;			/* used index at the last ivshmem_rx_kick() */
	u16 head;			/* descriptor of the frame last peeked */
};

/**
 * struct ivshmem_link - one end of a two-peer link
 * @idev: the device
 * @layout: of both peers' rings
 * @peer: the other peer's ID
 * @vector: that announces data, ours and the peer's; state changes come on 0
 * @out: own output section, mapped
 * @in: the peer's output section, mapped
 * @resets: how often a link that had left RESET went back to it
 * @errors: how often the peer broke a rule of the ring
 *
 * Embedded in the plugin's own structure; all other members are private to the
 * core.
 */
struct ivshmem_link {
	struct ivshmem_device *idev;
	struct ivshmem_layout layout;
	u32 peer;
	unsigned int vector;
	void *out;
	const void *in;
	atomic64_t resets;
	atomic64_t errors;

	const struct ivshmem_link_ops *ops;
	struct mutex lock;		/* state, started, running, holdoff */
	enum ivshmem_link_state state;
	bool started;
	bool running;			/* between ops->up and ops->down */
	u64 holdoff;			/* jiffies_64 until which RESET is held */
	unsigned long flags;
	struct delayed_work work;
	struct ratelimit_state ratelimit;

	struct ivshmem_tx tx ____cacheline_aligned;
	struct ivshmem_rx rx ____cacheline_aligned;
};

int __must_check ivshmem_ring_layout(u64 size, struct ivshmem_layout *layout);

int __must_check ivshmem_link_init(struct ivshmem_link *link, struct ivshmem_device *idev,
				   const struct ivshmem_link_ops *ops, u64 size);
void ivshmem_link_exit(struct ivshmem_link *link);
void ivshmem_link_start(struct ivshmem_link *link);
void ivshmem_link_stop(struct ivshmem_link *link);
void ivshmem_link_reset(struct ivshmem_link *link);
void ivshmem_link_broken(struct ivshmem_link *link, const char *what, u64 found, u64 expected);
int ivshmem_link_doorbell(struct ivshmem_link *link);

void * __must_check ivshmem_tx_reserve(struct ivshmem_link *link, u32 len);
void ivshmem_tx_commit(struct ivshmem_link *link, u32 len);
bool __must_check ivshmem_tx_kick(struct ivshmem_link *link);
int __must_check ivshmem_tx_reclaim(struct ivshmem_link *link, unsigned int *bytes);
bool __must_check ivshmem_tx_arm(struct ivshmem_link *link, u16 after);
bool ivshmem_tx_pending(const struct ivshmem_link *link);

/**
 * ivshmem_tx_in_flight() - frames that the peer has not returned yet
 * @link: the link
 *
 * As far as ivshmem_tx_reclaim() has looked. Return: 0 to the ring's length.
 */
static inline u16 ivshmem_tx_in_flight(const struct ivshmem_link *link)
{
	return READ_ONCE(link->tx.next) - READ_ONCE(link->tx.done);
}

int __must_check ivshmem_rx_peek(struct ivshmem_link *link, struct ivshmem_frame *frame);
void ivshmem_rx_done(struct ivshmem_link *link);
bool __must_check ivshmem_rx_kick(struct ivshmem_link *link);
bool __must_check ivshmem_rx_arm(struct ivshmem_link *link, u16 after);
bool ivshmem_rx_pending(const struct ivshmem_link *link);

#endif /* _IVSHMEM_H */
