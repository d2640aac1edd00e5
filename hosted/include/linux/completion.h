/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_COMPLETION_H
#define _HOSTED_LINUX_COMPLETION_H

#include <linux/wait.h>

struct completion {
	unsigned int done;
	wait_queue_head_t wait;
};

#define COMPLETION_INITIALIZER(_name)	{ 0, __WAIT_QUEUE_HEAD_INITIALIZER((_name).wait) }
#define DECLARE_COMPLETION(_name)	struct completion _name = COMPLETION_INITIALIZER(_name)

static inline void init_completion(struct completion *x)
{
	x->done = 0;
	init_waitqueue_head(&x->wait);
}

/* With a key of its own, as the address is another lock's next time. */
#define DECLARE_COMPLETION_ONSTACK(_name) \
	struct completion _name; init_completion(&_name)

static inline void reinit_completion(struct completion *x)
{
	x->done = 0;
}

void complete(struct completion *x);
void complete_all(struct completion *x);
void wait_for_completion(struct completion *x);
int __must_check wait_for_completion_interruptible(struct completion *x);
unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout);
bool try_wait_for_completion(struct completion *x);
bool completion_done(struct completion *x);

#endif
