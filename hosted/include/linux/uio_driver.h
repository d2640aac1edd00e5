/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_UIO_DRIVER_H
#define _HOSTED_LINUX_UIO_DRIVER_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

#define MAX_UIO_MAPS	5

#define UIO_IRQ_CUSTOM	-1

#define UIO_MEM_PHYS	1
#define UIO_MEM_IOVA	4

struct uio_mem {
	const char *name;
	phys_addr_t addr;
	unsigned long offs;
	resource_size_t size;
	int memtype;
	void __iomem *internal_addr;
};

/**
 * struct uio_device - a registered device
 * @event: interrupts so far
 * @wait: who waits for them
 * @info_lock: protects @info, held around its functions
 * @info: NULL once unregistered
 */
struct uio_device {
	struct module *owner;
	struct device dev;
	struct cdev cdev;
	int minor;
	atomic_t event;
	wait_queue_head_t wait;
	struct mutex info_lock;		/* see above */
	struct uio_info *info;
};

struct uio_info {
	struct uio_device *uio_dev;
	const char *name;
	const char *version;
	struct uio_mem mem[MAX_UIO_MAPS];
	long irq;
	unsigned long irq_flags;
	void *priv;
	irqreturn_t (*handler)(int irq, struct uio_info *info);
	int (*mmap_prepare)(struct uio_info *info, struct vm_area_desc *desc);
	int (*open)(struct uio_info *info, struct inode *inode);
	int (*release)(struct uio_info *info, struct inode *inode);
	int (*irqcontrol)(struct uio_info *info, s32 on);
};

int __must_check __uio_register_device(struct module *owner, struct device *parent,
				       struct uio_info *info);
void uio_unregister_device(struct uio_info *info);
void uio_event_notify(struct uio_info *info);

#define uio_register_device(_parent, _info) __uio_register_device(THIS_MODULE, _parent, _info)

#endif
