/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_CDEV_H
#define _HOSTED_LINUX_CDEV_H

#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/list.h>

/**
 * struct cdev - a character device
 * @inode: of its node, while that is there
 * @device: whose node it is; each open file holds a reference
 * @entry: in the list of all
 */
struct cdev {
	struct module *owner;
	const struct file_operations *ops;
	dev_t dev;
	unsigned int count;
	struct inode *inode;
	struct device *device;
	struct list_head entry;
};

void cdev_init(struct cdev *cdev, const struct file_operations *fops);
int __must_check cdev_device_add(struct cdev *cdev, struct device *dev);
void cdev_device_del(struct cdev *cdev, struct device *dev);

#endif
