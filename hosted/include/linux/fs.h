/* SPDX-License-Identifier: GPL-2.0 */
/* Open files, as far as device nodes have them; class/chrdev.c */
#ifndef _HOSTED_LINUX_FS_H
#define _HOSTED_LINUX_FS_H

#include <linux/cache.h>
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/ioctl.h>
#include <linux/kdev_t.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include <uapi/linux/fcntl.h>

struct cdev;
struct file;
struct inode;
struct poll_table_struct;
struct vm_area_desc;
struct files_struct;

typedef struct files_struct *fl_owner_t;

struct file_operations {
	struct module *owner;
	int (*open)(struct inode *inode, struct file *file);
	int (*flush)(struct file *file, fl_owner_t owner);
	int (*release)(struct inode *inode, struct file *file);
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
	ssize_t (*read)(struct file *file, char __user *buf, size_t size, loff_t *pos);
	ssize_t (*write)(struct file *file, const char __user *buf, size_t size, loff_t *pos);
	__poll_t (*poll)(struct file *file, struct poll_table_struct *table);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*mmap_prepare)(struct vm_area_desc *desc);
	unsigned long (*get_unmapped_area)(struct file *file, unsigned long addr, unsigned long len,
					   unsigned long pgoff, unsigned long flags);
};

/**
 * struct address_space - what is mapped of a node
 * @lock: protects @mappings
 * @mappings: struct vm_area_struct
 */
struct address_space {
	struct inode *host;
	struct mutex lock;	/* see above */
	struct list_head mappings;
};

/**
 * struct inode - a node
 * @i_count: the node's reference, until its device goes, and one per open file
 */
struct inode {
	dev_t i_rdev;
	struct cdev *i_cdev;
	struct address_space *i_mapping;
	struct address_space i_data;
	atomic_t i_count;
};

#define FMODE_READ	0x1U
#define FMODE_WRITE	0x2U
#define FMODE_LSEEK	0x4U
#define FMODE_PREAD	0x8U
#define FMODE_PWRITE	0x10U
#define FMODE_STREAM	0x200000U

/**
 * struct file - an open file
 * @f_count: its descriptors and its mappings
 * @descriptors: in the table of its process
 * @files: that table, and @entry in it
 */
struct file {
	const struct file_operations *f_op;
	unsigned int f_flags;
	fmode_t f_mode;
	loff_t f_pos;
	void *private_data;
	struct inode *f_inode;
	struct address_space *f_mapping;
	atomic_t f_count;
	unsigned int descriptors;
	struct files_struct *files;
	struct list_head entry;
};

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

static inline unsigned int iminor(const struct inode *inode)
{
	return MINOR(inode->i_rdev);
}

static inline unsigned int imajor(const struct inode *inode)
{
	return MAJOR(inode->i_rdev);
}

void ihold(struct inode *inode);
void iput(struct inode *inode);

int nonseekable_open(struct inode *inode, struct file *file);
int stream_open(struct inode *inode, struct file *file);
loff_t noop_llseek(struct file *file, loff_t offset, int whence);

int alloc_chrdev_region(dev_t *dev, unsigned int first_minor, unsigned int count,
			const char *name);
void unregister_chrdev_region(dev_t from, unsigned int count);

/* Programs are of one word size, so this is never called. */
#define compat_ptr_ioctl	NULL

/* Where large pages would fit; programs' addresses are not the kit's to choose. */
#define thp_get_unmapped_area	NULL

#endif
