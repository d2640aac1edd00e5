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
#define PAGE_ALIGN_DOWN(_a)	ALIGN_DOWN(_a, PAGE_SIZE)
#define PAGE_ALIGNED(_a)	IS_ALIGNED((unsigned long)(_a), PAGE_SIZE)
#define offset_in_page(_p)	((unsigned long)(_p) & ~PAGE_MASK)
#define PFN_ALIGN(_x)	PAGE_ALIGN((unsigned long)(_x))
#define PFN_UP(_x)	(((_x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(_x)	((_x) >> PAGE_SHIFT)
#define PFN_PHYS(_x)	((phys_addr_t)(_x) << PAGE_SHIFT)
#define PHYS_PFN(_x)	((unsigned long)((_x) >> PAGE_SHIFT))

#define clear_page(_p)	memset((_p), 0, PAGE_SIZE)
#define copy_page(_to, _from)	memcpy((_to), (_from), PAGE_SIZE)

static inline int get_order(unsigned long size)
{
	int order = 0;

	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

#endif
