/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What older kernels lack and no header of theirs can be made to say
 *
 * Included before everything else. HAVE_* come from probe.mk. Where a callback
 * had another signature, a macro of the function's name turns the definition,
 * which is written for the newest kernel, into one of the old signature; its
 * uses have no parentheses and stay as they are.
 */
#ifndef _IVSHMEM_COMPAT_H
#define _IVSHMEM_COMPAT_H

#ifndef HAVE_BUS_MATCH_CONST
#define ivshmem_bus_match(_dev, _drv) \
	ivshmem_bus_match(struct device *dev, struct device_driver *drv)
#endif

#ifndef HAVE_BUS_UEVENT_CONST
#define ivshmem_bus_uevent(_dev, _env) \
	ivshmem_bus_uevent(struct device *dev, struct kobj_uevent_env *env)
#endif

#ifndef HAVE_BUS_REMOVE_VOID
#define ivshmem_bus_remove(_dev)				\
	__ivshmem_bus_remove(struct device *dev);		\
	static int ivshmem_bus_remove(struct device *dev)	\
	{							\
		__ivshmem_bus_remove(dev);			\
		return 0;					\
	}							\
	static void __ivshmem_bus_remove(struct device *dev)
#endif

#ifndef HAVE_ETHTOOL_KERNEL_RINGPARAM
#define ivshmem_net_get_ringparam(_netdev, _ring, _kernel_ring, _extack) \
	ivshmem_net_get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring)
#endif

#ifndef HAVE_ETHTOOL_KERNEL_COALESCE
#define ivshmem_net_get_coalesce(_netdev, _coalesce, _kernel_coalesce, _extack) \
	ivshmem_net_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *coalesce)
#define ivshmem_net_set_coalesce(_netdev, _coalesce, _kernel_coalesce, _extack) \
	ivshmem_net_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *coalesce)
#endif

#endif /* _IVSHMEM_COMPAT_H */
