/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libivshmem: programs on ivshmem links, through the uio plugin
 *
 *	struct ivshmem *dev;
 *
 *	if (ivshmem_open("ivshmem0", &dev))
 *		errx(1, "%s", ivshmem_error());
 *	ivshmem_store((uint32_t *)dev->output.data, 42);
 *	ivshmem_doorbell(dev, peer, 0);
 *	ivshmem_enable(dev);
 *	ivshmem_wait(dev, 1000);
 *	answer = ivshmem_load((const uint32_t *)ivshmem_peer_output(dev, peer));
 *	ivshmem_close(dev);
 *
 * Functions that can fail return a negative errno, and ivshmem_error() has a
 * line that tells more. Discovery (struct ivshmem_info, ivshmem_get(),
 * ivshmem_put()) works whatever plugin a device is bound to, the rest needs uio.
 *
 * Threads: one of them opens and closes. Between that, all functions may be
 * called by any thread at any time; only one thread should be in
 * ivshmem_wait(), as each event is told to one of them.
 *
 * Once the device is unplugged or bound to another plugin, each access to its
 * sections and registers raises SIGBUS, ivshmem_wait() fails with -EIO, and
 * the descriptor of ivshmem_event_fd() polls as EPOLLERR.
 */
#ifndef LIBIVSHMEM_H
#define LIBIVSHMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ivshmem_uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct ivshmem_info - a device, as sysfs describes it
 * @name: on the ivshmem bus, "ivshmem0"
 * @pci: address of the PCI function, "0000:00:08.0"
 * @plugin: the one that is bound, or "none"
 * @uio: "uio0", or empty where the plugin is not uio
 * @path: the device's folder in sysfs
 * @chosen: the plugin was chosen by an operator, not by the protocol's number
 * @intx: it has INTx and one vector, no MSI-X
 * @protocol: 0 to 0xffff
 * @id: own peer ID, below @max_peers
 * @max_peers: 2 to 65536
 * @vectors: interrupt vectors in use, at least 1
 * @state_table_size: bytes
 * @rw_size: bytes, 0 where the R/W section is absent
 * @output_size: bytes of each peer's output section, 0 where there are none
 */
struct ivshmem_info {
	char name[32], pci[32], plugin[32], uio[32];
	char path[512];
	bool chosen, intx;
	uint32_t protocol, id, max_peers, vectors;
	uint64_t state_table_size, rw_size, output_size;
};

/**
 * struct ivshmem_section - a part of the shared memory
 * @data: where it is mapped, NULL where it is absent
 * @size: bytes
 * @writable: a write to any other section raises SIGSEGV
 */
struct ivshmem_section {
	void *data;
	size_t size;
	bool writable;
};

/**
 * struct ivshmem - an open device; all members are read-only
 * @info: as it was when the device was opened
 * @fd: of /dev/uioN; -1 after ivshmem_open_events()
 * @event_fd: of /dev/ivshmem-uioN, -1 until it is needed
 * @registers: 32-bit, little-endian; use the functions below
 * @state_table: one 32-bit little-endian state for each peer
 * @rw: the section that all peers may write
 * @input: the output sections of all peers, our own included
 * @output: our own output section
 */
struct ivshmem {
	struct ivshmem_info info;
	int fd, event_fd;
	struct ivshmem_section registers, state_table, rw, input, output;
};

/**
 * ivshmem_error() - what went wrong
 *
 * Return: one line about this thread's last call that failed.
 */
const char *ivshmem_error(void);

/*
 * Discovery
 */

/**
 * ivshmem_list() - all devices of this system
 * @list: an array, to be given to free()
 *
 * Return: their number, 0 where there are none, or a negative error.
 */
int ivshmem_list(struct ivshmem_info **list);

/**
 * ivshmem_find() - one device, by any of its names
 * @name: ivshmem0, uio0, /dev/uio0, 0000:00:08.0 or 00:08.0
 * @info: filled in
 *
 * Return: 0, -ENODEV where there is no such device.
 */
int ivshmem_find(const char *name, struct ivshmem_info *info);

/**
 * ivshmem_get() - read an attribute, without the newline at its end
 * @info: the device
 * @attribute: "peer_states", "counters/doorbells", ...
 * @value: @size bytes; a longer text is cut off
 *
 * Return: 0 or a negative error.
 */
int ivshmem_get(const struct ivshmem_info *info, const char *attribute, char *value,
		size_t size);

/**
 * ivshmem_put() - write an attribute
 * @info: the device
 * @attribute: "protocol", for one
 * @value: what to write
 *
 * Return: 0, or what the kernel answered.
 */
int ivshmem_put(const struct ivshmem_info *info, const char *attribute, const char *value);

/*
 * Opening
 */

/**
 * ivshmem_open() - open a device and map its sections
 * @name: as for ivshmem_find()
 * @dev: to be given to ivshmem_close()
 *
 * One program at a time may have it open. Interrupts are off and one-shot mode
 * is on; see ivshmem_wait() and ivshmem_attach().
 *
 * Return: 0, -ENODEV for no such device, -EBUSY where another program has it
 * open, -EMEDIUMTYPE where it is bound to another plugin, -EACCES, ...
 */
int ivshmem_open(const char *name, struct ivshmem **dev);

/**
 * ivshmem_open_events() - open a device for ivshmem_attach() alone
 * @name: as for ivshmem_find()
 * @dev: to be given to ivshmem_close(); nothing is mapped
 *
 * Works beside the program that has the device open.
 *
 * Return: as ivshmem_open(), never -EBUSY.
 */
int ivshmem_open_events(const char *name, struct ivshmem **dev);

/**
 * ivshmem_close() - close a device
 * @dev: invalid afterwards; NULL is fine
 *
 * Our state becomes 0, and interrupts are off.
 */
void ivshmem_close(struct ivshmem *dev);

/*
 * Events
 *
 * Either all vectors in one, the way of UIO: enable, look for work, wait, and
 * again. Or each vector by an eventfd of its own; interrupts stay enabled then.
 */

/**
 * ivshmem_wait() - wait for an interrupt, whichever vector
 * @dev: from ivshmem_open()
 * @timeout_ms: -1 for no limit, which costs a single system call
 *
 * Interrupts are off afterwards: call ivshmem_enable(), then look at the shared
 * memory, in this order, and wait again. An interrupt before ivshmem_enable()
 * is lost, but what its sender had written by then is found by that look.
 *
 * Return: 1 for an interrupt (or several), 0 at the timeout, -EINTR after a
 * signal, -EIO once the device is gone.
 */
int ivshmem_wait(struct ivshmem *dev, int timeout_ms);

/**
 * ivshmem_attach() - have an eventfd signalled
 * @dev: from ivshmem_open() or ivshmem_open_events()
 * @source: a vector, or IVSHMEM_UIO_STATE: a peer's state changed
 * @eventfd: -1 for none any more; stays the caller's, who may close it
 *
 * Vector 0 fires for changes of states, too.
 *
 * Return: 0, -EINVAL for a source that the device does not have.
 */
int ivshmem_attach(struct ivshmem *dev, uint32_t source, int eventfd);

/**
 * ivshmem_event_fd() - for poll(): EPOLLERR once the device is gone
 * @dev: from ivshmem_open() or ivshmem_open_events()
 *
 * Return: the descriptor, which stays the library's, or a negative error.
 */
int ivshmem_event_fd(struct ivshmem *dev);

/*
 * Sections
 */

/**
 * ivshmem_section() - one section, by its name
 * @dev: from ivshmem_open()
 * @name: state_table, rw, output (our own) or input:PEER
 * @section: filled in
 *
 * Return: 0, -EINVAL for a name that is none, -ENOENT where it is absent.
 */
int ivshmem_section(const struct ivshmem *dev, const char *name,
		    struct ivshmem_section *section);

/**
 * ivshmem_peer_output() - a peer's output section
 * @dev: from ivshmem_open()
 * @peer: below info.max_peers
 *
 * Return: info.output_size bytes that only that peer may write, or NULL.
 */
static inline const void *ivshmem_peer_output(const struct ivshmem *dev, uint32_t peer)
{
	if (!dev->input.data || peer >= dev->info.max_peers)
		return NULL;
	return (const char *)dev->input.data + peer * dev->info.output_size;
}

/*
 * ivshmem_store() - publish: whoever finds this value by ivshmem_load() finds
 * all that was written before, too. ivshmem_load() is the other side of it.
 * @p points to an aligned integer of at most the size of a pointer, in the
 * byte order on which the peers agreed.
 */
#define ivshmem_load(p)		__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define ivshmem_store(p, value)	__atomic_store_n((p), (value), __ATOMIC_RELEASE)

/*
 * Registers
 */

#define IVSHMEM_REG_ID		0x00
#define IVSHMEM_REG_MAX_PEERS	0x04
#define IVSHMEM_REG_INT_CTRL	0x08
#define IVSHMEM_REG_DOORBELL	0x0c
#define IVSHMEM_REG_STATE	0x10

/* To or from little-endian, which registers and the state table are */
static inline uint32_t ivshmem_le32(uint32_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap32(value);
#endif
	return value;
}

static inline volatile uint32_t *ivshmem_register(const struct ivshmem *dev, unsigned int reg)
{
	return (volatile uint32_t *)((char *)dev->registers.data + reg);
}

/*
 * Data that was written to the sections, also by non-temporal stores, is there
 * before the register is written. No reader pairs with this: the interrupt is
 * the other side.
 */
static inline void ivshmem_write_register(const struct ivshmem *dev, unsigned int reg,
					  uint32_t value)
{
#if defined(__x86_64__) || defined(__SSE__)
	__asm__ volatile("sfence" : : : "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dmb oshst" : : : "memory");
#elif defined(__riscv)
	__asm__ volatile("fence w, ow" : : : "memory");
#else
	__sync_synchronize();
#endif
	*ivshmem_register(dev, reg) = ivshmem_le32(value);
}

/**
 * ivshmem_doorbell() - interrupt a peer
 * @dev: from ivshmem_open()
 * @peer: its ID, may be our own
 * @vector: of the peer
 *
 * What was written before is visible to the peer when the interrupt arrives. It
 * is lost where the peer is not there or has interrupts disabled.
 */
static inline void ivshmem_doorbell(const struct ivshmem *dev, uint32_t peer, uint32_t vector)
{
	ivshmem_write_register(dev, IVSHMEM_REG_DOORBELL, peer << 16 | vector);
}

/**
 * ivshmem_set_state() - set our state and tell the peers, if it is another one
 * @dev: from ivshmem_open()
 * @state: 0 is that of a peer that is not there
 */
static inline void ivshmem_set_state(const struct ivshmem *dev, uint32_t state)
{
	ivshmem_write_register(dev, IVSHMEM_REG_STATE, state);
}

/**
 * ivshmem_peer_state() - what the state table says
 * @dev: from ivshmem_open()
 * @peer: below info.max_peers
 *
 * Return: its state; what it wrote before it set that is visible now.
 */
static inline uint32_t ivshmem_peer_state(const struct ivshmem *dev, uint32_t peer)
{
	return ivshmem_le32(ivshmem_load((const uint32_t *)dev->state_table.data + peer));
}

/**
 * ivshmem_enable() - let the next interrupt come, see ivshmem_wait()
 * @dev: from ivshmem_open()
 *
 * What is read from the sections afterwards is read when the device has them
 * enabled: the write is posted until the register is read. The full barrier
 * pairs with that before the peer's doorbell.
 */
static inline void ivshmem_enable(const struct ivshmem *dev)
{
	ivshmem_write_register(dev, IVSHMEM_REG_INT_CTRL, 1);
	(void)*ivshmem_register(dev, IVSHMEM_REG_INT_CTRL);
#if defined(__riscv)
	__asm__ volatile("fence i, r" : : : "memory");
#else
	__sync_synchronize();
#endif
}

#ifdef __cplusplus
}
#endif

#endif /* LIBIVSHMEM_H */
