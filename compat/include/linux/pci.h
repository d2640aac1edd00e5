/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVSHMEM_COMPAT_LINUX_PCI_H
#define _IVSHMEM_COMPAT_LINUX_PCI_H

#include_next <linux/pci.h>

#ifndef PCI_IRQ_INTX
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

#endif /* _IVSHMEM_COMPAT_LINUX_PCI_H */
