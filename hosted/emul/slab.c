// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: the kit's, with the kernel's flags
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "emul.h"

static unsigned int alloc_flags(gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp))
		check_may_sleep("an allocation with GFP_KERNEL");
	return (gfp & __GFP_ZERO ? KIT_ALLOC_ZERO : 0) |
	       (gfpflags_allow_blocking(gfp) ? 0 : KIT_ALLOC_ATOMIC);
}

static void *alloc(size_t size, gfp_t gfp, unsigned int flags, const void *caller)
{
	flags |= alloc_flags(gfp);
	if (!size)
		return ZERO_SIZE_PTR;
	return kit_alloc(size, flags, caller);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	return alloc(size, gfp, 0, __builtin_return_address(0));
}

void *kvmalloc(size_t size, gfp_t gfp)
{
	return alloc(size, gfp, 0, __builtin_return_address(0));
}

void kfree(const void *memory)
{
	if (!ZERO_OR_NULL_PTR(memory))
		kit_free(memory);
}

void kvfree(const void *memory)
{
	kfree(memory);
}

size_t ksize(const void *memory)
{
	return ZERO_OR_NULL_PTR(memory) ? 0 : kit_alloc_size(memory);
}

void *krealloc(const void *memory, size_t size, gfp_t gfp)
{
	size_t old = ksize(memory);
	void *new;

	if (!size) {
		kfree(memory);
		return ZERO_SIZE_PTR;
	}
	/* Always somewhere else: a pointer that was kept is found out. */
	new = alloc(size, gfp, 0, __builtin_return_address(0));
	if (!new)
		return NULL;
	memcpy(new, memory, min(old, size));
	kfree(memory);
	return new;
}

void *vmalloc(unsigned long size)
{
	return alloc(size, GFP_KERNEL, KIT_ALLOC_PAGE, __builtin_return_address(0));
}

void *vzalloc(unsigned long size)
{
	return alloc(size, GFP_KERNEL | __GFP_ZERO, KIT_ALLOC_PAGE, __builtin_return_address(0));
}

void vfree(const void *memory)
{
	kfree(memory);
}

/* Aligned to a page; neighbours in physical memory they need not be. */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	return (unsigned long)alloc(PAGE_SIZE << order, gfp, KIT_ALLOC_PAGE,
				    __builtin_return_address(0));
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return (unsigned long)alloc(PAGE_SIZE, gfp | __GFP_ZERO, KIT_ALLOC_PAGE,
				    __builtin_return_address(0));
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr && ksize((void *)addr) != PAGE_SIZE << order)
		kit_die("free_pages() of order %u, of %zu bytes at 0x%lx", order,
			ksize((void *)addr), addr);
	kfree((void *)addr);
}

/*
 * Caches: a size and a constructor
 */

struct kmem_cache {
	const char *name;
	unsigned int size;
	void (*ctor)(void *object);
	int objects;
};

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *object))
{
	struct kmem_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	if (!cache)
		return NULL;
	cache->name = name;
	/* kit_alloc() aligns to 64, and powers of two to themselves. */
	cache->size = align <= 64 ? size : roundup_pow_of_two(max(size, align));
	cache->ctor = ctor;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (!cache)
		return;
	if (__atomic_load_n(&cache->objects, __ATOMIC_RELAXED))
		kit_die("cache %s is destroyed with %d objects left", cache->name, cache->objects);
	kfree(cache);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = alloc(cache->size, gfp, 0, __builtin_return_address(0));

	if (!object)
		return NULL;
	__atomic_add_fetch(&cache->objects, 1, __ATOMIC_RELAXED);
	if (cache->ctor)
		cache->ctor(object);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	__atomic_sub_fetch(&cache->objects, 1, __ATOMIC_RELAXED);
	kfree(object);
}

/*
 * Copies
 */

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	return s ? kmemdup_nul(s, strnlen(s, max), gfp) : NULL;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return kstrndup(s, SIZE_MAX >> 1, gfp);
}

void *kmemdup(const void *src, size_t n, gfp_t gfp)
{
	void *copy = kmalloc(n, gfp);

	return copy ? memcpy(copy, src, n) : NULL;
}

char *kmemdup_nul(const char *s, size_t n, gfp_t gfp)
{
	char *copy = kmalloc(n + 1, gfp);

	if (!copy)
		return NULL;
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

/*
 * User memory: that of this process, which stands in for the client. Copies can be
 * made to fail like any call that can.
 */

static bool bad(const void *user, unsigned long n)
{
	check_may_sleep("a copy from or to user memory");
	return kit_should_fail(KIT_WHAT_COPY) || (n && (unsigned long)user < PAGE_SIZE);
}

unsigned long __copy_to_user(void __user *to, const void *from, unsigned long n)
{
	if (bad(to, n))
		return n;
	memcpy((__force void *)to, from, n);
	return 0;
}

unsigned long __copy_from_user(void *to, const void __user *from, unsigned long n)
{
	if (bad(from, n)) {
		memset(to, 0, n);
		return n;
	}
	memcpy(to, (__force const void *)from, n);
	return 0;
}

int __put_user_4(u32 value, u32 __user *to)
{
	return __copy_to_user(to, &value, sizeof(value)) ? -EFAULT : 0;
}
