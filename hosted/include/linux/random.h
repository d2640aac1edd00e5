/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RANDOM_H
#define _HOSTED_LINUX_RANDOM_H

#include <linux/types.h>

u32 get_random_u32(void);
void get_random_bytes(void *buf, size_t len);

#endif
