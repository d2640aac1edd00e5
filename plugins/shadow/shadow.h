/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of ivshmem_shadow know of each other
 *
 * shadow.c	the link: messages in both directions, ringing, the device's events
 * slot.c	slots: which request waits for whom, and is answered once
 * chardev.c	what programs see: the node, its calls and attributes
 * shmaddr.c	an R/W section that lies elsewhere in physical memory
 *
 * Locks, outermost first; each is taken with interrupts off:
 *
 *	shadow->lock	slots' places, dying slots, the receiving half of the ring
 *	slot->lock	one slot's queue
 *	shadow->tx_lock	the sending half of the ring, and when to ring again
 *
 * Before them, in process context: slot->read_lock, one reader at a time, and
 * shadow->files_lock, the list of open files.
 */
#ifndef _IVSHMEM_SHADOW_H
#define _IVSHMEM_SHADOW_H

#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/wait.h>

#include <ivshmem.h>

/* Words of a request */
#define SHADOW_TCB		7	/* the RTOS's cookie, to be echoed */
#define SHADOW_PRIORITY		8	/* policy << 32 | priority */
#define SHADOW_SLOT		9	/* ID of the slot that is asked */
#define SHADOW_REQUEST_WORDS	10
#define SHADOW_PROXY_WORDS	9	/* what of it a proxy reads */

#define SHADOW_SIGNAL		BIT_ULL(63)	/* in a message: no reply but a signal */

/* The end of each output section that is not the ring's */
#define SHADOW_PRIORITY_PAGE	0x1000

/* A slot ID is index | generation << 16, and the RTOS keeps 48 bits of it. */
#define SHADOW_INDEX_BITS	16
#define SHADOW_MAX_SLOTS	BIT(SHADOW_INDEX_BITS)

/* How many messages are taken, or sent by ourselves, at a time with interrupts off */
#define SHADOW_BUDGET	32

/* What the ring may take of each tick, of one CPU, nanoseconds */
#define SHADOW_SHARE	(TICK_NSEC / 4)

/* How many requests of one slot may wait for their answer, a power of two */
#define SHADOW_QUEUE		64

enum shadow_counter {
	SHADOW_REQUESTS,	/* taken from the RTOS, whatever became of them */
	SHADOW_REPLIES,		/* of proxies */
	SHADOW_SIGNALS,		/* of proxies */
	SHADOW_ERRORS,		/* replies of ours: all of the three below */
	SHADOW_STALE,		/* requests to a slot that is not there */
	SHADOW_QUEUE_FULL,	/* requests to a slot that has too many */
	SHADOW_ABANDONED,	/* requests whose proxy closed the slot */
	SHADOW_SWALLOWED,	/* writes that had nothing to answer */
	SHADOW_RERINGS,		/* doorbells for messages announced before */
	SHADOW_COUNTERS
};

/**
 * struct shadow_request - as a proxy reads it
 * @word: system call number, six arguments, tcb, priority
 */
struct shadow_request {
	u64 word[SHADOW_PROXY_WORDS];
};

/**
 * struct shadow_slot - one open file of a proxy
 * @shadow: the device
 * @file: the open file, valid until its release
 * @files: in shadow->files
 * @owner: file table of the process that opened it; only compared
 * @id: as the RTOS uses it
 * @dying: in shadow->dying; shadow->lock
 * @released: the file is gone, whoever takes it off the dying frees it;
 *	shadow->lock
 * @read_lock: one reader at a time, as what cannot be copied is not taken
 * @wait: readers and pollers
 * @lock: protects all that follows
 * @open: it has a place, so the RTOS may send to it
 * @reset: the link ended, and no reader was told yet
 * @resets: how often the link ended
 * @unanswered: requests that were read before the link last ended; so many
 *	writes are swallowed
 * @queued: requests that came; index into @queue, modulo its length
 * @read: requests that were read, up to @queued
 * @answered: requests that were answered, up to @read
 * @priority: of the last request
 * @queue: the requests
 */
struct shadow_slot {
	struct shadow *shadow;
	struct file *file;
	struct list_head files;
	fl_owner_t owner;
	u64 id;
	struct list_head dying;
	bool released;
	struct mutex read_lock;	/* see above */
	wait_queue_head_t wait;

	spinlock_t lock;	/* see above */
	bool open;
	bool reset;
	u32 resets;
	u32 unanswered;
	u32 queued;
	u32 read;
	u32 answered;
	u64 priority;
	struct shadow_request queue[SHADOW_QUEUE];
};

/**
 * struct shadow_place - where a slot is found
 * @slot: NULL while it is free
 * @generation: of the slot there, or of the next one
 */
struct shadow_place {
	struct shadow_slot *slot;
	u32 generation;
};

/**
 * struct shadow - a device that is bound, and what open files need after that
 * @dev: the class device. Each open file holds a reference, by its cdev.
 * @cdev: the node
 * @idev: the ivshmem device, a reference
 * @link: handshake and ring; its halves are protected by @lock and @tx_lock
 * @window: through which programs see @rw
 * @rw: the R/W section, size 0 where there is none
 * @rw_claimed: it lies elsewhere and was requested by us
 * @rw_base: the kernel's mapping of it, which gives programs their memory type
 * @peer_page: the peer's priority page
 * @files_lock: protects @files
 * @files: all open files
 * @gone: unbound; written under @lock
 * @events: interrupts so far, of vectors that may fire at the same time
 * @counters: enum shadow_counter
 * @lock: see the top of this file
 * @up: between the link's up and down; written under both @lock and @tx_lock
 * @slots: how many places there are
 * @places: the places
 * @used: bitmap of places that are taken
 * @dying: slots that were closed while requests waited, until these have been
 *	answered; they keep their places
 * @work: goes on receiving where an interrupt had too much to do
 * @behind: the ring has had its share of a tick, and waits for @work; set under @lock
 * @served_in: the tick that @served is of, jiffies
 * @served: what the ring has taken of it, nanoseconds
 * @until: when its share ends for who serves the ring now, nanoseconds
 * @tx_lock: see the top of this file
 * @full: there was no room for a message
 * @room: those who wait for @full to end
 * @sent: messages sent since the link came up
 * @tick: @sent when @timer last expired
 * @seen: messages that the peer had taken at that time
 * @owed: the peer wants a doorbell for messages that were taken
 * @urgency: highest priority among what the peer has not taken yet
 * @timer: rings again while the peer lags behind
 * @timer_on: it will expire
 * @period: until then, nanoseconds
 */
struct shadow {
	struct device dev;
	struct cdev cdev;
	struct ivshmem_device *idev;
	struct ivshmem_link link;
	struct ivshmem_window *window;
	struct ivshmem_section rw;
	bool rw_claimed;
	void *rw_base;
	const void *peer_page;

	struct mutex files_lock;	/* see above */
	struct list_head files;
	bool gone;
	atomic_t events;
	atomic64_t counters[SHADOW_COUNTERS];

	spinlock_t lock;	/* see above */
	bool up;
	unsigned int slots;
	struct shadow_place *places;
	unsigned long *used;
	struct list_head dying;
	struct delayed_work work;
	bool behind;
	unsigned long served_in;
	u64 served;
	u64 until;

	spinlock_t tx_lock;	/* see above */
	bool full;
	wait_queue_head_t room;
	u32 sent;
	u32 tick;
	u32 seen;
	bool owed;
	u32 urgency;
	struct hrtimer timer;
	bool timer_on;
	u64 period;
};

static inline void shadow_count(struct shadow *shadow, enum shadow_counter counter)
{
	atomic64_inc(&shadow->counters[counter]);
}

/* shadow.c: the link */
int shadow_send(struct shadow *shadow, u64 value, u64 cookie, u64 priority);
extern unsigned int shadow_slots;

/* slot.c: slots; take, bury and reset with shadow->lock held */
struct shadow_slot *shadow_slot_open(struct shadow *shadow, struct file *file);
void shadow_slot_close(struct shadow_slot *slot);
void shadow_slot_release(struct shadow_slot *slot);
int shadow_take_request(struct shadow *shadow, const u64 *word);
bool shadow_bury(struct shadow *shadow);
void shadow_reset_slots(struct shadow *shadow);
void shadow_end_slots(struct shadow *shadow);
/* ... and with slot->lock held */
int shadow_slot_peek(struct shadow_slot *slot, struct shadow_request *request);
int shadow_slot_answer(struct shadow_slot *slot, u64 value);

/* chardev.c: the node */
int shadow_chardev_init(void);
void shadow_chardev_exit(void);
int shadow_add_node(struct shadow *shadow);
void shadow_remove_node(struct shadow *shadow);
void shadow_init_device(struct shadow *shadow);

/* shmaddr.c */
int shadow_find_rw(struct shadow *shadow);
void shadow_release_rw(struct shadow *shadow);

#endif /* _IVSHMEM_SHADOW_H */
