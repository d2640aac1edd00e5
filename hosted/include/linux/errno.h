/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_ERRNO_H
#define _HOSTED_LINUX_ERRNO_H

#include <uapi/linux/errno.h>

#define ERESTARTSYS	512
#define ERESTARTNOINTR	513
#define ENOIOCTLCMD	515
#define EPROBE_DEFER	517
#define ENOTSUPP	524

#endif
