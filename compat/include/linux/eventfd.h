/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVSHMEM_COMPAT_LINUX_EVENTFD_H
#define _IVSHMEM_COMPAT_LINUX_EVENTFD_H

#include_next <linux/eventfd.h>

#ifndef HAVE_EVENTFD_SIGNAL_ONCE
#define eventfd_signal(_ctx) eventfd_signal(_ctx, 1)
#endif

#endif /* _IVSHMEM_COMPAT_LINUX_EVENTFD_H */
