/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCI function, between its model (model/, which sees libc) and the PCI bus
 * that drivers see (class/pci.c). Includes nothing.
 */
#ifndef KIT_PCI_H
#define KIT_PCI_H

#define KIT_PCI_BARS		6
#define KIT_PCI_MAX_VECTORS	64

struct kit_pci;

/**
 * struct kit_pci_ops - what a model does
 * @config_read: @len bytes of configuration space
 * @config_write: the same
 * @read: a register of a BAR that is no memory, @len is 1, 2 or 4
 * @write: the same
 * @ack: vector @vector was signalled and is about to be handled; may be NULL
 *
 * Context: any, also with spinlocks held; none may wait for a driver. A function
 * whose model lost the device reads as all ones.
 */
struct kit_pci_ops {
	void (*config_read)(struct kit_pci *pci, unsigned int offset, void *buf, unsigned int len);
	void (*config_write)(struct kit_pci *pci, unsigned int offset, const void *buf,
			     unsigned int len);
	unsigned int (*read)(struct kit_pci *pci, unsigned int bar, unsigned long offset,
			     unsigned int len);
	void (*write)(struct kit_pci *pci, unsigned int bar, unsigned long offset,
		      unsigned int value, unsigned int len);
	void (*ack)(struct kit_pci *pci, unsigned int vector);
};

/**
 * struct kit_pci_bar - a base address register
 * @size: bytes, 0 where it is absent
 * @memory: mapped, for drivers to map; NULL for registers, which go through ops
 * @fd: what @memory is mapped from, which programs may map, too; or -1
 * @fd_offset: where @memory begins in it
 */
struct kit_pci_bar {
	unsigned long size;
	void *memory;
	int fd;
	unsigned long fd_offset;
};

/**
 * struct kit_pci - a function, filled in by its model
 * @ops: what it does
 * @bar: its BARs
 * @msix_vectors: MSI-X vectors, 0 for none
 * @irq_fd: an eventfd for each of them; without any, [0] is the interrupt pin's
 */
struct kit_pci {
	const struct kit_pci_ops *ops;
	struct kit_pci_bar bar[KIT_PCI_BARS];
	unsigned int msix_vectors;
	int irq_fd[KIT_PCI_MAX_VECTORS];
};

/*
 * Plug a function in at @slot of bus 0, and have drivers probe it. @pci stays the
 * model's and is used until kit_pci_unplug() has returned. Returns 0 or -errno; a
 * driver that refuses the function is no error.
 */
int kit_pci_plug(struct kit_pci *pci, unsigned int slot);

/* Unbind its driver and forget it, as after a hot-unplug. */
void kit_pci_unplug(struct kit_pci *pci);

#endif /* KIT_PCI_H */
