/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SLAB_H
#define _HOSTED_LINUX_SLAB_H

#include <linux/cleanup.h>
#include <linux/gfp.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/types.h>

#define ARCH_KMALLOC_MINALIGN	64
#define KMALLOC_MAX_SIZE	(4UL << 20)
#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(_p)	((unsigned long)(_p) <= (unsigned long)ZERO_SIZE_PTR)

#define SLAB_HWCACHE_ALIGN	0x2000U

void *kmalloc(size_t size, gfp_t gfp);
void *kvmalloc(size_t size, gfp_t gfp);
void *krealloc(const void *memory, size_t size, gfp_t gfp) __must_check;
void kfree(const void *memory);
void kvfree(const void *memory);
size_t ksize(const void *memory);

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kvzalloc(size_t size, gfp_t gfp)
{
	return kvmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc(size_mul(n, size), gfp);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc(size_mul(n, size), gfp | __GFP_ZERO);
}

static inline void *kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kvmalloc(size_mul(n, size), gfp | __GFP_ZERO);
}

#define kmalloc_obj(_o, ...)	((typeof(_o) *)kmalloc(sizeof(_o), __hosted_gfp(__VA_ARGS__)))
#define kzalloc_obj(_o, ...)	((typeof(_o) *)kzalloc(sizeof(_o), __hosted_gfp(__VA_ARGS__)))
#define __hosted_gfp(...)	(GFP_KERNEL, ##__VA_ARGS__)

struct kmem_cache;

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *object));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *object);

#define kmem_cache_zalloc(_c, _gfp)	kmem_cache_alloc(_c, (_gfp) | __GFP_ZERO)

DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(kvfree, void *, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))

#endif
