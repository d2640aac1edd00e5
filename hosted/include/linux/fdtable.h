/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_FDTABLE_H
#define _HOSTED_LINUX_FDTABLE_H

#include <linux/fs.h>

/* The open files of a process, each once for each of its descriptors. Stops at the first 1. */
int iterate_fd(struct files_struct *files, unsigned int start,
	       int (*fn)(const void *arg, struct file *file, unsigned int fd), const void *arg);

#endif
