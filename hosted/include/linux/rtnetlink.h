/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RTNETLINK_H
#define _HOSTED_LINUX_RTNETLINK_H

#include <linux/mutex.h>

extern struct mutex hosted_rtnl;

static inline void rtnl_lock(void)
{
	mutex_lock(&hosted_rtnl);
}

static inline void rtnl_unlock(void)
{
	mutex_unlock(&hosted_rtnl);
}

#define ASSERT_RTNL()	lockdep_assert_held(&hosted_rtnl)

#endif
