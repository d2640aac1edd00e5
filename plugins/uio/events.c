// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/ivshmem-uioN: an eventfd for each vector, and for state changes
 *
 * UIO has one counter for all interrupts and no ioctl. The node beside it does
 * the rest, as include/uapi/ivshmem_uio.h describes it.
 */
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "uio.h"

#define NODES	(MINORMASK + 1)	/* as many as UIO may have */

static dev_t first_node;
static struct class ivshmem_uio_class = { .name = "ivshmem-uio" };

/**
 * struct ivshmem_uio_listener - an eventfd
 * @node: in uio->listeners, of one source
 * @next: links those that were taken off together
 * @file: that it was attached through; each has one eventfd for a source
 * @ctx: the eventfd, ours to put
 */
struct ivshmem_uio_listener {
	struct hlist_node node;
	struct ivshmem_uio_listener *next;
	const struct file *file;
	struct eventfd_ctx *ctx;
};

/* Context: any. Several listeners, or none, may wait for a source. */
void ivshmem_uio_signal(struct ivshmem_uio *uio, unsigned int source)
{
	struct ivshmem_uio_listener *listener;

	/* Pairs with synchronize_rcu() in free_listeners(). */
	rcu_read_lock();
	hlist_for_each_entry_rcu(listener, &uio->listeners[source], node)
		eventfd_signal(listener->ctx);
	rcu_read_unlock();
}

static struct ivshmem_uio_listener *alloc_listener(const struct file *file, int fd)
{
	struct ivshmem_uio_listener *listener = kzalloc(sizeof(*listener), GFP_KERNEL_ACCOUNT);
	int err;

	if (!listener)
		return ERR_PTR(-ENOMEM);
	listener->file = file;
	listener->ctx = eventfd_ctx_fdget(fd);
	if (!IS_ERR(listener->ctx))
		return listener;
	err = PTR_ERR(listener->ctx);
	kfree(listener);
	return ERR_PTR(err);
}

/* All linked by @next, NULL for none, off their lists. Signalled no more once this returns. */
static void free_listeners(struct ivshmem_uio_listener *listener)
{
	struct ivshmem_uio_listener *next;

	if (listener)
		synchronize_rcu();
	for (; listener; listener = next) {
		next = listener->next;
		eventfd_ctx_put(listener->ctx);
		kfree(listener);
	}
}

/* What @file has attached to @source, or NULL. Holds uio->lock. */
static struct ivshmem_uio_listener *find_listener(struct ivshmem_uio *uio, const struct file *file,
						  unsigned int source)
{
	struct ivshmem_uio_listener *listener;

	lockdep_assert_held(&uio->lock);
	hlist_for_each_entry(listener, &uio->listeners[source], node)
		if (listener->file == file)
			return listener;
	return NULL;
}

/*
 * @new, NULL for none, comes in the place of @old, NULL for none, with no moment
 * in between. Holds uio->lock.
 */
static void exchange(struct ivshmem_uio *uio, unsigned int source,
		     struct ivshmem_uio_listener *old, struct ivshmem_uio_listener *new)
{
	lockdep_assert_held(&uio->lock);
	if (old && new)
		hlist_replace_rcu(&old->node, &new->node);
	else if (old)
		hlist_del_rcu(&old->node);
	else if (new)
		hlist_add_head_rcu(&new->node, &uio->listeners[source]);
	uio->attached += !!new - !!old;
}

/* An interrupt signals all of a source, so they must be few. Holds uio->lock. */
static bool has_all(struct ivshmem_uio *uio, unsigned int source)
{
	struct ivshmem_uio_listener *listener;
	unsigned int count = 0;

	lockdep_assert_held(&uio->lock);
	hlist_for_each_entry(listener, &uio->listeners[source], node)
		count++;
	return count >= IVSHMEM_UIO_MAX_EVENTFDS;
}

/* @listener, NULL for none, becomes its file's for @source. */
static int attach(struct ivshmem_uio *uio, const struct file *file, unsigned int source,
		  struct ivshmem_uio_listener *listener)
{
	struct ivshmem_uio_listener *unused = listener, *old;
	int err = -ENODEV;

	mutex_lock(&uio->lock);
	if (uio->gone)
		goto unlock;
	old = find_listener(uio, file, source);
	err = -ENOSPC;
	if (listener && !old && has_all(uio, source))
		goto unlock;
	exchange(uio, source, old, listener);
	ivshmem_uio_set_mode(uio);
	unused = old;
	err = 0;
unlock:
	mutex_unlock(&uio->lock);
	free_listeners(unused);
	return err;
}

static int set_eventfd(struct ivshmem_uio *uio, const struct file *file, const void __user *arg)
{
	unsigned int state_changes = uio->facts.vectors;
	struct ivshmem_uio_listener *listener = NULL;
	struct ivshmem_uio_eventfd request;
	unsigned int source;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	source = request.source == IVSHMEM_UIO_STATE ? state_changes : request.source;
	if (source >= state_changes && request.source != IVSHMEM_UIO_STATE)
		return -EINVAL;
	source = array_index_nospec(source, state_changes + 1);
	if (request.fd != -1)
		listener = alloc_listener(file, request.fd);
	if (IS_ERR(listener))
		return PTR_ERR(listener);
	return attach(uio, file, source, listener);
}

static long events_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ivshmem_uio *uio = file->private_data;
	void __user *user = (void __user *)arg;

	if (READ_ONCE(uio->gone))
		return -ENODEV;
	switch (cmd) {
	case IVSHMEM_UIO_GET_INFO:
		return copy_to_user(user, &uio->facts, sizeof(uio->facts)) ? -EFAULT : 0;
	case IVSHMEM_UIO_SET_EVENTFD:
		return set_eventfd(uio, file, user);
	default:
		return -ENOTTY;
	}
}

static __poll_t events_poll(struct file *file, poll_table *wait)
{
	struct ivshmem_uio *uio = file->private_data;

	poll_wait(file, &uio->removal, wait);
	return READ_ONCE(uio->gone) ? EPOLLERR | EPOLLHUP : 0;
}

/* Until after events_release(), the file holds @cdev, and that holds uio->dev. */
static int events_open(struct inode *inode, struct file *file)
{
	file->private_data = container_of(inode->i_cdev, struct ivshmem_uio, cdev);
	return nonseekable_open(inode, file);
}

static int events_release(struct inode *inode, struct file *file)
{
	struct ivshmem_uio *uio = file->private_data;
	struct ivshmem_uio_listener *listener, *detached = NULL;
	unsigned int source;

	mutex_lock(&uio->lock);
	for (source = 0; source <= uio->facts.vectors; source++) {
		listener = find_listener(uio, file, source);
		if (!listener)
			continue;
		exchange(uio, source, listener, NULL);
		listener->next = detached;
		detached = listener;
	}
	if (detached && !uio->gone)
		ivshmem_uio_set_mode(uio);
	mutex_unlock(&uio->lock);
	free_listeners(detached);
	return 0;
}

static const struct file_operations events_fops = {
	.owner = THIS_MODULE,
	.open = events_open,
	.release = events_release,
	.unlocked_ioctl = events_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = events_poll,
};

/* The last reference went: unbound, and no file is open. */
static void free_uio(struct device *dev)
{
	kfree(container_of(dev, struct ivshmem_uio, dev));
}

/**
 * ivshmem_uio_alloc() - all that outlives the binding while files are open
 * @idev: the device
 *
 * Context: process. Return: what put_device() on its dev ends, or NULL.
 */
struct ivshmem_uio *ivshmem_uio_alloc(struct ivshmem_device *idev)
{
	struct ivshmem_uio *uio;

	uio = kzalloc(struct_size(uio, listeners, idev->vectors + 1), GFP_KERNEL);
	if (!uio)
		return NULL;
	uio->idev = idev;
	uio->facts.id = idev->id;
	uio->facts.max_peers = idev->max_peers;
	uio->facts.vectors = idev->vectors;
	mutex_init(&uio->lock);
	init_waitqueue_head(&uio->removal);
	device_initialize(&uio->dev);
	uio->dev.class = &ivshmem_uio_class;
	uio->dev.parent = idev->dev.parent;
	uio->dev.release = free_uio;
	return uio;
}

/**
 * ivshmem_uio_events_add() - let programs attach eventfds
 * @uio: registered with UIO, as its minor number is ours, too
 *
 * Context: process. Return: 0, or a negative error, which was logged.
 */
int ivshmem_uio_events_add(struct ivshmem_uio *uio)
{
	int minor = uio->info.uio_dev->minor;
	int err;

	cdev_init(&uio->cdev, &events_fops);
	uio->cdev.owner = THIS_MODULE;
	uio->dev.devt = MKDEV(MAJOR(first_node), minor);
	err = dev_set_name(&uio->dev, "ivshmem-uio%d", minor) ?:
	      cdev_device_add(&uio->cdev, &uio->dev);
	if (err)
		dev_err(&uio->idev->dev, "cannot add the node ivshmem-uio%d: %d\n", minor, err);
	return err;
}

/**
 * ivshmem_uio_events_remove() - from now on, open files only find an error
 * @uio: the same; of its idev and the device, nothing of ours uses any
 *
 * Context: process.
 */
void ivshmem_uio_events_remove(struct ivshmem_uio *uio)
{
	cdev_device_del(&uio->cdev, &uio->dev);
	mutex_lock(&uio->lock);
	WRITE_ONCE(uio->gone, true);
	mutex_unlock(&uio->lock);
	wake_up_all(&uio->removal);
}

int ivshmem_uio_events_init(void)
{
	int err;

	err = alloc_chrdev_region(&first_node, 0, NODES, ivshmem_uio_class.name);
	if (err)
		return err;
	err = class_register(&ivshmem_uio_class);
	if (err)
		unregister_chrdev_region(first_node, NODES);
	return err;
}

void ivshmem_uio_events_exit(void)
{
	class_unregister(&ivshmem_uio_class);
	unregister_chrdev_region(first_node, NODES);
}
