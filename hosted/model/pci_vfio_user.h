/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_PCI_VFIO_USER_H
#define MODEL_PCI_VFIO_USER_H

#include "../kit/pci.h"

/*
 * Join a link of ivshmem-link at @socket. Returns the function, for
 * kit_pci_plug(), or NULL with the reason in @error.
 */
struct kit_pci *pci_vfio_user_open(const char *socket, char *error, unsigned int size);

/* The function is not plugged in any more. */
void pci_vfio_user_close(struct kit_pci *pci);

/* Whether the link's process has gone. */
int pci_vfio_user_gone(struct kit_pci *pci);

#endif /* MODEL_PCI_VFIO_USER_H */
