/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RANDOM_H
#define _HOSTED_LINUX_RANDOM_H

#include <linux/types.h>

u8 get_random_u8(void);
u16 get_random_u16(void);
u32 get_random_u32(void);
u64 get_random_u64(void);
u32 get_random_u32_below(u32 ceil);
void get_random_bytes(void *buf, size_t len);

#endif
