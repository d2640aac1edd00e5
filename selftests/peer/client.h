/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vfio-user client that is a peer of an ivshmem v2 link: what a VMM and a
 * driver's probe do together, without either of them.
 *
 * Use:
 *	struct client c;
 *
 *	if (client_join(&c, "DIR/peer1.sock", 2) ||
 *	    client_set_interrupts(&c, true))
 *		errx(3, "%s", c.error);
 *	client_write_state(&c, 1);
 *	... poll c.irq_fd[0], client_peer_state(&c, 0), c.output[0].map ...
 *	client_leave(&c);
 *
 * Every function that returns int returns 0, or -1 with one line in c.error.
 * Nothing here knows a protocol. One thread per client. All values are in host
 * order, which is the link's: little endian.
 */
#ifndef PEER_CLIENT_H
#define PEER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vfio.h>

/* Register offsets in BAR0. */
enum {
	REG_ID		= 0x00,
	REG_MAX_PEERS	= 0x04,
	REG_INT_CONTROL	= 0x08,
	REG_DOORBELL	= 0x0c,
	REG_STATE	= 0x10,
};

#define CLIENT_MAX_VECTORS	64
#define CLIENT_MAX_AREAS	64

/* A section of the shared memory; map is NULL where only messages reach it. */
struct section {
	uint64_t offset;	/* in BAR2 */
	uint64_t size;		/* 0: the link has no such section */
	void *map;		/* writable only where this peer may write */
};

/* The shared memory as the server describes it */
struct client_memory {
	uint64_t size;
	uint64_t offset;	/* in fd */
	int fd;			/* -1 where none may be mapped */
	uint32_t areas;		/* 0: all of it may be mapped, if fd >= 0 */
	struct vfio_region_sparse_mmap_area area[CLIENT_MAX_AREAS];
};

struct client {
	int sock;
	uint16_t next_id;
	unsigned int max_fds;	/* descriptors the server takes per message */
	int64_t deadline;	/* of a message and its reply: monotonic, in ms */

	uint16_t vendor, device;
	uint16_t protocol;	/* sub-class and interface of the class code */
	uint8_t vendor_cap;	/* its offset in configuration space */
	uint8_t vendor_cap_len;
	uint64_t base_address;	/* from the capability; 0 where it has none */
	uint32_t id;
	uint32_t max_peers;
	bool intx;		/* one vector, by INTx */
	unsigned int vectors;	/* what the device offers */
	unsigned int irqs;	/* what was asked for and is in irq_fd[] */
	int irq_fd[CLIENT_MAX_VECTORS];	/* non-blocking eventfds */

	struct section state_table;
	struct section rw;
	struct section *output;	/* max_peers of them */

	uint64_t doorbells;	/* sent */
	bool described;		/* client_attach() found the description to make sense */
	bool no_answer;		/* a join failed before a word: no socket, busy */
	char error[256];
};

/*
 * Connects, negotiates, reads and checks the device, maps the sections (each
 * with its own protection), takes up to max_irqs vectors and sets memory
 * decoding and bus mastering. Interrupt Control stays 0. Nothing is left open
 * on failure.
 */
int client_join(struct client *c, const char *socket_path,
		unsigned int max_irqs);

/* Connects, and hears nothing yet. client_leave() is for failures, too. */
int client_connect(struct client *c, const char *socket_path);

/*
 * Negotiates, once connected, as a VMM does. What the device says of itself is for a
 * driver to check: the fields for it, and the sections, are filled in where
 * c->described is set, and nothing is mapped. memory->fd is the caller's to close.
 */
int client_attach(struct client *c, struct client_memory *memory);

/*
 * The first count vectors from now on signal these eventfds, which stay the
 * caller's; 0 takes all vectors out of use.
 */
int client_set_eventfds(struct client *c, const int *fds, unsigned int count);

/* Bytes of a region by its vfio-pci index; 0 where it is absent. */
int client_region_size(struct client *c, uint32_t region, uint64_t *size);

/* Closes everything at once, as a crash would. Safe after a failed join. */
void client_leave(struct client *c);

/* Aligned 32-bit register accesses; a write is complete on return. */
int client_read_reg(struct client *c, uint32_t reg, uint32_t *value);
int client_write_reg(struct client *c, uint32_t reg, uint32_t value);

int client_set_interrupts(struct client *c, bool enable);
int client_write_state(struct client *c, uint32_t state);

/* Posted: the data written before it is visible before the interrupt. */
int client_ring(struct client *c, uint16_t target, uint16_t vector);

/* One entry of the state table, by the mapping or by a message. */
int client_peer_state(struct client *c, uint32_t peer, uint32_t *state);

/* Any bytes of the shared memory, by message; works in every mode. */
int client_read_shm(struct client *c, uint64_t offset, void *buf, size_t len);
int client_write_shm(struct client *c, uint64_t offset, const void *buf,
		     size_t len);

/* Configuration space, by message. */
int client_read_config(struct client *c, uint32_t offset, void *buf,
		       size_t len);
int client_write_config(struct client *c, uint32_t offset, const void *buf,
			size_t len);

/* A region by its vfio-pci index; a posted write has no reply. */
int client_read_region(struct client *c, uint32_t region, uint64_t offset,
		       void *buf, uint32_t len);
int client_write_region(struct client *c, uint32_t region, uint64_t offset,
			const void *buf, uint32_t len, bool posted);

int client_reset(struct client *c);

/* Let the interrupt pin, which is masked by each interrupt, interrupt again. */
int client_unmask_intx(struct client *c);

/*
 * Takes what a vector has signalled. Returns the count since the last call, 0
 * when there is none. An INTx line is unmasked again.
 */
uint64_t client_take_irq(struct client *c, unsigned int vector);

/* True when the server has closed the connection. */
bool client_gone(struct client *c);

#endif
