/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_HEX_H
#define _HOSTED_LINUX_HEX_H

#include <linux/types.h>

extern const char hex_asc[];
extern const char hex_asc_upper[];
#define hex_asc_lo(_x)		hex_asc[(_x) & 0x0f]
#define hex_asc_hi(_x)		hex_asc[((_x) & 0xf0) >> 4]

int hex_to_bin(unsigned char ch);

#endif
