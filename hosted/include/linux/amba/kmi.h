/* SPDX-License-Identifier: GPL-2.0 */
/* ARM's PL050 as its driver names it, which has a KMI_BASE. */
#ifndef _LINUX_AMBA_KMI_H
#define _LINUX_AMBA_KMI_H

#define KMICR		(KMI_BASE + 0x00)
#define KMISTAT		(KMI_BASE + 0x04)
#define KMIDATA		(KMI_BASE + 0x08)
#define KMICLKDIV	(KMI_BASE + 0x0c)
#define KMIIR		(KMI_BASE + 0x10)

#define KMICR_EN	0x04
#define KMICR_RXINTREN	0x10
#define KMISTAT_TXEMPTY	0x40
#define KMIIR_RXINTR	0x01

#endif
