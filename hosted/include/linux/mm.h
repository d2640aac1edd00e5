/* SPDX-License-Identifier: GPL-2.0 */
/* Pages, and what programs map of device nodes; class/mm.c */
#ifndef _HOSTED_LINUX_MM_H
#define _HOSTED_LINUX_MM_H

#include <asm/page.h>
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/types.h>

typedef struct { unsigned long pgprot; } pgprot_t;

#define HOSTED_PROT_NONCACHED	1UL
#define pgprot_noncached(_prot)	((pgprot_t){ (_prot).pgprot | HOSTED_PROT_NONCACHED })
/* A process's memory is what its kernel makes of it. */
#define pgprot_decrypted(_prot)	(_prot)

struct file;
struct mm_struct;
struct vm_area_struct;

enum hosted_vma_flag {
	VMA_READ_BIT,
	VMA_WRITE_BIT,
	VMA_MAYREAD_BIT,
	VMA_MAYWRITE_BIT,
	VMA_MAYSHARE_BIT,
	VMA_SHARED_BIT,
	VMA_IO_BIT,
	VMA_PFNMAP_BIT,
	VMA_DONTEXPAND_BIT,
	VMA_DONTDUMP_BIT,
	VMA_WIPEONFORK_BIT,
};

typedef enum hosted_vma_flag vma_flag_t;
typedef unsigned int vm_fault_t;

#define VM_FAULT_OOM		0x001U
#define VM_FAULT_SIGBUS		0x002U
#define VM_FAULT_NOPAGE		0x100U
#define VM_FAULT_FALLBACK	0x800U

#define FAULT_FLAG_WRITE	0x1U

/**
 * struct vm_area_desc - a mapping before it exists
 * @vma_flags: bits of enum hosted_vma_flag
 */
struct vm_area_desc {
	struct mm_struct *mm;
	struct file *file;
	unsigned long start;
	unsigned long end;
	pgoff_t pgoff;
	unsigned long vma_flags;
	pgprot_t page_prot;
	const struct vm_operations_struct *vm_ops;
	void *private_data;
};

#define vma_desc_test(_desc, _bit)		(!!((_desc)->vma_flags & BIT(_bit)))
#define vma_desc_set_flags(_desc, _bits...) \
	((_desc)->vma_flags |= hosted_vma_mask((const vma_flag_t []) { _bits },	\
			sizeof((const vma_flag_t []) { _bits }) / sizeof(vma_flag_t)))
#define vma_desc_clear_flags(_desc, _bits...) \
	((_desc)->vma_flags &= ~hosted_vma_mask((const vma_flag_t []) { _bits },	\
			sizeof((const vma_flag_t []) { _bits }) / sizeof(vma_flag_t)))

static inline unsigned long hosted_vma_mask(const vma_flag_t *bit, size_t count)
{
	unsigned long mask = 0;

	while (count--)
		mask |= BIT(bit[count]);
	return mask;
}

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned int flags;
	pgoff_t pgoff;
	unsigned long address;
};

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);
	void (*close)(struct vm_area_struct *vma);
	int (*mapped)(unsigned long start, unsigned long end, pgoff_t pgoff,
		      const struct file *file, void **private_data);
	vm_fault_t (*fault)(struct vm_fault *vmf);
	vm_fault_t (*huge_fault)(struct vm_fault *vmf, unsigned int order);
};

#define VM_OPS_MAPPED(_mapped)	.mapped = (_mapped),

/**
 * struct vm_area_struct - a mapping
 * @vm_start: made up, as the mapping is no memory of this process
 * @entry: in its file's address space
 * @memory: mapped, from the first inserted page on, as if all were; they follow
 *	each other like their frame numbers
 * @first: frame number that the first page has, or would have
 * @inserted: pages that are; like the two above protected by the address space's
 *	lock
 */
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	pgoff_t vm_pgoff;
	pgprot_t vm_page_prot;
	const struct vm_operations_struct *vm_ops;
	void *vm_private_data;
	struct file *vm_file;
	struct list_head entry;
	void *memory;
	unsigned long first;
	unsigned long *inserted;
};

vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn);
void unmap_mapping_range(struct address_space *mapping, loff_t start, loff_t len, int even_cows);

#endif
