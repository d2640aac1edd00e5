/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_WORDPART_H
#define _HOSTED_LINUX_WORDPART_H

#define upper_32_bits(_n)	((u32)(((_n) >> 16) >> 16))
#define lower_32_bits(_n)	((u32)((_n) & 0xffffffff))

#endif
