/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_IO_H
#define _HOSTED_ASM_IO_H

#include <asm/barrier.h>
#include <asm/byteorder.h>
#include <linux/types.h>

/*
 * Registers: a call into the model where the address is one of ioremap()'s, else
 * memory. hosted_mmio_*() are kit.h's, out of line.
 */
u64 hosted_mmio_read(const volatile void __iomem *addr, unsigned int width);
void hosted_mmio_write(volatile void __iomem *addr, unsigned int width, u64 value);

#define __hosted_io(_sfx, _type, _width)						\
	static inline _type read##_sfx(const volatile void __iomem *addr)		\
	{										\
		return hosted_mmio_read(addr, _width);					\
	}										\
	static inline void write##_sfx(_type value, volatile void __iomem *addr)	\
	{										\
		hosted_mmio_write(addr, _width, value);					\
	}
__hosted_io(b, u8, 1)
__hosted_io(w, u16, 2)
__hosted_io(l, u32, 4)
__hosted_io(q, u64, 8)

#define readb_relaxed(_a)	readb(_a)
#define readw_relaxed(_a)	readw(_a)
#define readl_relaxed(_a)	readl(_a)
#define readq_relaxed(_a)	readq(_a)
#define writeb_relaxed(_v, _a)	writeb(_v, _a)
#define writew_relaxed(_v, _a)	writew(_v, _a)
#define writel_relaxed(_v, _a)	writel(_v, _a)
#define writeq_relaxed(_v, _a)	writeq(_v, _a)
#define __raw_readb(_a)		readb(_a)
#define __raw_readw(_a)		readw(_a)
#define __raw_readl(_a)		readl(_a)
#define __raw_writeb(_v, _a)	writeb(_v, _a)
#define __raw_writew(_v, _a)	writew(_v, _a)
#define __raw_writel(_v, _a)	writel(_v, _a)
#define ioread8(_a)		readb(_a)
#define ioread16(_a)		readw(_a)
#define ioread32(_a)		readl(_a)
#define ioread64(_a)		readq(_a)
#define iowrite8(_v, _a)	writeb(_v, _a)
#define iowrite16(_v, _a)	writew(_v, _a)
#define iowrite32(_v, _a)	writel(_v, _a)
#define iowrite64(_v, _a)	writeq(_v, _a)

void __iomem *ioremap(resource_size_t offset, size_t size);
void iounmap(volatile void __iomem *addr);

#define ioremap_wc(_o, _s)	ioremap(_o, _s)

#endif
