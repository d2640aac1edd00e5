/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_GFP_H
#define _HOSTED_LINUX_GFP_H

#include <linux/gfp_types.h>
#include <asm/page.h>
#include <linux/types.h>

struct page;

unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long addr, unsigned int order);

#define __get_free_page(_gfp)	__get_free_pages(_gfp, 0)
#define free_page(_addr)	free_pages(_addr, 0)

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

#endif
