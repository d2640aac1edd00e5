// SPDX-License-Identifier: GPL-2.0
/*
 * Character devices: nodes, and the programs that have them open. A program's call
 * runs in whatever thread makes it, which is the program's as long as it lasts.
 */
#include <linux/cdev.h>
#include <linux/fdtable.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "files.h"
#include "kit/kit.h"

/**
 * struct files_struct - the files of a process
 * @pid: of the process
 * @lock: protects @open
 * @open: struct file, those with descriptors
 * @calls_lock: protects @callers, and their signals
 * @callers: threads in a call of its
 */
struct files_struct {
	pid_t pid;
	struct mutex lock;	/* see above */
	struct list_head open;
	spinlock_t calls_lock;	/* see above */
	struct list_head callers;
};

static DEFINE_MUTEX(nodes_lock);
static LIST_HEAD(nodes);		/* struct cdev; nodes_lock */
static unsigned int next_major = 240;	/* nodes_lock */

static struct files_struct *to_files(struct kit_process *process)
{
	return (struct files_struct *)process;
}

static struct file *to_file(struct kit_file *file)
{
	return (struct file *)file;
}

/*
 * Calls
 */

/* The running thread becomes one of the process. */
void hosted_enter(struct hosted_call *call, struct files_struct *files)
{
	call->task = current;
	call->outer_files = current->files;
	call->outer_pid = current->pid;
	call->files = files;
	current->files = files;
	current->pid = files->pid;
	spin_lock(&files->calls_lock);
	list_add(&call->entry, &files->callers);
	spin_unlock(&files->calls_lock);
}

void hosted_leave(struct hosted_call *call)
{
	spin_lock(&call->files->calls_lock);
	list_del(&call->entry);
	flush_signals(current);
	spin_unlock(&call->files->calls_lock);
	current->files = call->outer_files;
	current->pid = call->outer_pid;
}

void kit_process_interrupt(struct kit_process *process, bool fatal)
{
	struct files_struct *files = to_files(process);
	struct hosted_call *call;

	spin_lock(&files->calls_lock);
	list_for_each_entry(call, &files->callers, entry)
		send_sig(fatal ? SIGKILL : SIGINT, call->task, 0);
	spin_unlock(&files->calls_lock);
}

/*
 * Nodes
 */

int alloc_chrdev_region(dev_t *dev, unsigned int first_minor, unsigned int count,
			const char *name)
{
	if (kit_should_fail(KIT_WHAT_REGISTRATION))
		return -EBUSY;
	mutex_lock(&nodes_lock);
	*dev = MKDEV(next_major++, first_minor);
	mutex_unlock(&nodes_lock);
	kit_count(KIT_WHAT_REGISTRATION, 1);
	return 0;
}

void unregister_chrdev_region(dev_t from, unsigned int count)
{
	kit_count(KIT_WHAT_REGISTRATION, -1);
}

void cdev_init(struct cdev *cdev, const struct file_operations *fops)
{
	memset(cdev, 0, sizeof(*cdev));
	INIT_LIST_HEAD(&cdev->entry);
	cdev->ops = fops;
}

void ihold(struct inode *inode)
{
	atomic_inc(&inode->i_count);
}

void iput(struct inode *inode)
{
	if (inode && atomic_dec_and_test(&inode->i_count))
		kfree(inode);
}

static struct inode *alloc_inode(struct cdev *cdev)
{
	struct inode *inode = kzalloc(sizeof(*inode), GFP_KERNEL);

	if (!inode)
		return NULL;
	inode->i_rdev = cdev->dev;
	inode->i_cdev = cdev;
	inode->i_mapping = &inode->i_data;
	inode->i_data.host = inode;
	mutex_init(&inode->i_data.lock);
	INIT_LIST_HEAD(&inode->i_data.mappings);
	atomic_set(&inode->i_count, 1);
	return inode;
}

static void remove_node(struct cdev *cdev)
{
	mutex_lock(&nodes_lock);
	list_del_init(&cdev->entry);
	mutex_unlock(&nodes_lock);
	iput(cdev->inode);
	cdev->inode = NULL;
}

/* From here on programs may come in. */
int cdev_device_add(struct cdev *cdev, struct device *dev)
{
	int err;

	cdev->dev = dev->devt;
	cdev->device = dev;
	cdev->inode = alloc_inode(cdev);
	if (!cdev->inode)
		return -ENOMEM;
	mutex_lock(&nodes_lock);
	list_add_tail(&cdev->entry, &nodes);
	mutex_unlock(&nodes_lock);
	err = device_add(dev);
	if (err)
		remove_node(cdev);
	return err;
}

/* Open files stay. */
void cdev_device_del(struct cdev *cdev, struct device *dev)
{
	device_del(dev);
	remove_node(cdev);
}

/*
 * Processes
 */

struct kit_process *kit_process_create(int pid)
{
	struct files_struct *files = kzalloc(sizeof(*files), GFP_KERNEL);

	if (!files)
		return NULL;
	files->pid = pid;
	mutex_init(&files->lock);
	INIT_LIST_HEAD(&files->open);
	spin_lock_init(&files->calls_lock);
	INIT_LIST_HEAD(&files->callers);
	return (struct kit_process *)files;
}

int iterate_fd(struct files_struct *files, unsigned int start,
	       int (*fn)(const void *arg, struct file *file, unsigned int fd), const void *arg)
{
	unsigned int fd = start, i;
	struct file *file;
	int found = 0;

	mutex_lock(&files->lock);
	list_for_each_entry(file, &files->open, entry)
		for (i = 0; i < file->descriptors && !found; i++)
			found = fn(arg, file, fd++);
	mutex_unlock(&files->lock);
	return found;
}

/* The file is in no table any more when its last descriptor goes. */
static void remove_descriptor(struct files_struct *files, struct file *file)
{
	mutex_lock(&files->lock);
	if (!--file->descriptors)
		list_del(&file->entry);
	mutex_unlock(&files->lock);
}

void hosted_fput(struct file *file)
{
	struct cdev *cdev = file->f_inode->i_cdev;
	struct device *device = cdev->device;
	struct module *owner = cdev->owner;

	if (!atomic_dec_and_test(&file->f_count))
		return;
	if (file->f_op->release)
		file->f_op->release(file->f_inode, file);
	iput(file->f_inode);
	kfree(file);
	/* Maybe the last reference to what @cdev is in. */
	put_device(device);
	module_put(owner);
}

static void close_descriptor(struct file *file)
{
	struct files_struct *files = file->files;

	remove_descriptor(files, file);
	if (file->f_op->flush)
		file->f_op->flush(file, files);
	hosted_fput(file);
}

/* An exiting process has left its table when its files are closed. */
void kit_process_exit(struct kit_process *process)
{
	struct files_struct *files = to_files(process);
	struct hosted_call call;
	struct file *file;

	hosted_enter(&call, files);
	current->files = NULL;
	while (!list_empty(&files->open)) {
		file = list_first_entry(&files->open, struct file, entry);
		close_descriptor(file);
	}
	hosted_leave(&call);
	kfree(files);
}

/* With references to the inode, device and module of the node, which may go meanwhile. */
static int find_node(const char *name, struct cdev **found, struct inode **inode)
{
	struct cdev *cdev;
	int err = -ENOENT;

	mutex_lock(&nodes_lock);
	list_for_each_entry(cdev, &nodes, entry) {
		if (strcmp(dev_name(cdev->device), name))
			continue;
		err = -ENXIO;
		if (!try_module_get(cdev->owner))
			break;
		get_device(cdev->device);
		ihold(cdev->inode);
		*inode = cdev->inode;
		*found = cdev;
		err = 0;
		break;
	}
	mutex_unlock(&nodes_lock);
	return err;
}

static struct file *alloc_file(struct files_struct *files, struct cdev *cdev, struct inode *inode,
			       unsigned int flags)
{
	struct file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return NULL;
	file->f_op = cdev->ops;
	file->f_flags = flags;
	file->f_mode = FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	if ((flags & O_ACCMODE) != O_WRONLY)
		file->f_mode |= FMODE_READ;
	if (flags & O_ACCMODE)
		file->f_mode |= FMODE_WRITE;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	atomic_set(&file->f_count, 1);
	file->files = files;
	return file;
}

static int open_node(struct files_struct *files, const char *node, unsigned int flags,
		     struct file **opened)
{
	struct device *device;
	struct module *owner;
	struct inode *inode;
	struct file *file;
	struct cdev *cdev;
	int err;

	err = find_node(node, &cdev, &inode);
	if (err)
		return err;
	device = cdev->device;
	owner = cdev->owner;
	file = alloc_file(files, cdev, inode, flags);
	err = file ? 0 : -ENOMEM;
	if (!err && cdev->ops->open)
		err = cdev->ops->open(inode, file);
	if (!err) {
		mutex_lock(&files->lock);
		file->descriptors = 1;
		list_add_tail(&file->entry, &files->open);
		mutex_unlock(&files->lock);
		*opened = file;
		return 0;
	}
	kfree(file);
	iput(inode);
	/* Maybe the last reference to what @cdev is in. */
	put_device(device);
	module_put(owner);
	return err;
}

int kit_open(struct kit_process *process, const char *node, int flags, struct kit_file **file)
{
	struct hosted_call call;
	struct file *opened;
	int err;

	hosted_enter(&call, to_files(process));
	err = open_node(call.files, node, flags, &opened);
	hosted_leave(&call);
	if (!err)
		*file = (struct kit_file *)opened;
	return err;
}

void kit_device_number(struct kit_file *file, unsigned int *major, unsigned int *minor)
{
	*major = imajor(file_inode(to_file(file)));
	*minor = iminor(file_inode(to_file(file)));
}

int kit_dup(struct kit_file *kit)
{
	struct file *file = to_file(kit);

	mutex_lock(&file->files->lock);
	file->descriptors++;
	mutex_unlock(&file->files->lock);
	atomic_inc(&file->f_count);
	return 0;
}

int kit_close(struct kit_file *kit)
{
	struct hosted_call call;

	hosted_enter(&call, to_file(kit)->files);
	close_descriptor(to_file(kit));
	hosted_leave(&call);
	return 0;
}

/*
 * Calls of open files
 */

int nonseekable_open(struct inode *inode, struct file *file)
{
	file->f_mode &= ~(FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

int stream_open(struct inode *inode, struct file *file)
{
	nonseekable_open(inode, file);
	file->f_mode |= FMODE_STREAM;
	return 0;
}

loff_t noop_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos;
}

long kit_read(struct kit_file *kit, void *buf, unsigned long size)
{
	struct file *file = to_file(kit);
	struct hosted_call call;
	long ret = -EINVAL;

	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	hosted_enter(&call, file->files);
	if (file->f_op->read)
		ret = file->f_op->read(file, (char __user *)buf, size, &file->f_pos);
	hosted_leave(&call);
	return ret;
}

long kit_write(struct kit_file *kit, const void *buf, unsigned long size)
{
	struct file *file = to_file(kit);
	struct hosted_call call;
	long ret = -EINVAL;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	hosted_enter(&call, file->files);
	if (file->f_op->write)
		ret = file->f_op->write(file, (const char __user *)buf, size, &file->f_pos);
	hosted_leave(&call);
	return ret;
}

long kit_ioctl(struct kit_file *kit, unsigned int cmd, unsigned long arg)
{
	struct file *file = to_file(kit);
	struct hosted_call call;
	long ret = -ENOTTY;

	hosted_enter(&call, file->files);
	if (file->f_op->unlocked_ioctl)
		ret = file->f_op->unlocked_ioctl(file, cmd, arg);
	hosted_leave(&call);
	return ret;
}

void kit_set_nonblock(struct kit_file *kit, bool on)
{
	struct file *file = to_file(kit);

	file->f_flags = on ? file->f_flags | O_NONBLOCK : file->f_flags & ~O_NONBLOCK;
}

/*
 * Poll
 */

static int poll_wake(struct wait_queue_entry *entry, unsigned int mode, int flags, void *key)
{
	poll_table *table = entry->private;

	if (key && !(key_to_poll(key) & table->wanted))
		return 0;
	table->wake(table);
	return 0;
}

void poll_wait(struct file *file, wait_queue_head_t *queue, poll_table *table)
{
	wait_queue_entry_t *entry;

	if (!table || !table->wake)
		return;
	BUG_ON(table->count == HOSTED_POLL_QUEUES);
	entry = &table->entry[table->count];
	init_waitqueue_func_entry(entry, poll_wake);
	entry->private = table;
	table->queue[table->count++] = queue;
	add_wait_queue(queue, entry);
}

static void remove_waits(poll_table *table)
{
	while (table->count) {
		table->count--;
		remove_wait_queue(table->queue[table->count], &table->entry[table->count]);
	}
}

static void wake_task(poll_table *table)
{
	/* Pairs with set_current_state() in poll_sleep(). */
	smp_store_release(&table->triggered, true);
	wake_up_process(table->task);
}

static long poll_sleep(poll_table *table, long left)
{
	set_current_state(TASK_INTERRUPTIBLE);
	/* Pairs with the release in wake_task(). */
	if (!smp_load_acquire(&table->triggered))
		left = schedule_timeout(left);
	__set_current_state(TASK_RUNNING);
	/* Before the driver is asked again; pairs with the release in wake_task(). */
	smp_store_mb(table->triggered, false);
	return left;
}

static __poll_t poll_file(struct file *file, poll_table *table, long left)
{
	__poll_t found;

	table->task = current;
	table->wake = left ? wake_task : NULL;
	found = file->f_op->poll(file, table) & table->wanted;
	/* It is in the queues now. */
	while (!found && left && !signal_pending(current)) {
		left = poll_sleep(table, left);
		found = file->f_op->poll(file, NULL) & table->wanted;
	}
	remove_waits(table);
	return found;
}

unsigned int kit_poll(struct kit_file *kit, unsigned int events, int timeout)
{
	long left = timeout < 0 ? MAX_SCHEDULE_TIMEOUT : (long)msecs_to_jiffies(timeout);
	poll_table table = { .wanted = events | EPOLLERR | EPOLLHUP };
	struct file *file = to_file(kit);
	struct hosted_call call;
	__poll_t found;

	if (!file->f_op->poll)
		return events & (EPOLLIN | EPOLLOUT);
	hosted_enter(&call, file->files);
	found = poll_file(file, &table, left);
	hosted_leave(&call);
	return found;
}

static void wake_eventfd(poll_table *table)
{
	kit_eventfd_signal(table->eventfd);
}

struct kit_watch *kit_watch(struct kit_file *kit, int eventfd)
{
	poll_table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	struct file *file = to_file(kit);

	if (!table)
		return NULL;
	table->wanted = ~0U;
	table->wake = wake_eventfd;
	table->eventfd = eventfd;
	if (file->f_op->poll)
		file->f_op->poll(file, table);
	return (struct kit_watch *)table;
}

void kit_unwatch(struct kit_watch *watch)
{
	poll_table *table = (poll_table *)watch;

	if (table)
		remove_waits(table);
	kfree(table);
}
