/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_POLL_H
#define _HOSTED_LINUX_POLL_H

#include <linux/fs.h>
#include <linux/wait.h>

#include <uapi/linux/eventpoll.h>

#define HOSTED_POLL_QUEUES	4

/**
 * struct poll_table_struct - what a program that polls waits for
 * @entry: in a driver's wait queues
 * @queue: which
 * @count: how many
 * @wanted: events
 * @task: who waits; NULL where nobody does
 * @triggered: an event has come since it looked
 */
typedef struct poll_table_struct {
	wait_queue_entry_t entry[HOSTED_POLL_QUEUES];
	wait_queue_head_t *queue[HOSTED_POLL_QUEUES];
	unsigned int count;
	__poll_t wanted;
	struct task_struct *task;
	bool triggered;
} poll_table;

void poll_wait(struct file *file, wait_queue_head_t *queue, poll_table *table);

#endif
