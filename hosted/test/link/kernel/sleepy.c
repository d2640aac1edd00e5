// SPDX-License-Identifier: GPL-2.0
/* Nodes whose driver sleeps: "sleepy", and "sleepy1", which does in open() already */
#include <linux/cdev.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "../sleepy.h"

static struct class class = { .name = "sleepy" };
static dev_t number;
static DECLARE_WAIT_QUEUE_HEAD(queue);
static atomic_t go, asleep;

static struct sleepy {
	struct device dev;
	struct cdev cdev;
} sleepy[SLEEPY_NODES];

static int sleep_interruptibly(void)
{
	int err;

	atomic_inc(&asleep);
	err = wait_event_interruptible(queue, atomic_read(&go));
	atomic_dec(&asleep);
	return err;
}

static int sleepy_open(struct inode *inode, struct file *file)
{
	return iminor(inode) ? sleep_interruptibly() : 0;
}

static long sleepy_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long left;

	switch (cmd) {
	case SLEEPY_SLEEP:
		return sleep_interruptibly();
	case SLEEPY_WAKE:
		atomic_set(&go, 1);
		wake_up_all(&queue);
		return 0;
	case SLEEPY_COUNT:
		return atomic_read(&asleep);
	case SLEEPY_SLEEP_SOUNDLY:
		atomic_inc(&asleep);
		left = schedule_timeout_uninterruptible(msecs_to_jiffies(arg));
		atomic_dec(&asleep);
		return left;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations sleepy_fops = {
	.open = sleepy_open,
	.unlocked_ioctl = sleepy_ioctl,
};

static void release(struct device *dev)
{
}

static int add(struct sleepy *s, unsigned int minor)
{
	int err;

	device_initialize(&s->dev);
	s->dev.class = &class;
	s->dev.release = release;
	s->dev.devt = MKDEV(MAJOR(number), minor);
	cdev_init(&s->cdev, &sleepy_fops);
	err = dev_set_name(&s->dev, minor ? "sleepy%u" : "sleepy", minor);
	return err ?: cdev_device_add(&s->cdev, &s->dev);
}

int sleepy_add(void)
{
	int i, err;

	atomic_set(&go, 0);
	err = class_register(&class);
	if (!err)
		err = alloc_chrdev_region(&number, 0, SLEEPY_NODES, "sleepy");
	for (i = 0; i < SLEEPY_NODES && !err; i++)
		err = add(&sleepy[i], i);
	return err;
}

void sleepy_del(void)
{
	int i;

	for (i = 0; i < SLEEPY_NODES; i++) {
		cdev_device_del(&sleepy[i].cdev, &sleepy[i].dev);
		put_device(&sleepy[i].dev);
	}
	unregister_chrdev_region(number, SLEEPY_NODES);
	class_unregister(&class);
}
