/* SPDX-License-Identifier: GPL-2.0 */
/* Bob Jenkins' lookup3 hash, https://burtleburtle.net/bob/c/lookup3.c, public domain */
#ifndef _LINUX_JHASH_H
#define _LINUX_JHASH_H

#include <linux/types.h>

u32 jhash(const void *key, u32 length, u32 initval);

#endif /* _LINUX_JHASH_H */
