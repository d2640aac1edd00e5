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
#define ivshmem_bus_remove(_dev)		\
	__ivshmem_bus_remove(_dev);		\
	static int ivshmem_bus_remove(_dev)	\
	{					\
		__ivshmem_bus_remove(dev);	\
		return 0;			\
	}					\
	static void __ivshmem_bus_remove(_dev)
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

/*
 * A .mmap, of the definition of its .mmap_prepare: @_first is what .mmap gets
 * before the VMA, @_params and @_args what .mmap_prepare is defined and called
 * with, in parentheses. See compat/include/linux/mm.h.
 */
#ifndef HAVE_VM_OPS_MAPPED
#define IVSHMEM_COMPAT_MMAP(_name, _first, _params, _args)	\
	__##_name _params;					\
	static int _name(_first, struct vm_area_struct *vma)	\
	{							\
		struct vm_area_desc desc;			\
		int err;					\
								\
		ivshmem_vma_to_desc(&desc, vma);		\
		err = __##_name _args;				\
		if (!err)					\
			ivshmem_desc_to_vma(vma, &desc);	\
		return err;					\
	}							\
	static int __##_name _params

#define ivshmem_uio_mmap_prepare(_info, _desc)					\
	IVSHMEM_COMPAT_MMAP(ivshmem_uio_mmap_prepare, struct uio_info *info,	\
			    (struct uio_info *info, struct vm_area_desc *desc),	\
			    (info, &desc))
#define ivshmem_shadow_mmap_prepare(_desc)					\
	IVSHMEM_COMPAT_MMAP(ivshmem_shadow_mmap_prepare, struct file *file,	\
			    (struct vm_area_desc *desc), (&desc))
#endif

#endif /* _IVSHMEM_COMPAT_H */
