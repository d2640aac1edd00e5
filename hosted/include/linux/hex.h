/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_HEX_H
#define _HOSTED_LINUX_HEX_H

#include <linux/types.h>

int hex_to_bin(unsigned char ch);

#endif
