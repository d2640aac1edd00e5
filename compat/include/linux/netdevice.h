/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IVSHMEM_COMPAT_LINUX_NETDEVICE_H
#define _IVSHMEM_COMPAT_LINUX_NETDEVICE_H

#include_next <linux/netdevice.h>

#ifndef HAVE_NAPI_ADD_DEFAULT_WEIGHT
#define netif_napi_add(_netdev, _napi, _poll) \
	netif_napi_add(_netdev, _napi, _poll, NAPI_POLL_WEIGHT)
#endif

#endif /* _IVSHMEM_COMPAT_LINUX_NETDEVICE_H */
