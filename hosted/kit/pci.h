/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCI function, between its model (model/, which sees libc) and the PCI bus
 * that drivers see (class/pci.c). Includes nothing.
 */
#ifndef HOSTED_KIT_PCI_H
#define HOSTED_KIT_PCI_H

#define KIT_PCI_BARS		6
#define KIT_PCI_MAX_VECTORS	64
#define KIT_PCI_MAX_AREAS	8

struct kit_pci;

/**
 * struct kit_pci_ops - what a model does
 * @config_read: @len bytes of configuration space
 * @config_write: the same
 * @read: a register of a BAR, @len is 1, 2 or 4
 * @write: the same
 * @set_irqs: the first @count vectors, or the pin, from now on raise the kit's
 *	lines from @first on; 0 takes them out of use. Returns 0 or -errno.
 * @unmask: the pin may interrupt again, which each interrupt masked; NULL where
 *	there is none
 *
 * Context: any, also with spinlocks held. A function whose model has lost the
 * device reads as all ones.
 */
struct kit_pci_ops {
	void (*config_read)(struct kit_pci *pci, unsigned int offset, void *buf, unsigned int len);
	void (*config_write)(struct kit_pci *pci, unsigned int offset, const void *buf,
			     unsigned int len);
	unsigned int (*read)(struct kit_pci *pci, unsigned int bar, unsigned long offset,
			     unsigned int len);
	void (*write)(struct kit_pci *pci, unsigned int bar, unsigned long offset,
		      unsigned int value, unsigned int len);
	int (*set_irqs)(struct kit_pci *pci, unsigned int first, unsigned int count);
	void (*unmask)(struct kit_pci *pci);
};

/**
 * struct kit_pci_area - a part of a BAR that is memory
 * @offset: in the BAR
 * @size: bytes, whole pages
 * @writable: or else a write is a fault
 */
struct kit_pci_area {
	unsigned long offset;
	unsigned long size;
	_Bool writable;
};

/**
 * struct kit_pci_bar - a base address register
 * @size: bytes, a power of two; 0 where it is absent
 * @fd: of the memory that @areas are mapped from, the model's
 * @fd_offset: of the BAR in it
 * @areas: how many @area there are; with none, the BAR is registers
 * @area: in ascending order
 */
struct kit_pci_bar {
	unsigned long size;
	int fd;
	unsigned long fd_offset;
	unsigned int areas;
	struct kit_pci_area area[KIT_PCI_MAX_AREAS];
};

/**
 * struct kit_pci - a function, filled in by its model
 * @ops: what it does
 * @bar: its BARs
 * @bus: private to the bus
 */
struct kit_pci {
	const struct kit_pci_ops *ops;
	struct kit_pci_bar bar[KIT_PCI_BARS];
	void *bus;
};

/**
 * kit_pci_plug() - have a function found, and probed where a driver wants it
 * @pci: stays the model's, and is used until kit_pci_unplug() returns
 * @slot: its address is 0000:00:SLOT.0, below 32
 *
 * Context: may sleep. Return: 0 or a negative error; that a driver refuses the
 * function is none.
 */
int kit_pci_plug(struct kit_pci *pci, unsigned int slot);

/** kit_pci_unplug() - unbind its driver and forget it. Context: sleeps. */
void kit_pci_unplug(struct kit_pci *pci);

#endif /* HOSTED_KIT_PCI_H */
