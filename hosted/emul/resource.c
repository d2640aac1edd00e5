// SPDX-License-Identifier: GPL-2.0
/*
 * Physical addresses: who has claimed them, what the kit lets be mapped, accesses
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/slab.h>

#include "emul.h"

struct resource iomem_resource = {
	.name = "PCI mem", .end = (1ULL << 46) - 1, .flags = IORESOURCE_MEM,
};

struct resource ioport_resource = {
	.name = "PCI IO", .end = 0xffff, .flags = IORESOURCE_IO,
};

/* Protects the trees. */
static DEFINE_SPINLOCK(resource_lock);

/* Children are in order. Returns the one in the way; NULL: @new is in the tree. */
static struct resource *insert(struct resource *root, struct resource *new)
{
	struct resource **link;

	if (new->end < new->start || new->start < root->start || new->end > root->end)
		return root;
	for (link = &root->child; *link && (*link)->end < new->start; link = &(*link)->sibling)
		;
	if (*link && (*link)->start <= new->end)
		return *link;
	new->sibling = *link;
	new->parent = root;
	*link = new;
	return NULL;
}

int request_resource(struct resource *root, struct resource *new)
{
	struct resource *conflict;

	spin_lock(&resource_lock);
	conflict = insert(root, new);
	spin_unlock(&resource_lock);
	return conflict ? -EBUSY : 0;
}

static bool contains(const struct resource *outer, const struct resource *inner)
{
	return outer->start <= inner->start && outer->end >= inner->end;
}

/* Holds the lock. */
static bool remove(struct resource *old)
{
	struct resource **link = old->parent ? &old->parent->child : NULL;

	for (; link && *link; link = &(*link)->sibling) {
		if (*link != old)
			continue;
		*link = old->sibling;
		old->parent = NULL;
		return true;
	}
	return false;
}

int release_resource(struct resource *old)
{
	bool removed;

	spin_lock(&resource_lock);
	removed = remove(old);
	spin_unlock(&resource_lock);
	return removed ? 0 : -EINVAL;
}

/* A region is busy; a resource that is not, like a BAR, may hold regions. */
static struct resource *insert_region(struct resource *root, struct resource *new)
{
	struct resource *conflict;

	while ((conflict = insert(root, new)) && conflict != root &&
	       !(conflict->flags & IORESOURCE_BUSY) && contains(conflict, new))
		root = conflict;
	return conflict;
}

struct resource *__request_region(struct resource *parent, resource_size_t start,
				  resource_size_t n, const char *name, int flags)
{
	struct resource *region, *conflict;

	if (kit_should_fail(KIT_WHAT_REGION))
		return NULL;
	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return NULL;
	region->start = start;
	region->end = start + n - 1;
	region->name = name;
	region->flags = resource_type(parent) | IORESOURCE_BUSY | flags;
	spin_lock(&resource_lock);
	conflict = insert_region(parent, region);
	spin_unlock(&resource_lock);
	if (conflict) {
		kit_log(4, "region 0x%llx-0x%llx is asked for by %s, %s has 0x%llx-0x%llx", start,
			region->end, name, conflict->name ?: "?", conflict->start, conflict->end);
		kfree(region);
		return NULL;
	}
	kit_count(KIT_WHAT_REGION, 1);
	return region;
}

/* Holds the lock. */
static struct resource *find_region(struct resource *parent, resource_size_t start,
				    resource_size_t end)
{
	struct resource *child, *found;

	for (child = parent->child; child; child = child->sibling) {
		if (child->start > start || child->end < end)
			continue;
		if (child->flags & IORESOURCE_BUSY && child->start == start && child->end == end)
			return child;
		found = find_region(child, start, end);
		if (found)
			return found;
	}
	return NULL;
}

void __release_region(struct resource *parent, resource_size_t start, resource_size_t n)
{
	struct resource *region;

	spin_lock(&resource_lock);
	region = find_region(parent, start, start + n - 1);
	if (region)
		remove(region);
	spin_unlock(&resource_lock);
	if (!region) {
		kit_die("region 0x%llx-0x%llx is released, which nobody has requested", start,
			start + n - 1);
	}
	kfree(region);
	kit_count(KIT_WHAT_REGION, -1);
}

/* There is no RAM at all in this physical address space: that has the process. */
int region_intersects(resource_size_t start, size_t size, unsigned long flags, unsigned long desc)
{
	struct resource *res;
	int ret = REGION_DISJOINT;

	spin_lock(&resource_lock);
	for (res = iomem_resource.child; res; res = res->sibling) {
		if ((res->flags & flags) != flags || res->end < start ||
		    res->start > start + size - 1)
			continue;
		ret = res->start <= start && res->end >= start + size - 1 ? REGION_INTERSECTS :
									    REGION_MIXED;
	}
	spin_unlock(&resource_lock);
	return ret;
}

static void release_managed(void *region)
{
	struct resource *this = region;

	__release_region(this->parent, this->start, resource_size(this));
}

struct resource *__devm_request_region(struct device *dev, struct resource *parent,
				       resource_size_t start, resource_size_t n, const char *name)
{
	struct resource *region = __request_region(parent, start, n, name, 0);

	return region && !devm_add_action_or_reset(dev, release_managed, region) ? region : NULL;
}

/*
 * Mappings
 */

static void *map(resource_size_t offset, size_t size)
{
	void *addr;

	check_may_sleep("ioremap()");
	addr = kit_should_fail(KIT_WHAT_MAP) ? NULL : kit_map(offset, size);
	if (addr)
		kit_count(KIT_WHAT_MAP, 1);
	return addr;
}

static void unmap(const volatile void *addr)
{
	if (!addr)
		return;
	if (kit_unmap(addr))
		kit_die("iounmap() of %p, which is not mapped", addr);
	kit_count(KIT_WHAT_MAP, -1);
}

void __iomem *ioremap(resource_size_t offset, size_t size)
{
	return map(offset, size);
}

void iounmap(volatile void __iomem *addr)
{
	unmap(addr);
}

/* What is registers is no memory, whatever a driver takes it for. */
void *memremap(resource_size_t offset, size_t size, unsigned long flags)
{
	kit_u64 at;

	if (kit_grant_fd(offset, size, &at, false) == -ENOENT) {
		kit_log(3, "0x%zx bytes at 0x%llx are no memory that was granted", size, offset);
		return NULL;
	}
	return map(offset, size);
}

void memunmap(void *addr)
{
	unmap(addr);
}

static void unmap_managed(void *addr)
{
	unmap(addr);
}

void __iomem *devm_ioremap(struct device *dev, resource_size_t offset, resource_size_t size)
{
	void *addr = map(offset, size);

	return addr && !devm_add_action_or_reset(dev, unmap_managed, addr) ? addr : NULL;
}

void __iomem *devm_ioremap_resource(struct device *dev, const struct resource *res)
{
	void __iomem *addr;

	if (!res || resource_type(res) != IORESOURCE_MEM)
		return ERR_PTR(-EINVAL);
	if (!devm_request_mem_region(dev, res->start, resource_size(res),
				     res->name ?: dev_name(dev)))
		return ERR_PTR(-EBUSY);
	addr = devm_ioremap(dev, res->start, resource_size(res));
	return addr ?: ERR_PTR(-ENOMEM);
}

/*
 * Accesses
 */

u64 hosted_mmio_read(const volatile void __iomem *addr, unsigned int width)
{
	return kit_mmio_read(addr, width);
}

void hosted_mmio_write(volatile void __iomem *addr, unsigned int width, u64 value)
{
	kit_mmio_write(addr, width, value);
}

