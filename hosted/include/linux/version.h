/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_VERSION_H
#define _HOSTED_LINUX_VERSION_H

#define KERNEL_VERSION(_a, _b, _c) \
	(((_a) << 16) + ((_b) << 8) + ((_c) > 255 ? 255 : (_c)))

/* Per source file: -DHOSTED_KERNEL='KERNEL_VERSION(6,1,0)' */
#ifndef HOSTED_KERNEL
#define HOSTED_KERNEL		KERNEL_VERSION(7, 2, 0)
#endif
#define LINUX_VERSION_CODE	HOSTED_KERNEL

#endif
