// SPDX-License-Identifier: GPL-2.0
/*
 * Where the R/W section is: behind the state table, or in the older layout of
 * cRTOS anywhere in physical memory, with the output sections behind the state
 * table. The device does not know of it then, so an operator says where it is.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "shadow.h"

static char *shmaddr;
/* Any memory but RAM: a locked down kernel allows nobody to choose it. */
module_param_hw(shmaddr, charp, iomem, 0444);
MODULE_PARM_DESC(shmaddr, "where the R/W section is, if the device has none: [DEVICE@]ADDRESS[+SIZE][,...]");

/* What the original, whose parameter was an address alone, had there */
#define DEFAULT_SIZE	SZ_1G

/*
 * Parse "ADDRESS+SIZE" or "ADDRESS". Returns false where it is something else,
 * or more than a physical address has room for.
 */
static bool parse_range(const char *text, struct ivshmem_section *rw)
{
	char *end;
	u64 start;

	start = memparse(text, &end);
	rw->start = start;
	rw->size = DEFAULT_SIZE;
	if (end == text || rw->start != start)
		return false;
	if (!*end)
		return true;
	if (*end != '+')
		return false;
	text = end + 1;
	rw->size = memparse(text, &end);
	return end != text && !*end;
}

/*
 * Look for what is said of @device; what is said without a name goes for all
 * others. Returns 1 when there is something, 0 when not, -EINVAL.
 */
static int find_entry(struct device *dev, const char *device, char *list,
		      struct ivshmem_section *rw)
{
	struct ivshmem_section range = { .writable = true };
	bool exact = false;
	int found = 0;
	char *entry, *at;

	while ((entry = strsep(&list, ",")) && !exact) {
		at = strchr(entry, '@');
		if (at)
			*at = '\0';
		if (!parse_range(at ? at + 1 : entry, &range)) {
			dev_err(dev, "parameter shmaddr has '%s', want [DEVICE@]ADDRESS[+SIZE]\n",
				at ? at + 1 : entry);
			return -EINVAL;
		}
		exact = at && !strcmp(entry, device);
		if (at && !exact)
			continue;
		*rw = range;
		found = 1;
	}
	return found;
}

static int parse_shmaddr(struct shadow *shadow, struct ivshmem_section *rw)
{
	char *list;
	int found;

	if (!shmaddr || !*shmaddr)
		return 0;
	list = kstrdup(shmaddr, GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	found = find_entry(&shadow->idev->dev, dev_name(shadow->dev.parent), list, rw);
	kfree(list);
	return found;
}

/* On x86, mapping an address that the CPU does not have warns with a stack trace. */
static int check_range(struct device *dev, const struct ivshmem_section *rw)
{
	u64 start = rw->start, size = rw->size;

	if (!size || !PAGE_ALIGNED(start) || !PAGE_ALIGNED(size)) {
		dev_err(dev, "parameter shmaddr has 0x%llx+0x%llx, want multiples of 0x%lx\n",
			start, size, PAGE_SIZE);
		return -EINVAL;
	}
	if (start > iomem_resource.end || size - 1 > iomem_resource.end - start) {
		dev_err(dev, "parameter shmaddr has 0x%llx+0x%llx, the last physical address is 0x%llx\n",
			start, size, (u64)iomem_resource.end);
		return -EINVAL;
	}
	if (region_intersects(start, size, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT) {
		dev_err(dev, "parameter shmaddr has 0x%llx+0x%llx, where the kernel's own memory is\n",
			start, size);
		return -EBUSY;
	}
	return 0;
}

static int claim_range(struct shadow *shadow)
{
	struct device *dev = &shadow->idev->dev;
	int err;

	err = check_range(dev, &shadow->rw);
	if (err)
		return err;
	if (!request_mem_region(shadow->rw.start, shadow->rw.size, "ivshmem_shadow")) {
		dev_err(dev, "parameter shmaddr has 0x%llx+0x%llx, where something is claimed already\n",
			(u64)shadow->rw.start, shadow->rw.size);
		return -EBUSY;
	}
	shadow->rw_claimed = true;
	return 0;
}

/**
 * shadow_find_rw() - find the R/W section, and claim and map it
 * @shadow: the device
 *
 * Context: process. Return: 0 or a negative error, the reason for which is
 * logged. To be undone by shadow_release_rw().
 */
int shadow_find_rw(struct shadow *shadow)
{
	struct ivshmem_section own = ivshmem_rw_section(shadow->idev);
	int found;

	shadow->rw = own;
	found = parse_shmaddr(shadow, &shadow->rw);
	if (found > 0 && own.size) {
		dev_err(&shadow->idev->dev, "R/W section of the device is 0x%llx bytes, want none with parameter shmaddr\n",
			own.size);
		found = -EINVAL;
	}
	if (found > 0)
		found = claim_range(shadow);
	if (found < 0)
		return found;
	if (!shadow->rw.size)
		return 0;
	shadow->rw_base = ivshmem_map_section(&shadow->rw);
	if (shadow->rw_base)
		return 0;
	dev_err(&shadow->idev->dev, "cannot map the R/W section of 0x%llx bytes\n",
		shadow->rw.size);
	shadow_release_rw(shadow);
	return -ENOMEM;
}

/**
 * shadow_release_rw() - undo shadow_find_rw()
 * @shadow: the device; no program has anything of it mapped
 *
 * Context: process.
 */
void shadow_release_rw(struct shadow *shadow)
{
	ivshmem_unmap_section(shadow->rw_base);
	if (shadow->rw_claimed)
		release_mem_region(shadow->rw.start, shadow->rw.size);
}
