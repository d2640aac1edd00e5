/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration space: identity, capabilities, BARs */
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stdint.h>

struct link;
struct peer;

#define PCI_CONFIG_SIZE	256

void pci_init(struct link *link);
void pci_reset(struct peer *p);
void pci_read(struct peer *p, uint32_t offset, void *buf, uint32_t len);
void pci_write(struct peer *p, uint32_t offset, const void *buf, uint32_t len);

/* Size of a BAR, 0 where there is none */
uint64_t pci_bar_size(const struct link *link, unsigned int bar);

bool pci_one_shot(const struct peer *p);
bool pci_bus_master(const struct peer *p);
bool pci_interrupts_masked(const struct peer *p);

#endif
