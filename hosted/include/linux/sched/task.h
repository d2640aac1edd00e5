/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SCHED_TASK_H
#define _HOSTED_LINUX_SCHED_TASK_H

#include <linux/sched.h>

#endif
