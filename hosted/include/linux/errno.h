/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_ERRNO_H
#define _HOSTED_LINUX_ERRNO_H

#include <uapi/linux/errno.h>

/* Those that programs never see. */
#define HOSTED_KERNEL_ERRORS(E)								\
	E(ERESTARTSYS, 512) E(ERESTARTNOINTR, 513) E(ENOIOCTLCMD, 515)			\
	E(EPROBE_DEFER, 517) E(ENOTSUPP, 524)

enum {
	HOSTED_KERNEL_ERRORS(HOSTED_ERROR)
};

#endif
