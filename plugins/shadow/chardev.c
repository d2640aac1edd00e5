// SPDX-License-Identifier: GPL-2.0
/*
 * The node that proxies open, /dev/shadow-process0 and so on, with the calls of
 * the original one: Documentation/shadow.md has the table
 *
 * What an open file needs is struct shadow and its slot. Both outlive the
 * binding: the open file holds a reference to the node, and that one to the
 * device. After unbind, no call reaches the link: @gone is checked, or the link
 * is found down.
 */
#include <linux/bitmap.h>
#include <linux/compat.h>
#include <linux/fdtable.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "shadow.h"

/* As the original has them, without a header that programs could include */
#define SHADOW_GET_SLOT		_IOR('k', 1, u64)
#define SHADOW_SEND_SIGNAL	_IOW('k', 8, u64)	/* by value */

static dev_t shadow_devt;
static DEFINE_IDA(shadow_ida);

/*
 * Calls
 */

static int shadow_open(struct inode *inode, struct file *file)
{
	struct shadow *shadow = container_of(inode->i_cdev, struct shadow, cdev);
	struct shadow_slot *slot = shadow_slot_open(shadow, file);

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	file->private_data = slot;
	return stream_open(inode, file);
}

static int is_file(const void *wanted, struct file *file, unsigned int fd)
{
	return wanted == file;
}

/*
 * An inherited mapping keeps the file open, so the slot is freed when its opener
 * closes it: not by a child that does, nor while dup() left the opener another
 * descriptor. At its exit, its table is not the current one any more.
 */
static int shadow_flush(struct file *file, fl_owner_t owner)
{
	struct shadow_slot *slot = file->private_data;

	if (owner != slot->owner)
		return 0;
	if (owner != current->files || !iterate_fd(owner, 0, is_file, file))
		shadow_slot_close(slot);
	return 0;
}

static int shadow_release(struct inode *inode, struct file *file)
{
	shadow_slot_release(file->private_data);
	return 0;
}

/* Is there something for a reader, an error included? */
static bool is_readable(const struct shadow_slot *slot)
{
	return READ_ONCE(slot->queued) != READ_ONCE(slot->read) || READ_ONCE(slot->reset) ||
	       !READ_ONCE(slot->open) || READ_ONCE(slot->shadow->gone);
}

static int peek(struct shadow_slot *slot, struct shadow_request *request, u32 *resets)
{
	int err;

	spin_lock_irq(&slot->lock);
	err = shadow_slot_peek(slot, request);
	*resets = slot->resets;
	spin_unlock_irq(&slot->lock);
	return err;
}

/* The program has the request; where the link ended meanwhile, only the program. */
static void took(struct shadow_slot *slot, u32 resets)
{
	spin_lock_irq(&slot->lock);
	if (resets == slot->resets)
		WRITE_ONCE(slot->read, slot->read + 1);
	else
		slot->unanswered++;
	spin_unlock_irq(&slot->lock);
}

static ssize_t shadow_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct shadow_slot *slot = file->private_data;
	bool block = !(file->f_flags & O_NONBLOCK);
	struct shadow_request request;
	u32 resets;
	int err;

	if (count < sizeof(request))
		return -EINVAL;
	if (block && mutex_lock_interruptible(&slot->read_lock))
		return -ERESTARTSYS;
	if (!block && !mutex_trylock(&slot->read_lock))
		return -EAGAIN;
	do {
		err = peek(slot, &request, &resets);
		if (err != -EAGAIN || !block)
			break;
		err = wait_event_interruptible(slot->wait, is_readable(slot));
	} while (!err);
	if (!err && copy_to_user(buf, &request, sizeof(request)))
		err = -EFAULT;
	if (!err)
		took(slot, resets);
	mutex_unlock(&slot->read_lock);
	return err ?: sizeof(request);
}

/* Wait until there may be room in the ring. */
static int wait_for_room(struct file *file)
{
	struct shadow_slot *slot = file->private_data;
	struct shadow *shadow = slot->shadow;

	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(shadow->room, !READ_ONCE(shadow->full) ||
					!READ_ONCE(slot->open) || READ_ONCE(shadow->gone));
}

static ssize_t shadow_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct shadow_slot *slot = file->private_data;
	u64 value;
	int err;

	if (count != sizeof(value))
		return -EINVAL;
	if (copy_from_user(&value, buf, sizeof(value)))
		return -EFAULT;
	do {
		if (READ_ONCE(slot->shadow->gone))
			return -ENODEV;
		spin_lock_irq(&slot->lock);
		err = shadow_slot_answer(slot, value);
		spin_unlock_irq(&slot->lock);
		if (!err)
			return sizeof(value);
		err = wait_for_room(file);
	} while (!err);
	return err;
}

static __poll_t shadow_poll(struct file *file, poll_table *table)
{
	struct shadow_slot *slot = file->private_data;
	struct shadow *shadow = slot->shadow;
	__poll_t events = 0;

	/* Before looking, or what comes in between wakes nobody. */
	poll_wait(file, &slot->wait, table);
	poll_wait(file, &shadow->room, table);
	if (is_readable(slot))
		events |= EPOLLIN | EPOLLRDNORM;
	if (!READ_ONCE(shadow->full))
		events |= EPOLLOUT | EPOLLWRNORM;
	if (READ_ONCE(slot->reset) || !READ_ONCE(slot->open) || READ_ONCE(shadow->gone))
		events |= EPOLLERR | EPOLLHUP;
	return events;
}

static int get_slot(struct shadow_slot *slot, u64 __user *id)
{
	if (READ_ONCE(slot->shadow->gone))
		return -ENODEV;
	if (!READ_ONCE(slot->open))
		return -EBADFD;
	return put_user(slot->id, id);
}

static int send_signal(struct file *file, unsigned long signal)
{
	struct shadow_slot *slot = file->private_data;
	struct shadow *shadow = slot->shadow;
	u64 cookie = SHADOW_SIGNAL | task_pid_vnr(current);
	int err;

	if (signal > _NSIG)
		return -EINVAL;
	do {
		if (READ_ONCE(shadow->gone))
			return -ENODEV;
		if (!READ_ONCE(slot->open))
			return -EBADFD;
		err = shadow_send(shadow, signal, cookie, READ_ONCE(slot->priority));
		if (err == -EAGAIN)
			err = wait_for_room(file);
		else
			break;
	} while (!err);
	if (!err)
		shadow_count(shadow, SHADOW_SIGNALS);
	return err;
}

/* Both arguments mean the same in 32-bit programs. */
static long shadow_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case SHADOW_GET_SLOT:
		return get_slot(file->private_data, (u64 __user *)arg);
	case SHADOW_SEND_SIGNAL:
		return send_signal(file, arg);
	default:
		return -ENOTTY;
	}
}

static int ivshmem_shadow_mmap_prepare(struct vm_area_desc *desc)
{
	struct shadow_slot *slot = desc->file->private_data;
	struct shadow *shadow = slot->shadow;

	if (READ_ONCE(shadow->gone))
		return -ENODEV;
	return ivshmem_window_mmap(shadow->window, desc, &shadow->rw,
				   (u64)desc->pgoff << PAGE_SHIFT);
}

static const struct file_operations shadow_fops = {
	.owner = THIS_MODULE,
	.open = shadow_open,
	.flush = shadow_flush,
	.release = shadow_release,
	.read = shadow_read,
	.write = shadow_write,
	.poll = shadow_poll,
	.unlocked_ioctl = shadow_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap_prepare = ivshmem_shadow_mmap_prepare,
	.get_unmapped_area = thp_get_unmapped_area,
};

/*
 * Attributes, see Documentation/ABI/testing/sysfs-class-shadow-process
 */

#define SHADOW_ATTR(_name, _format, _value)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr, char *buf) \
{											\
	struct shadow *shadow = container_of(dev, struct shadow, dev);			\
											\
	return sysfs_emit(buf, _format "\n", _value);					\
}											\
static DEVICE_ATTR_RO(_name)

static unsigned int slots_used(struct shadow *shadow)
{
	unsigned int used;

	spin_lock_irq(&shadow->lock);
	used = bitmap_weight(shadow->used, shadow->slots);
	spin_unlock_irq(&shadow->lock);
	return used;
}

static ssize_t version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "1\n");
}
static DEVICE_ATTR_RO(version);

SHADOW_ATTR(name, "shadow-process[%s]", dev_name(shadow->dev.parent));
SHADOW_ATTR(event, "%u", (u32)atomic_read(&shadow->events));
SHADOW_ATTR(slots, "%u", shadow->slots);
SHADOW_ATTR(slots_used, "%u", slots_used(shadow));

static struct attribute *shadow_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_version.attr,
	&dev_attr_event.attr,
	&dev_attr_slots.attr,
	&dev_attr_slots_used.attr,
	NULL
};

static const struct attribute_group shadow_group = {
	.attrs = shadow_attrs,
};

#define COUNTER(_name, _value)	SHADOW_ATTR(_name, "%lld", (long long)atomic64_read(_value))

COUNTER(requests, &shadow->counters[SHADOW_REQUESTS]);
COUNTER(replies, &shadow->counters[SHADOW_REPLIES]);
COUNTER(signals, &shadow->counters[SHADOW_SIGNALS]);
COUNTER(errors, &shadow->counters[SHADOW_ERRORS]);
COUNTER(stale, &shadow->counters[SHADOW_STALE]);
COUNTER(queue_full, &shadow->counters[SHADOW_QUEUE_FULL]);
COUNTER(abandoned, &shadow->counters[SHADOW_ABANDONED]);
COUNTER(swallowed, &shadow->counters[SHADOW_SWALLOWED]);
COUNTER(rerings, &shadow->counters[SHADOW_RERINGS]);
COUNTER(resets, &shadow->link.resets);
COUNTER(ring_errors, &shadow->link.errors);

static struct attribute *shadow_counter_attrs[] = {
	&dev_attr_requests.attr,
	&dev_attr_replies.attr,
	&dev_attr_signals.attr,
	&dev_attr_errors.attr,
	&dev_attr_stale.attr,
	&dev_attr_queue_full.attr,
	&dev_attr_abandoned.attr,
	&dev_attr_swallowed.attr,
	&dev_attr_rerings.attr,
	&dev_attr_resets.attr,
	&dev_attr_ring_errors.attr,
	NULL
};

static const struct attribute_group shadow_counter_group = {
	.name = "counters",
	.attrs = shadow_counter_attrs,
};

static const struct attribute_group *shadow_groups[] = {
	&shadow_group,
	&shadow_counter_group,
	NULL
};

static struct class shadow_class = {
	.name = "shadow-process",
	.dev_groups = shadow_groups,
};

/*
 * The node
 */

static void shadow_free(struct device *dev)
{
	struct shadow *shadow = container_of(dev, struct shadow, dev);

	put_device(&shadow->idev->dev);
	ivshmem_window_put(shadow->window);
	bitmap_free(shadow->used);
	kvfree(shadow->places);
	kfree(shadow);
}

/**
 * shadow_init_device() - from now on, put_device() frees it
 * @shadow: zeroed but for idev
 *
 * Context: process.
 */
void shadow_init_device(struct shadow *shadow)
{
	get_device(&shadow->idev->dev);
	device_initialize(&shadow->dev);
	shadow->dev.class = &shadow_class;
	shadow->dev.parent = shadow->idev->dev.parent;
	shadow->dev.release = shadow_free;
}

/* Who has the node open from now on only finds an error. */
static void evict(struct shadow *shadow)
{
	struct shadow_slot *slot;

	shadow_end_slots(shadow);
	ivshmem_window_close(shadow->window);
	mutex_lock(&shadow->files_lock);
	list_for_each_entry(slot, &shadow->files, files)
		unmap_mapping_range(slot->file->f_mapping, 0, 0, 1);
	mutex_unlock(&shadow->files_lock);
}

/**
 * shadow_add_node() - let programs in
 * @shadow: the device, with all that programs need but the link
 *
 * Context: process. Return: 0 or a negative error, the reason for which is
 * logged.
 */
int shadow_add_node(struct shadow *shadow)
{
	int minor, err;

	minor = ida_alloc_max(&shadow_ida, MINORMASK, GFP_KERNEL);
	if (minor < 0) {
		dev_err(&shadow->idev->dev, "no minor number is free: %d\n", minor);
		return minor;
	}
	shadow->dev.devt = MKDEV(MAJOR(shadow_devt), minor);
	cdev_init(&shadow->cdev, &shadow_fops);
	shadow->cdev.owner = THIS_MODULE;
	err = dev_set_name(&shadow->dev, "shadow-process%d", minor);
	if (!err)
		err = cdev_device_add(&shadow->cdev, &shadow->dev);
	if (!err)
		return 0;
	dev_err(&shadow->idev->dev, "cannot add the character device: %d\n", err);
	ida_free(&shadow_ida, minor);
	/* Programs may have come in meanwhile. */
	evict(shadow);
	return err;
}

/**
 * shadow_remove_node() - let no program reach the device any more
 * @shadow: the device, whose link has ended
 *
 * Open files stay, with what shadow_free() frees.
 *
 * Context: process.
 */
void shadow_remove_node(struct shadow *shadow)
{
	cdev_device_del(&shadow->cdev, &shadow->dev);
	ida_free(&shadow_ida, MINOR(shadow->dev.devt));
	evict(shadow);
}

int __init shadow_chardev_init(void)
{
	int err;

	err = class_register(&shadow_class);
	if (err)
		return err;
	err = alloc_chrdev_region(&shadow_devt, 0, MINORMASK + 1, "shadow-process");
	if (err)
		class_unregister(&shadow_class);
	return err;
}

void shadow_chardev_exit(void)
{
	unregister_chrdev_region(shadow_devt, MINORMASK + 1);
	class_unregister(&shadow_class);
	ida_destroy(&shadow_ida);
}
