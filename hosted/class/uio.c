// SPDX-License-Identifier: GPL-2.0
/*
 * UIO: /dev/uioN, which counts interrupts and maps what the driver describes, with
 * the calls and attributes of drivers/uio/uio.c
 */
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio_driver.h>

#include "kit/kit.h"

/**
 * struct listener - an open file
 * @event: what it has read of the counter
 */
struct listener {
	struct uio_device *device;
	s32 event;
};

static DEFINE_IDA(minors);
static dev_t first_node;

static int uio_open(struct inode *inode, struct file *file)
{
	struct uio_device *device = container_of(inode->i_cdev, struct uio_device, cdev);
	struct listener *listener;
	int err = -ENODEV;

	listener = kzalloc(sizeof(*listener), GFP_KERNEL);
	if (!listener)
		return -ENOMEM;
	listener->device = device;
	listener->event = atomic_read(&device->event);
	file->private_data = listener;
	mutex_lock(&device->info_lock);
	if (device->info)
		err = device->info->open ? device->info->open(device->info, inode) : 0;
	mutex_unlock(&device->info_lock);
	if (err)
		kfree(listener);
	return err;
}

static int uio_release(struct inode *inode, struct file *file)
{
	struct listener *listener = file->private_data;
	struct uio_device *device = listener->device;
	int err = 0;

	mutex_lock(&device->info_lock);
	if (device->info && device->info->release)
		err = device->info->release(device->info, inode);
	mutex_unlock(&device->info_lock);
	kfree(listener);
	return err;
}

/* Interrupts to wait for, or none ever any more? */
static int check_irq(struct uio_device *device)
{
	int err = -EIO;

	mutex_lock(&device->info_lock);
	if (device->info && device->info->irq)
		err = 0;
	mutex_unlock(&device->info_lock);
	return err;
}

static __poll_t uio_poll(struct file *file, poll_table *table)
{
	struct listener *listener = file->private_data;
	struct uio_device *device = listener->device;

	if (check_irq(device))
		return (__poll_t)-EIO;
	poll_wait(file, &device->wait, table);
	return listener->event != atomic_read(&device->event) ? EPOLLIN | EPOLLRDNORM : 0;
}

static ssize_t uio_read(struct file *file, char __user *buf, size_t size, loff_t *pos)
{
	struct listener *listener = file->private_data;
	struct uio_device *device = listener->device;
	s32 event = listener->event;
	int err;

	if (size != sizeof(event))
		return -EINVAL;
	err = check_irq(device);
	if (err)
		return err;
	if (event == atomic_read(&device->event)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(device->wait,
					       event != atomic_read(&device->event) ||
					       !READ_ONCE(device->info));
		if (!err)
			err = check_irq(device);
		if (err)
			return err;
	}
	event = atomic_read(&device->event);
	if (copy_to_user(buf, &event, sizeof(event)))
		return -EFAULT;
	listener->event = event;
	return sizeof(event);
}

static ssize_t uio_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	struct listener *listener = file->private_data;
	struct uio_device *device = listener->device;
	ssize_t ret = -EIO;
	s32 on;

	if (size != sizeof(on))
		return -EINVAL;
	if (copy_from_user(&on, buf, sizeof(on)))
		return -EFAULT;
	mutex_lock(&device->info_lock);
	if (device->info && device->info->irq)
		ret = device->info->irqcontrol ? device->info->irqcontrol(device->info, on) :
						 -ENOSYS;
	mutex_unlock(&device->info_lock);
	return ret ?: sizeof(on);
}

/* The page offset is the number of a map. */
static int uio_mmap_prepare(struct vm_area_desc *desc)
{
	struct listener *listener = desc->file->private_data;
	struct uio_device *device = listener->device;
	struct uio_info *info;
	int err = -ENODEV;

	mutex_lock(&device->info_lock);
	info = device->info;
	if (info && (desc->pgoff >= MAX_UIO_MAPS || !info->mem[desc->pgoff].size ||
		     desc->end - desc->start > PAGE_ALIGN(info->mem[desc->pgoff].size)))
		err = -EINVAL;
	else if (info)
		/* All drivers that run here have their own. */
		err = info->mmap_prepare ? info->mmap_prepare(info, desc) : -EOPNOTSUPP;
	mutex_unlock(&device->info_lock);
	return err;
}

static const struct file_operations uio_fops = {
	.owner = THIS_MODULE,
	.open = uio_open,
	.release = uio_release,
	.read = uio_read,
	.write = uio_write,
	.poll = uio_poll,
	.mmap_prepare = uio_mmap_prepare,
	.llseek = noop_llseek,
};

/*
 * Attributes
 */

#define UIO_ATTR(_name, _format, _value)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	struct uio_device *device = container_of(dev, struct uio_device, dev);		\
	ssize_t ret = -EINVAL;								\
											\
	mutex_lock(&device->info_lock);							\
	if (device->info)								\
		ret = sysfs_emit(buf, _format "\n", _value);				\
	mutex_unlock(&device->info_lock);						\
	return ret;									\
}											\
static DEVICE_ATTR_RO(_name)

UIO_ATTR(name, "%s", device->info->name);
UIO_ATTR(version, "%s", device->info->version);
UIO_ATTR(event, "%u", (unsigned int)atomic_read(&device->event));

/* One line for each map, where the kernel has a folder: number, name, address, size. */
static ssize_t maps_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct uio_device *device = container_of(dev, struct uio_device, dev);
	int len = 0, i;

	mutex_lock(&device->info_lock);
	for (i = 0; device->info && i < MAX_UIO_MAPS && device->info->mem[i].size; i++)
		len += sysfs_emit_at(buf, len, "%d %s 0x%llx 0x%llx\n", i,
				     device->info->mem[i].name ?: "",
				     (u64)device->info->mem[i].addr,
				     (u64)device->info->mem[i].size);
	mutex_unlock(&device->info_lock);
	return len;
}
static DEVICE_ATTR_RO(maps);

static struct attribute *uio_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_version.attr,
	&dev_attr_event.attr,
	&dev_attr_maps.attr,
	NULL
};

static const struct attribute_group uio_group = {
	.attrs = uio_attrs,
};

static const struct attribute_group *uio_groups[] = {
	&uio_group,
	NULL
};

static struct class uio_class = {
	.name = "uio",
	.dev_groups = uio_groups,
};

/*
 * Drivers
 */

static void release_device(struct device *dev)
{
	struct uio_device *device = container_of(dev, struct uio_device, dev);

	kfree(device);
}

void uio_event_notify(struct uio_info *info)
{
	struct uio_device *device = info->uio_dev;

	atomic_inc(&device->event);
	wake_up_interruptible(&device->wait);
}

static int add_device(struct uio_device *device)
{
	int err;

	device->minor = ida_alloc_max(&minors, MINORMASK, GFP_KERNEL);
	if (device->minor < 0)
		return device->minor;
	device->dev.devt = MKDEV(MAJOR(first_node), device->minor);
	cdev_init(&device->cdev, &uio_fops);
	/* An open file keeps the driver. */
	device->cdev.owner = device->owner;
	device->info->uio_dev = device;
	err = dev_set_name(&device->dev, "uio%d", device->minor);
	if (!err)
		err = cdev_device_add(&device->cdev, &device->dev);
	if (!err)
		return 0;
	device->info->uio_dev = NULL;
	ida_free(&minors, device->minor);
	return err;
}

int __uio_register_device(struct module *owner, struct device *parent, struct uio_info *info)
{
	struct uio_device *device;
	int err;

	if (!parent || !info || !info->name || !info->version)
		return -EINVAL;
	/* The other kinds have no driver here. */
	if (info->irq && info->irq != UIO_IRQ_CUSTOM)
		return -EOPNOTSUPP;
	info->uio_dev = NULL;
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;
	device->owner = owner;
	device->info = info;
	mutex_init(&device->info_lock);
	init_waitqueue_head(&device->wait);
	atomic_set(&device->event, 0);
	device_initialize(&device->dev);
	device->dev.class = &uio_class;
	device->dev.parent = parent;
	device->dev.release = release_device;
	err = add_device(device);
	if (err)
		put_device(&device->dev);
	return err;
}

void uio_unregister_device(struct uio_info *info)
{
	struct uio_device *device = info->uio_dev;
	int minor;

	if (!device)
		return;
	minor = device->minor;
	mutex_lock(&device->info_lock);
	WRITE_ONCE(device->info, NULL);
	mutex_unlock(&device->info_lock);
	wake_up_interruptible(&device->wait);
	cdev_device_del(&device->cdev, &device->dev);
	ida_free(&minors, minor);
	put_device(&device->dev);
}

static int __init uio_init(void)
{
	int err = alloc_chrdev_region(&first_node, 0, MINORMASK + 1, "uio");

	if (err)
		return err;
	err = class_register(&uio_class);
	if (err)
		unregister_chrdev_region(first_node, MINORMASK + 1);
	return err;
}
module_init(uio_init);

static void __exit uio_exit(void)
{
	class_unregister(&uio_class);
	unregister_chrdev_region(first_node, MINORMASK + 1);
	ida_destroy(&minors);
}
module_exit(uio_exit);
