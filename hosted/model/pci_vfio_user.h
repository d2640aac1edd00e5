/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_PCI_VFIO_USER_H
#define MODEL_PCI_VFIO_USER_H

#include "../kit/pci.h"

/*
 * Connect to a link of ivshmem-link at @socket; not a word is heard yet. Returns the
 * function, or NULL with the reason in @error.
 */
struct kit_pci *pci_vfio_user_connect(const char *socket, char *error, unsigned int size);

/*
 * Join the link: from here on the server may say what it likes. Returns 0, and the
 * function is for kit_pci_plug(), or -1 with the reason in @error.
 */
int pci_vfio_user_join(struct kit_pci *pci, char *error, unsigned int size);

/* The function is not plugged in any more. */
void pci_vfio_user_close(struct kit_pci *pci);

/* Whether the link's process has gone. */
int pci_vfio_user_gone(struct kit_pci *pci);

#endif /* MODEL_PCI_VFIO_USER_H */
