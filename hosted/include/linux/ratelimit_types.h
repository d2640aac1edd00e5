/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RATELIMIT_TYPES_H
#define _HOSTED_LINUX_RATELIMIT_TYPES_H

#include <linux/param.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>

#define DEFAULT_RATELIMIT_INTERVAL	(5 * HZ)
#define DEFAULT_RATELIMIT_BURST		10
#define RATELIMIT_MSG_ON_RELEASE	BIT(0)

struct ratelimit_state {
	spinlock_t lock;
	int interval;		/* jiffies */
	int burst;
	int printed;
	int missed;
	unsigned int flags;
	unsigned long begin;	/* jiffies, 0 before the first */
};

#define RATELIMIT_STATE_INIT(_name, _interval, _burst) {				\
	.lock = __SPIN_LOCK_INITIALIZER(_name.lock),					\
	.interval = _interval, .burst = _burst,						\
}
#define DEFINE_RATELIMIT_STATE(_name, _interval, _burst) \
	struct ratelimit_state _name = RATELIMIT_STATE_INIT(_name, _interval, _burst)

int ___ratelimit(struct ratelimit_state *rs, const char *func);
#define __ratelimit(_rs)	___ratelimit(_rs, __func__)

#endif
