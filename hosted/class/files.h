/* SPDX-License-Identifier: GPL-2.0 */
/* What chrdev.c and mm.c know of each other */
#ifndef HOSTED_CLASS_FILES_H
#define HOSTED_CLASS_FILES_H

#include <linux/fs.h>
#include <linux/sched.h>

#include "kit/files.h"

/**
 * struct hosted_call - a call of a process while it lasts
 * @task: the thread that makes it
 * @files: of the process
 * @outer_files: of @task before
 * @outer_pid: of @task before
 * @entry: in the process' callers
 */
struct hosted_call {
	struct task_struct *task;
	struct files_struct *files;
	struct files_struct *outer_files;
	pid_t outer_pid;
	struct list_head entry;
};

void hosted_enter(struct hosted_call *call, struct files_struct *files);
void hosted_leave(struct hosted_call *call);

/* One reference less; the last one releases the file. May sleep. */
void hosted_fput(struct file *file);

#endif
