// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of device nodes. A program behind a socket maps the device's memory
 * itself; in this process an access is a call, which faults where the driver has
 * inserted no page, or has taken it away.
 */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "files.h"
#include "kit/kit.h"

/* Mappings are at made-up addresses, one after the other. */
#define FIRST_MAPPING	0x10000000UL

static DEFINE_MUTEX(place_lock);
static unsigned long next_place = FIRST_MAPPING;	/* place_lock */

static struct vm_area_struct *to_vma(struct kit_mapping *mapping)
{
	return (struct vm_area_struct *)mapping;
}

static unsigned long take_place(unsigned long size)
{
	unsigned long start;

	mutex_lock(&place_lock);
	start = next_place;
	next_place += size;
	mutex_unlock(&place_lock);
	return start;
}

static unsigned long count_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static struct vm_area_struct *alloc_vma(unsigned long size)
{
	struct vm_area_struct *vma = NULL;

	/* A bitmap has no more. */
	if (size >> PAGE_SHIFT <= UINT_MAX)
		vma = kzalloc(sizeof(*vma), GFP_KERNEL);
	if (!vma)
		return NULL;
	vma->inserted = bitmap_zalloc(size >> PAGE_SHIFT, GFP_KERNEL);
	if (vma->inserted)
		return vma;
	kfree(vma);
	return NULL;
}

static void free_vma(struct vm_area_struct *vma)
{
	if (vma->memory)
		kit_unmap(vma->memory);
	bitmap_free(vma->inserted);
	kfree(vma);
}

/* As do_mmap() has them: a file that is open for reading only cannot be shared writable. */
static int mapping_flags(const struct file *file, unsigned int flags, unsigned long *vma_flags)
{
	bool shared = !(flags & KIT_MAP_PRIVATE), writable = file->f_mode & FMODE_WRITE;

	if (!(file->f_mode & FMODE_READ) || (shared && flags & KIT_MAP_WRITE && !writable))
		return -EACCES;
	*vma_flags = BIT(VMA_READ_BIT) | BIT(VMA_MAYREAD_BIT);
	if (flags & KIT_MAP_WRITE)
		*vma_flags |= BIT(VMA_WRITE_BIT);
	if (!shared || writable)
		*vma_flags |= BIT(VMA_MAYWRITE_BIT);
	if (shared)
		*vma_flags |= BIT(VMA_MAYSHARE_BIT);
	if (shared && writable)
		*vma_flags |= BIT(VMA_SHARED_BIT);
	return 0;
}

static int init_vma(struct vm_area_struct *vma, struct vm_area_desc *desc)
{
	struct address_space *mapping = desc->file->f_mapping;
	int err;

	vma->vm_start = desc->start;
	vma->vm_end = desc->end;
	vma->vm_flags = desc->vma_flags;
	vma->vm_pgoff = desc->pgoff;
	vma->vm_page_prot = desc->page_prot;
	vma->vm_ops = desc->vm_ops;
	vma->vm_private_data = desc->private_data;
	vma->vm_file = desc->file;
	atomic_inc(&desc->file->f_count);
	mutex_lock(&mapping->lock);
	list_add(&vma->entry, &mapping->mappings);
	mutex_unlock(&mapping->lock);
	if (!vma->vm_ops || !vma->vm_ops->mapped)
		return 0;
	err = vma->vm_ops->mapped(vma->vm_start, vma->vm_end, vma->vm_pgoff, vma->vm_file,
				  &vma->vm_private_data);
	if (!err)
		return 0;
	mutex_lock(&mapping->lock);
	list_del(&vma->entry);
	mutex_unlock(&mapping->lock);
	hosted_fput(desc->file);
	return err;
}

static struct vm_area_struct *make_vma(struct vm_area_desc *desc)
{
	struct vm_area_struct *vma = alloc_vma(desc->end - desc->start);
	int err;

	if (!vma)
		return ERR_PTR(-ENOMEM);
	err = init_vma(vma, desc);
	if (!err)
		return vma;
	free_vma(vma);
	return ERR_PTR(err);
}

int kit_mmap(struct kit_file *kit, unsigned long size, unsigned int flags, unsigned long offset,
	     struct kit_mapping **mapping)
{
	struct vm_area_desc desc = { .file = (struct file *)kit, .pgoff = offset >> PAGE_SHIFT };
	struct vm_area_struct *vma;
	struct hosted_call call;
	int err;

	if (!size || offset & ~PAGE_MASK)
		return -EINVAL;
	if (!desc.file->f_op->mmap_prepare)
		return -ENODEV;
	err = mapping_flags(desc.file, flags, &desc.vma_flags);
	if (err)
		return err;
	/* What ends beyond all addresses wraps to nothing. */
	size = PAGE_ALIGN(size);
	if (!size)
		return -ENOMEM;
	desc.start = take_place(size);
	desc.end = desc.start + size;
	hosted_enter(&call, desc.file->files);
	err = desc.file->f_op->mmap_prepare(&desc);
	/* Memory for so many pages only once the driver has looked at the size. */
	vma = err ? ERR_PTR(err) : make_vma(&desc);
	hosted_leave(&call);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	*mapping = (struct kit_mapping *)vma;
	return 0;
}

void kit_munmap(struct kit_mapping *mapping)
{
	struct vm_area_struct *vma = to_vma(mapping);
	struct file *file = vma->vm_file;
	struct hosted_call call;

	hosted_enter(&call, file->files);
	mutex_lock(&file->f_mapping->lock);
	list_del(&vma->entry);
	mutex_unlock(&file->f_mapping->lock);
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	hosted_leave(&call);
	free_vma(vma);
	hosted_fput(file);
}

/*
 * Pages
 */

/* In a fault handler, with the lock of the mapping's address space. */
vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	unsigned long page = (addr - vma->vm_start) >> PAGE_SHIFT;

	if (!vma->memory) {
		vma->first = pfn - page;
		vma->memory = kit_map(PFN_PHYS(vma->first), vma->vm_end - vma->vm_start);
	}
	if (!vma->memory || pfn != vma->first + page)
		return VM_FAULT_SIGBUS;
	__set_bit(page, vma->inserted);
	return VM_FAULT_NOPAGE;
}

static bool fault(struct vm_area_struct *vma, unsigned long page, bool write)
{
	struct vm_fault vmf = {
		.vma = vma,
		.flags = write ? FAULT_FLAG_WRITE : 0,
		.pgoff = vma->vm_pgoff + page,
		.address = vma->vm_start + (page << PAGE_SHIFT),
	};

	return vma->vm_ops && vma->vm_ops->fault &&
	       vma->vm_ops->fault(&vmf) == VM_FAULT_NOPAGE;
}

/* Is the page there, once the driver was asked for it? Or else the access is a signal. */
static bool touch_page(struct vm_area_struct *vma, unsigned long page, bool write)
{
	struct mutex *lock = &vma->vm_file->f_mapping->lock;
	bool there;

	if (page >= count_pages(vma) || (write && !(vma->vm_flags & BIT(VMA_WRITE_BIT))))
		return false;
	mutex_lock(lock);
	there = test_bit(page, vma->inserted) || fault(vma, page, write);
	mutex_unlock(lock);
	return there;
}

void *kit_touch(struct kit_mapping *mapping, unsigned long offset, bool write)
{
	struct vm_area_struct *vma = to_vma(mapping);

	return touch_page(vma, offset >> PAGE_SHIFT, write) ? vma->memory + offset : NULL;
}

int kit_mapping_fd(struct kit_mapping *mapping, unsigned long long *offset)
{
	struct vm_area_struct *vma = to_vma(mapping);
	unsigned long page, to_write = BIT(VMA_WRITE_BIT) | BIT(VMA_SHARED_BIT);

	for (page = 0; page < count_pages(vma); page++)
		if (!touch_page(vma, page, false))
			return -EFAULT;
	return kit_grant_fd(PFN_PHYS(vma->first), vma->vm_end - vma->vm_start, offset,
			    (vma->vm_flags & to_write) == to_write);
}

void unmap_mapping_range(struct address_space *mapping, loff_t start, loff_t len, int even_cows)
{
	struct vm_area_struct *vma;

	/* All there is; drivers of ours take away nothing less. */
	BUG_ON(start || len);
	mutex_lock(&mapping->lock);
	list_for_each_entry(vma, &mapping->mappings, entry)
		bitmap_zero(vma->inserted, count_pages(vma));
	mutex_unlock(&mapping->lock);
}
