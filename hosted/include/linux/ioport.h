/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IOPORT_H
#define _HOSTED_LINUX_IOPORT_H

#include <linux/bits.h>
#include <linux/types.h>

struct resource {
	resource_size_t start;
	resource_size_t end;
	const char *name;
	unsigned long flags;
	unsigned long desc;
	struct resource *parent, *sibling, *child;
};

#define IORESOURCE_TYPE_BITS	0x00001f00
#define IORESOURCE_IO		0x00000100
#define IORESOURCE_MEM		0x00000200
#define IORESOURCE_IRQ		0x00000400
#define IORESOURCE_SYSRAM	0x01000000
#define IORESOURCE_BUSY		0x80000000
#define IORESOURCE_SYSTEM_RAM	(IORESOURCE_MEM | IORESOURCE_SYSRAM)
#define IORES_DESC_NONE		0

enum { REGION_INTERSECTS, REGION_DISJOINT, REGION_MIXED };

#define DEFINE_RES_NAMED(_start, _size, _name, _flags) {				\
	.start = (_start), .end = (_start) + (_size) - 1, .name = (_name), .flags = (_flags), \
	.desc = IORES_DESC_NONE,							\
}
#define DEFINE_RES_MEM_NAMED(_s, _n, _name)	DEFINE_RES_NAMED(_s, _n, _name, IORESOURCE_MEM)
#define DEFINE_RES_MEM(_s, _n)			DEFINE_RES_MEM_NAMED(_s, _n, NULL)

extern struct resource iomem_resource;
extern struct resource ioport_resource;

static inline resource_size_t resource_size(const struct resource *res)
{
	return res->end - res->start + 1;
}

static inline unsigned long resource_type(const struct resource *res)
{
	return res->flags & IORESOURCE_TYPE_BITS;
}

struct device;

int request_resource(struct resource *root, struct resource *new);
int release_resource(struct resource *old);
struct resource *__request_region(struct resource *parent, resource_size_t start,
				  resource_size_t n, const char *name, int flags);
void __release_region(struct resource *parent, resource_size_t start, resource_size_t n);
int region_intersects(resource_size_t start, size_t size, unsigned long flags,
		      unsigned long desc);
struct resource *__devm_request_region(struct device *dev, struct resource *parent,
				       resource_size_t start, resource_size_t n, const char *name);

#define request_mem_region(_s, _n, _name) __request_region(&iomem_resource, _s, _n, _name, 0)
#define release_mem_region(_s, _n)	__release_region(&iomem_resource, _s, _n)
#define request_region(_s, _n, _name)	__request_region(&ioport_resource, _s, _n, _name, 0)
#define release_region(_s, _n)		__release_region(&ioport_resource, _s, _n)
#define devm_request_mem_region(_dev, _s, _n, _name) \
	__devm_request_region(_dev, &iomem_resource, _s, _n, _name)

#endif
