/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_PAGE_H
#define _HOSTED_ASM_PAGE_H

#include <linux/align.h>
#include <linux/const.h>
#include <linux/types.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(_a)	ALIGN(_a, PAGE_SIZE)
#define PAGE_ALIGNED(_a)	IS_ALIGNED((unsigned long)(_a), PAGE_SIZE)
#define offset_in_page(_p)	((unsigned long)(_p) & ~PAGE_MASK)
#define PFN_PHYS(_x)	((phys_addr_t)(_x) << PAGE_SHIFT)
#define PHYS_PFN(_x)	((unsigned long)((_x) >> PAGE_SHIFT))

#endif
