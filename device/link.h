/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The link: what all peers share, and what each peer's device does. How a peer
 * reaches its device is not known here (see conn.h).
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "closer.h"
#include "event.h"

#define LINK_PAGE	4096
#define PEERS_MAX	256
#define VECTORS_MAX	2048	/* as many as MSI-X can have */

/* Registers in BAR0 */
#define REG_ID		0x00
#define REG_MAX_PEERS	0x04
#define REG_INT_CTRL	0x08
#define REG_DOORBELL	0x0c
#define REG_STATE	0x10
#define REG_SIZE	LINK_PAGE

/* What a test may ask the device to be untruthful about (--lie) */
enum lie {
	LIE_VENDOR, LIE_DEVICE, LIE_REVISION, LIE_CLASS, LIE_SUBVENDOR,
	LIE_SUBDEVICE, LIE_NO_CAP, LIE_CAP_LENGTH, LIE_STATE_SIZE, LIE_RW_SIZE,
	LIE_OUTPUT_SIZE, LIE_BASE_ADDRESS, LIE_BAR2_SIZE, LIE_MSIX_VECTORS,
	LIE_ID, LIE_MAX_PEERS,
	LIES
};

struct link_config {
	unsigned int peers;
	unsigned int vectors;
	uint16_t protocol;
	uint64_t state_size;
	uint64_t rw_size;
	uint64_t output_size;
	uint64_t base_address;	/* 0: the shared memory is BAR2 */
	bool strict;		/* leave read-only sections out of the mappings */
	bool intx;		/* INTx instead of MSI-X */
	bool cap20_mirror;	/* repeat BAR2's address in the capability */
	bool may_drop;		/* the control socket may change the rate */
	double drop_rate;	/* part of all interrupts to lose, 0 to 1 */
	uint64_t seed;
	bool lies[LIES];
	uint64_t lie_values[LIES];
};

/* Why an interrupt did not reach a peer whose device was there to take it */
enum drop_reason {
	DROP_DISABLED,		/* Interrupt Control is 0 */
	DROP_BUS_MASTER,	/* bus mastering is off */
	DROP_MASKED,		/* no such vector in use, or masked */
	DROP_INJECTED,		/* --drop-interrupts */
	DROP_REASONS
};

struct counters {
	uint64_t doorbells;		/* rung by this peer, all of them */
	uint64_t no_target;		/* of these: target absent or unknown */
	uint64_t no_vector;		/* of these: vector beyond the last */
	uint64_t interrupts;		/* delivered to this peer */
	uint64_t dropped[DROP_REASONS];	/* meant for this peer, and lost */
	uint64_t state_changes;
	uint64_t refused_writes;	/* to memory that is read-only for it */
	uint64_t resets;
	uint64_t connections;
	uint64_t refused_connections;
	uint64_t messages;
	uint64_t errors;		/* of these wrong, save refused writes */
};

struct link;

struct peer {
	struct link *link;
	struct closer *closer;	/* not the link's: set by the caller */
	unsigned int id;
	bool connected;
	uint32_t int_ctrl;
	uint32_t state;
	int *eventfd;		/* one per vector, -1 where not in use */
	bool no_eventfds;	/* they have cost too much: take none again */
	uint64_t slow_ns;	/* what they have cost, less what is forgiven */
	uint64_t slow_at;	/* when that was so */
	bool intx_masked;	/* signalled, or masked by the client */
	bool intx_pending;	/* to be signalled when unmasked */
	uint8_t config[256];	/* owned by pci.c */
	struct counters count;
	struct complaints complaints;
};

struct link {
	struct link_config cfg;
	int memfd;
	uint64_t mem_size;	/* all sections, no padding */
	uint8_t *mem;
	uint64_t random;
	uint8_t config_reset[256];
	uint8_t config_mask[256];	/* bits that a peer may write */
	struct peer *peers;
};

struct area {
	uint64_t offset;
	uint64_t size;
};

/* 0, or -errno; link_fini() also undoes a link_init() that failed */
int link_init(struct link *link, const struct link_config *cfg);
void link_fini(struct link *link);

static inline uint64_t link_lie(const struct link *link, enum lie what,
				uint64_t truth)
{
	return link->cfg.lies[what] ? link->cfg.lie_values[what] : truth;
}

void peer_connect(struct peer *p);
void peer_disconnect(struct peer *p);
void peer_reset(struct peer *p);

uint32_t peer_reg_read(struct peer *p, uint64_t offset);
void peer_reg_write(struct peer *p, uint64_t offset, uint32_t value);

/* Sections that a peer may map, as two areas at most; returns their number */
unsigned int peer_mem_areas(struct peer *p, struct area areas[2]);
void peer_mem_read(struct peer *p, uint64_t offset, void *buf, uint32_t len);
int peer_mem_write(struct peer *p, uint64_t offset, const void *buf,
		   uint32_t len);

/* @fd becomes the peer's; -1 takes the vector out of use */
void peer_set_eventfd(struct peer *p, unsigned int vector, int fd);
void peer_release_eventfds(struct peer *p);
/*
 * @since: a cpu_ns() from before, one for all that a client has done at once:
 * it may take long although no single access does.
 */
uint64_t cpu_ns(void);
/* write() or read(), and its result; may end the use of all of the peer's */
ssize_t peer_access_eventfd(struct peer *p, int fd, bool signal,
			    uint64_t *since);
void peer_signal(struct peer *p, unsigned int vector, uint64_t *since);
void peer_intx_mask(struct peer *p);
void peer_intx_unmask(struct peer *p, uint64_t *since);

#endif
