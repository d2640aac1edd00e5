/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_TIME_H
#define _HOSTED_LINUX_TIME_H

#include <linux/math64.h>
#include <linux/types.h>

#define MSEC_PER_SEC	1000L
#define USEC_PER_MSEC	1000L
#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define USEC_PER_SEC	1000000L
#define NSEC_PER_SEC	1000000000L
#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1

#endif
