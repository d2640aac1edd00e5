// SPDX-License-Identifier: GPL-2.0
/*
 * Windows: sections in the memory of programs
 *
 * A program's mapping outlives the binding that it was made in: nothing tells
 * the program, and the next plugin may be Ethernet. So pages are inserted by
 * faults, a window is closed when its plugin lets go of the device, and each
 * access after that is a SIGBUS.
 */
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>

#include "core.h"

/**
 * struct ivshmem_window - through which programs see sections
 * @ref: the plugin's, and one for each mapping
 * @lock: held for reading while pages are inserted, for writing to close;
 *	nests inside mmap_lock
 * @closed: no page is inserted any more
 */
struct ivshmem_window {
	struct kref ref;
	struct rw_semaphore lock;
	bool closed;
};

/**
 * ivshmem_window_create() - let programs map sections
 *
 * Context: process. Return: an open window, which the caller closes and puts, or
 * NULL.
 */
struct ivshmem_window *ivshmem_window_create(void)
{
	struct ivshmem_window *window = kzalloc(sizeof(*window), GFP_KERNEL);

	if (!window)
		return NULL;
	kref_init(&window->ref);
	init_rwsem(&window->lock);
	return window;
}
EXPORT_SYMBOL_GPL(ivshmem_window_create);

static void window_release(struct kref *ref)
{
	kfree(container_of(ref, struct ivshmem_window, ref));
}

/**
 * ivshmem_window_put() - drop a window
 * @window: closed, as far as the plugin is concerned; NULL is allowed
 *
 * A mapping takes its own reference a moment after ivshmem_window_mmap(), so put
 * the window when no file is open any more that can be mapped through it.
 *
 * Context: any.
 */
void ivshmem_window_put(struct ivshmem_window *window)
{
	if (window)
		kref_put(&window->ref, window_release);
}
EXPORT_SYMBOL_GPL(ivshmem_window_put);

/**
 * ivshmem_window_close() - let no program see more of the device
 * @window: the window
 *
 * When this returns no page is inserted any more. Those that were stay until the
 * caller unmaps them, by unmap_mapping_range() for each inode that programs have
 * mapped.
 *
 * Context: process, without locks that a fault handler may be waiting for.
 */
void ivshmem_window_close(struct ivshmem_window *window)
{
	down_write(&window->lock);
	window->closed = true;
	up_write(&window->lock);
}
EXPORT_SYMBOL_GPL(ivshmem_window_close);

static void window_vma_open(struct vm_area_struct *vma)
{
	struct ivshmem_window *window = vma->vm_private_data;

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	/* See ivshmem_window_mmap(); madvise() may have taken it off before the fork. */
	vm_flags_set(vma, VM_WIPEONFORK);
#endif
	kref_get(&window->ref);
}

static void window_vma_close(struct vm_area_struct *vma)
{
	ivshmem_window_put(vma->vm_private_data);
}

/* The first mapping has no open(). */
static int __maybe_unused window_vma_mapped(unsigned long start, unsigned long end, pgoff_t pgoff,
					    const struct file *file, void **private_data)
{
	struct ivshmem_window *window = *private_data;

	kref_get(&window->ref);
	return 0;
}

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	struct ivshmem_window *window = vmf->vma->vm_private_data;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	down_read(&window->lock);
	if (!window->closed)
		ret = vmf_insert_pfn(vmf->vma, vmf->address, vmf->pgoff);
	up_read(&window->lock);
	return ret;
}

#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
/* One entry for a whole PMD, where the mapping and the section have room for it. */
static vm_fault_t window_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct ivshmem_window *window = vmf->vma->vm_private_data;
	unsigned long start = vmf->address & PMD_MASK;
	unsigned long pfn = vmf->pgoff - ((vmf->address - start) >> PAGE_SHIFT);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (order != PMD_ORDER || start < vmf->vma->vm_start ||
	    start + PMD_SIZE > vmf->vma->vm_end || !IS_ALIGNED(pfn, 1UL << PMD_ORDER))
		return VM_FAULT_FALLBACK;
	down_read(&window->lock);
	if (!window->closed)
		ret = vmf_insert_pfn_pmd(vmf, pfn, vmf->flags & FAULT_FLAG_WRITE);
	up_read(&window->lock);
	return ret;
}
#endif

#ifdef CONFIG_HAVE_IOREMAP_PROT
/*
 * For debuggers and /proc/PID/mem. generic_access_phys() looks at the entry of one
 * page and goes on behind it, where the next section is another peer's; who
 * called comes back for what is left.
 */
static int window_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
			 int write)
{
	struct ivshmem_window *window = vma->vm_private_data;
	int ret = -EIO;

	len = min_t(int, len, PAGE_SIZE - offset_in_page(addr));
	down_read(&window->lock);
	if (!window->closed)
		ret = generic_access_phys(vma, addr, buf, len, write);
	up_read(&window->lock);
	return ret;
}
#endif

static const struct vm_operations_struct window_vm_ops = {
	.open = window_vma_open,
	.close = window_vma_close,
	VM_OPS_MAPPED(window_vma_mapped)
	.fault = window_fault,
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	.huge_fault = window_huge_fault,
#endif
#ifdef CONFIG_HAVE_IOREMAP_PROT
	.access = window_access,
#endif
};

/**
 * ivshmem_window_mmap() - what is left of a plugin's mmap, its last step
 * @window: the window
 * @desc: the mapping that a program asked for
 * @section: what it maps
 * @offset: of the mapping's first byte in the section, a multiple of PAGE_SIZE
 *
 * Shared mappings only, inherited by a fork. What is not ours to write cannot be
 * mapped writable, nor made so by mprotect(). The page offset of the mapping
 * becomes its physical page number.
 *
 * The memory type is that of the kernel's own mapping on x86, so the plugin
 * keeps what it lets programs map mapped itself until the window is closed.
 *
 * Context: process, mmap_lock held. Return: 0, -EINVAL for what is not inside
 * the section and for a private mapping, -EACCES for a writable mapping of a
 * section that is not ours.
 */
int ivshmem_window_mmap(struct ivshmem_window *window, struct vm_area_desc *desc,
			const struct ivshmem_section *section, u64 offset)
{
	u64 size = desc->end - desc->start;

	if (offset > section->size || size > section->size - offset)
		return -EINVAL;
	/* VM_MAYSHARE: VM_SHARED is gone where the file is open for reading only. */
	if (!vma_desc_test(desc, VMA_MAYSHARE_BIT))
		return -EINVAL;
	if (!section->writable) {
		if (vma_desc_test(desc, VMA_WRITE_BIT))
			return -EACCES;
		vma_desc_clear_flags(desc, VMA_MAYWRITE_BIT);
	}
	/*
	 * A child's pages come by faults, too: fork() copies huge entries without
	 * a lock that unmap_mapping_range() holds, so one might slip past it.
	 */
	vma_desc_set_flags(desc, VMA_IO_BIT, VMA_PFNMAP_BIT, VMA_DONTEXPAND_BIT,
			   VMA_DONTDUMP_BIT, VMA_WIPEONFORK_BIT);
	if (section->registers)
		desc->page_prot = pgprot_noncached(desc->page_prot);
	/* In a guest whose memory is encrypted, the peer's is not. */
	desc->page_prot = pgprot_decrypted(desc->page_prot);
	desc->pgoff = PHYS_PFN(section->start + offset);
	desc->vm_ops = &window_vm_ops;
	desc->private_data = window;
	return 0;
}
EXPORT_SYMBOL_GPL(ivshmem_window_mmap);
