/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PID_H
#define _HOSTED_LINUX_PID_H

#include <linux/sched.h>

#endif
