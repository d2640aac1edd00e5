/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_VMALLOC_H
#define _HOSTED_LINUX_VMALLOC_H

#include <linux/slab.h>

void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void vfree(const void *memory);

#endif
