/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mappings are described before they exist, by struct vm_area_desc and
 * .mmap_prepare; where that, its flags or vm_ops->mapped are missing, .mmap is
 * made of it. See IVSHMEM_COMPAT_MMAP() in compat.h.
 */
#ifndef _IVSHMEM_COMPAT_LINUX_MM_H
#define _IVSHMEM_COMPAT_LINUX_MM_H

#include_next <linux/mm.h>

#if !defined(HAVE_INSERT_PFN_PMD_LONG) && defined(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP)
#include <linux/pfn_t.h>
#define vmf_insert_pfn_pmd(_vmf, _pfn, _write) \
	vmf_insert_pfn_pmd(_vmf, __pfn_to_pfn_t(_pfn, PFN_DEV), _write)
#endif

#ifdef HAVE_VM_OPS_MAPPED
#define VM_OPS_MAPPED(_mapped)	.mapped = (_mapped),
#else
#define VM_OPS_MAPPED(_mapped)
#define vm_area_desc	ivshmem_vm_area_desc
#define mmap_prepare	mmap

struct vm_area_desc {
	struct mm_struct *mm;
	struct file *file;
	unsigned long start;
	unsigned long end;
	pgoff_t pgoff;
	unsigned long vm_flags;
	pgprot_t page_prot;
	const struct vm_operations_struct *vm_ops;
	void *private_data;
};

#define IVSHMEM_VMA_WRITE_BIT		VM_WRITE
#define IVSHMEM_VMA_MAYWRITE_BIT	VM_MAYWRITE
#define IVSHMEM_VMA_MAYSHARE_BIT	VM_MAYSHARE
#define IVSHMEM_VMA_IO_BIT		VM_IO
#define IVSHMEM_VMA_PFNMAP_BIT		VM_PFNMAP
#define IVSHMEM_VMA_DONTEXPAND_BIT	VM_DONTEXPAND
#define IVSHMEM_VMA_DONTDUMP_BIT	VM_DONTDUMP
#define IVSHMEM_VMA_WIPEONFORK_BIT	VM_WIPEONFORK

#undef vma_desc_test
#define vma_desc_test(_desc, _bit)	(!!((_desc)->vm_flags & IVSHMEM_##_bit))
#undef vma_desc_clear_flags
#define vma_desc_clear_flags(_desc, _bit) \
	((_desc)->vm_flags &= ~(unsigned long)IVSHMEM_##_bit)
#undef vma_desc_set_flags
#define vma_desc_set_flags(_desc, _a, _b, _c, _d, _e)				\
	((_desc)->vm_flags |= IVSHMEM_##_a | IVSHMEM_##_b | IVSHMEM_##_c |	\
			      IVSHMEM_##_d | IVSHMEM_##_e)

static inline void ivshmem_vma_to_desc(struct vm_area_desc *desc, struct vm_area_struct *vma)
{
	*desc = (struct vm_area_desc) {
		.mm = vma->vm_mm,
		.file = vma->vm_file,
		.start = vma->vm_start,
		.end = vma->vm_end,
		.pgoff = vma->vm_pgoff,
		.vm_flags = vma->vm_flags,
		.page_prot = vma->vm_page_prot,
		.vm_ops = vma->vm_ops,
		.private_data = vma->vm_private_data,
	};
}

static inline void ivshmem_desc_to_vma(struct vm_area_struct *vma, const struct vm_area_desc *desc)
{
	vma->vm_pgoff = desc->pgoff;
#ifdef HAVE_VM_FLAGS_MOD
	vm_flags_mod(vma, desc->vm_flags & ~vma->vm_flags, vma->vm_flags & ~desc->vm_flags);
#else
	vma->vm_flags = desc->vm_flags;
#endif
	vma->vm_page_prot = desc->page_prot;
	vma->vm_ops = desc->vm_ops;
	vma->vm_private_data = desc->private_data;
	/* In place of vm_ops->mapped */
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(vma);
}
#endif

#endif /* _IVSHMEM_COMPAT_LINUX_MM_H */
