/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration space: PCI Local Bus Specification 3.0, 6.1, 6.7 and 6.8.2 */
#ifndef _UAPI_LINUX_PCI_REGS_H
#define _UAPI_LINUX_PCI_REGS_H

#define PCI_VENDOR_ID			0x00
#define PCI_DEVICE_ID			0x02
#define PCI_COMMAND			0x04
#define  PCI_COMMAND_IO			0x1
#define  PCI_COMMAND_MEMORY		0x2
#define  PCI_COMMAND_MASTER		0x4
#define PCI_STATUS			0x06
#define  PCI_STATUS_CAP_LIST		0x10
#define PCI_CLASS_REVISION		0x08
#define PCI_BASE_ADDRESS_0		0x10
#define  PCI_BASE_ADDRESS_SPACE_IO	0x01
#define  PCI_BASE_ADDRESS_MEM_TYPE_64	0x04
#define  PCI_BASE_ADDRESS_MEM_PREFETCH	0x08
#define PCI_SUBSYSTEM_VENDOR_ID		0x2c
#define PCI_SUBSYSTEM_ID		0x2e
#define PCI_CAPABILITY_LIST		0x34
#define PCI_INTERRUPT_PIN		0x3d

#define PCI_CAP_LIST_ID			0
#define PCI_CAP_LIST_NEXT		1
#define PCI_CAP_ID_VNDR			0x09
#define PCI_CAP_ID_MSIX			0x11

#define PCI_MSIX_FLAGS			2
#define  PCI_MSIX_FLAGS_QSIZE		0x07ff
#define  PCI_MSIX_FLAGS_ENABLE		0x8000
#define PCI_MSIX_TABLE			4
#define  PCI_MSIX_TABLE_BIR		0x00000007
#define  PCI_MSIX_TABLE_OFFSET		0xfffffff8
#define PCI_MSIX_PBA			8

#endif /* _UAPI_LINUX_PCI_REGS_H */
