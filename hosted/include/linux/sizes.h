/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SIZES_H
#define _HOSTED_LINUX_SIZES_H

#define SZ_64K		0x00010000
#define SZ_1G		0x40000000

#endif
