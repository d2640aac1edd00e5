/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IO_H
#define _HOSTED_LINUX_IO_H

#include <asm/io.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/types.h>

enum {
	MEMREMAP_WB = 1 << 0,
	MEMREMAP_WT = 1 << 1,
	MEMREMAP_WC = 1 << 2,
	MEMREMAP_ENC = 1 << 3,
	MEMREMAP_DEC = 1 << 4,
};

struct device;

void *memremap(resource_size_t offset, size_t size, unsigned long flags);
void memunmap(void *addr);
void __iomem *devm_ioremap(struct device *dev, resource_size_t offset, resource_size_t size);
void __iomem *devm_ioremap_resource(struct device *dev, const struct resource *res);

#endif
