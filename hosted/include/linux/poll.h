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
 * @wake: called for such an event, by whoever wakes; NULL where nobody waits
 * @task: who waits
 * @triggered: an event has come since it looked
 * @eventfd: what is signalled
 */
typedef struct poll_table_struct {
	wait_queue_entry_t entry[HOSTED_POLL_QUEUES];
	wait_queue_head_t *queue[HOSTED_POLL_QUEUES];
	unsigned int count;
	__poll_t wanted;
	void (*wake)(struct poll_table_struct *table);
	struct task_struct *task;
	bool triggered;
	int eventfd;
} poll_table;

void poll_wait(struct file *file, wait_queue_head_t *queue, poll_table *table);

#endif
