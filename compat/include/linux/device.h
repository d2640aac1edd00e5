/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVSHMEM_COMPAT_LINUX_DEVICE_H
#define _IVSHMEM_COMPAT_LINUX_DEVICE_H

#include_next <linux/device.h>

#ifndef HAVE_CONTAINER_OF_CONST
/* As the newest kernel's: const in, const out. */
#define container_of_const(_ptr, _type, _member)				\
	__builtin_choose_expr(__same_type(_ptr, const typeof(*(_ptr)) *),	\
			      (const _type *)container_of(_ptr, _type, _member), \
			      (_type *)container_of(_ptr, _type, _member))
#endif

#endif /* _IVSHMEM_COMPAT_LINUX_DEVICE_H */
