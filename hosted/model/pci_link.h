/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A link of two peers in this process: for two drivers, or for a driver and a test
 * that plays the other peer, honest or not.
 */
#ifndef MODEL_PCI_LINK_H
#define MODEL_PCI_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "../kit/pci.h"

/* Of the layout, and of what the device says of itself; bytes are multiples of 4K */
struct pci_link_config {
	uint16_t protocol;
	unsigned int vectors;		/* 0: the interrupt pin */
	uint32_t state_size;		/* 0: 4K */
	uint64_t rw_size;
	uint64_t output_size;
};

struct pci_link;

/* Returns NULL with errno set. */
struct pci_link *pci_link_create(const struct pci_link_config *config);
void pci_link_destroy(struct pci_link *link);

/* The function of @peer, 0 or 1. */
struct kit_pci *pci_link_end(struct pci_link *link, unsigned int peer);

/*
 * What the peer that is no driver does: its memory, all of it writable here, its
 * state, the registers of @peer. pci_link_ring() interrupts @peer.
 */
void *pci_link_memory(struct pci_link *link);
uint64_t pci_link_output(struct pci_link *link, unsigned int peer);	/* offset in it */
void pci_link_set_state(struct pci_link *link, unsigned int peer, uint32_t state);
uint32_t pci_link_state(struct pci_link *link, unsigned int peer);
void pci_link_ring(struct pci_link *link, unsigned int peer, unsigned int vector);

/* From now on no interrupt arrives; all registers of @peer read as ones. */
void pci_link_drop_interrupts(struct pci_link *link, bool drop);
void pci_link_kill(struct pci_link *link, unsigned int peer, bool dead);

/* Configuration space of @peer, 256 bytes, for a device that lies. */
uint8_t *pci_link_config_space(struct pci_link *link, unsigned int peer);

/* Called at each register access of a driver with the lock released; NULL for none. */
extern void (*pci_link_hook)(struct pci_link *link, unsigned int peer, unsigned long reg);

#endif /* MODEL_PCI_LINK_H */
