/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PCI_IDS_H
#define _LINUX_PCI_IDS_H

#define PCI_CLASS_OTHERS	0xff

#endif /* _LINUX_PCI_IDS_H */
