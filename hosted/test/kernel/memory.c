// SPDX-License-Identifier: GPL-2.0
/*
 * R28 to R32: memory, regions, mappings
 */
#include <linux/capability.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "test/test.h"

HOSTED_TEST_EACH(r28_kmalloc_kzalloc_kfree)
{
	static const size_t sizes[] = { 1, 7, 63, 64, 65, 500, 4096, 5000, 65536, 100000, 1 << 20 };
	size_t i, at;
	u8 *p, *z;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		p = kmalloc(sizes[i], GFP_KERNEL);
		z = kzalloc(sizes[i], GFP_ATOMIC);
		REQUIRE(p);
		memset(p, 0xff, sizes[i]);
		/* Larger ones are not what a pool has. */
		CHECK(z || sizes[i] > 65536);
		for (at = 0; z && at < sizes[i]; at++)
			if (z[at])
				CHECK(!z[at]);
		CHECK_EQ(ksize(p), sizes[i]);
		if (is_power_of_2(sizes[i]) && sizes[i] <= PAGE_SIZE)
			CHECK_EQ((unsigned long)p & (sizes[i] - 1), 0);
		kfree(p);
		kfree(z);
	}
	kfree(NULL);
	kfree(kmalloc(0, GFP_KERNEL));
	CHECK(!kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	CHECK(!kmalloc_array(SIZE_MAX / 2, 4, GFP_KERNEL));
}

HOSTED_TEST_EACH(r28_krealloc_keeps_what_was_there)
{
	char *p = kstrdup("text", GFP_KERNEL), *q;

	REQUIRE(p);
	q = krealloc(p, 1000, GFP_KERNEL);
	REQUIRE(q);
	CHECK_STR(q, "text");
	kfree(q);
}

static void use_pool(void)
{
	void *p[100];
	unsigned long flags;
	int i;

	local_irq_save(flags);
	for (i = 0; i < 100; i++) {
		p[i] = kmalloc(1 + i * 20, GFP_ATOMIC);
		CHECK(p[i]);
	}
	for (i = 0; i < 100; i++)
		kfree(p[i]);
	local_irq_restore(flags);
}

/* The pool serves with interrupts off, and without a call to the slow path. */
HOSTED_TEST(r28_gfp_atomic_never_waits)
{
	int tries;
	u64 calls;

	/* As soon as the kernel's threads are at rest */
	for (tries = 0, calls = 1; tries < 20 && calls; tries++) {
		msleep(20);
		calls = kit_sync_calls();
		use_pool();
		calls = kit_sync_calls() - calls;
	}
	CHECK_EQ(calls, 0);
}

HOSTED_TEST_EACH(r28_an_empty_pool_is_null_and_fills_again)
{
	void **p = kcalloc(4000, sizeof(*p), GFP_KERNEL);
	int i, n = 0;

	REQUIRE(p);
	while (n < 4000 && (p[n] = kmalloc(4096, GFP_ATOMIC)))
		n++;
	CHECK(n > 10 && n < 4000);
	for (i = 0; i < n; i++)
		kfree(p[i]);
	p[0] = kmalloc(4096, GFP_ATOMIC);
	CHECK(p[0]);
	kfree(p[0]);
	kfree(p);
}

HOSTED_TEST_EACH(r28_pages_that_must_not_wait_are_the_pools_too)
{
	unsigned long *p = kcalloc(4000, sizeof(*p), GFP_KERNEL);
	int i, n = 0;

	REQUIRE(p);
	while (n < 4000 && (p[n] = __get_free_page(GFP_ATOMIC)))
		n++;
	CHECK(n > 10 && n < 4000);
	for (i = 0; i < n; i++) {
		CHECK_EQ(offset_in_page(p[i]), 0);
		free_page(p[i]);
	}
	kfree(p);
}

HOSTED_TEST_EACH(r28_the_nth_allocation_can_be_made_to_fail)
{
	void *p;
	int i;

	kit_fail(KIT_WHAT_ALLOC, 3);
	for (i = 1; i <= 5; i++) {
		p = kmalloc(10, GFP_KERNEL);
		CHECK_EQ(!p, i == 3);
		kfree(p);
	}
	CHECK_EQ(kit_calls(KIT_WHAT_ALLOC), 5);
}

HOSTED_TEST_EACH(r28_what_is_left_is_reported_with_its_number_and_caller)
{
	u64 number = kit_alloc_number() + 1;
	void *p = kmalloc(123, GFP_KERNEL);
	char text[64];

	CHECK(kit_report() > 0);
	snprintf(text, sizeof(text), "leak: allocation %llu, 123 bytes", number);
	CHECK(test_logged(text));
	kfree(p);
	CHECK_EQ(kit_report(), 0);
}

HOSTED_DIES(r28_freeing_twice_is_told, "was freed before")
{
	void *p = kmalloc(100, GFP_ATOMIC);

	kfree(p);
	kfree(p);
}

HOSTED_DIES(r28_freeing_what_is_no_memory_is_told, "was never allocated")
{
	static u8 bytes[256] __aligned(64);

	kfree(bytes + 64);
}

HOSTED_TEST_EACH(r29_the_limit_is_a_clear_failure)
{
	void *p, *q;

	kit_memory_limit(kit_alloc_bytes() + 100000);
	p = kmalloc(60000, GFP_KERNEL);
	CHECK(p);
	q = kmalloc(60000, GFP_KERNEL);
	CHECK(!q);
	CHECK(test_logged("out of memory: 60000 bytes asked for"));
	kfree(p);
	q = kmalloc(60000, GFP_KERNEL);
	CHECK(q);
	kfree(q);
	kit_memory_limit(0);
}

HOSTED_TEST_EACH(r30_pages_are_aligned)
{
	unsigned long pages = __get_free_pages(GFP_KERNEL, 2), page = get_zeroed_page(GFP_KERNEL);

	CHECK(pages && PAGE_ALIGNED(pages));
	CHECK(page && PAGE_ALIGNED(page));
	CHECK(!*(u8 *)page && !memcmp((u8 *)page, (u8 *)page + 1, PAGE_SIZE - 1));
	memset((void *)pages, 1, PAGE_SIZE << 2);
	free_pages(pages, 2);
	free_page(page);
	free_pages(0, 0);
	page = (unsigned long)vzalloc(3 * PAGE_SIZE);
	CHECK(page && PAGE_ALIGNED(page) && !*((u8 *)page + 2 * PAGE_SIZE));
	vfree((void *)page);
}

HOSTED_DIES(r30_freeing_other_pages_is_told, "free_pages() of order 1, of 4096 bytes")
{
	free_pages(__get_free_pages(GFP_KERNEL, 0), 1);
}

HOSTED_TEST_EACH(r28_caches)
{
	struct kmem_cache *cache = kmem_cache_create("test", 100, 0, 0, NULL);
	void *a, *b;

	REQUIRE(cache);
	a = kmem_cache_alloc(cache, GFP_KERNEL);
	b = kmem_cache_zalloc(cache, GFP_ATOMIC);
	CHECK(a && b && a != b);
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	kmem_cache_destroy(cache);
	cache = kmem_cache_create("aligned", 100, 1024, 0, NULL);
	REQUIRE(cache);
	a = kmem_cache_alloc(cache, GFP_KERNEL);
	b = kmem_cache_alloc(cache, GFP_ATOMIC);
	CHECK(a && b && IS_ALIGNED((unsigned long)a | (unsigned long)b, 1024));
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	kmem_cache_destroy(cache);
}

/*
 * R31
 */

#define BASE	0x9000000ULL

HOSTED_TEST_EACH(r31_a_region_can_be_claimed_once)
{
	struct resource *region = request_mem_region(BASE, 0x100, "one");

	CHECK(region);
	CHECK(!request_mem_region(BASE, 0x100, "two"));
	CHECK(!request_mem_region(BASE + 0xff, 1, "three"));
	CHECK(test_logged("one has 0x9000000-0x90000ff"));
	CHECK(request_mem_region(BASE + 0x100, 1, "behind"));
	CHECK(request_region(BASE & 0xffff, 8, "ports"));
	CHECK_EQ(kit_balance(KIT_WHAT_REGION), 3);
	release_region(BASE & 0xffff, 8);
	release_mem_region(BASE + 0x100, 1);
	release_mem_region(BASE, 0x100);
	CHECK(request_mem_region(BASE, 0x200, "all"));
	release_mem_region(BASE, 0x200);
}

HOSTED_DIES(r31_releasing_what_was_not_claimed_is_told,
	    "region 0x9000000-0x90000ff is released, which nobody has requested")
{
	release_mem_region(BASE, 0x100);
}

HOSTED_TEST_EACH(r31_a_region_may_lie_in_a_resource)
{
	struct resource bar = DEFINE_RES_MEM_NAMED(BASE, 0x1000, "BAR 0");

	CHECK_EQ(request_resource(&iomem_resource, &bar), 0);
	CHECK(request_mem_region(BASE + 0x100, 0x100, "inside"));
	CHECK(!request_mem_region(BASE + 0x180, 0x100, "across"));
	CHECK(!request_mem_region(BASE + 0xf00, 0x200, "over its end"));
	release_mem_region(BASE + 0x100, 0x100);
	CHECK_EQ(release_resource(&bar), 0);
	CHECK_EQ(region_intersects(BASE, 0x1000, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE),
		 REGION_DISJOINT);
}

HOSTED_TEST_EACH(r31_a_region_can_be_made_to_fail)
{
	kit_fail(KIT_WHAT_REGION, 1);
	CHECK(!request_mem_region(BASE, 0x100, "one"));
	CHECK(request_mem_region(BASE, 0x100, "one"));
	release_mem_region(BASE, 0x100);
}

/*
 * R32
 */

static u32 registers[16];

static u64 read_register(void *device, u64 offset, unsigned int width)
{
	CHECK(device == registers);
	return width == 4 ? registers[offset / 4] : ((u8 *)registers)[offset];
}

static void write_register(void *device, u64 offset, unsigned int width, u64 value)
{
	if (width == 4)
		registers[offset / 4] = value;
	else
		((u8 *)registers)[offset] = value;
}

static const struct kit_device_ops ops = { read_register, write_register };

static void __iomem *map_registers(void)
{
	CHECK_EQ(kit_grant_device(BASE, 64, "test device", &ops, registers), 0);
	return ioremap(BASE, 64);
}

HOSTED_TEST_EACH(r32_registers_are_calls_into_the_model)
{
	void __iomem *regs = map_registers();
	void __iomem *upper = ioremap(BASE + 32, 32);

	REQUIRE(regs && upper);
	writel(0x12345678, regs + 8);
	CHECK_EQ(registers[2], 0x12345678);
	CHECK_EQ(readl(regs + 8), 0x12345678);
	CHECK_EQ(readb(regs + 9), 0x56);
	writeb(0xff, regs + 8);
	CHECK_EQ(ioread32(regs + 8), 0x123456ff);
	iowrite32(7, upper + 4);
	CHECK_EQ(registers[9], 7);
	iounmap(upper);
	iounmap(regs);
	CHECK_EQ(kit_grant_device(BASE + 32, 64, "overlapping", &ops, registers), -EEXIST);
	CHECK_EQ(kit_grant_revoke(BASE), 0);
}

HOSTED_TEST_EACH(r32_what_was_not_granted_cannot_be_mapped)
{
	CHECK_EQ(kit_grant_device(BASE, 64, "test device", &ops, registers), 0);
	CHECK(!ioremap(BASE + 4096, 4));
	CHECK(test_logged("not granted"));
	CHECK(!ioremap(BASE, 65));
	CHECK(!ioremap(BASE - 1, 2));
	CHECK(!ioremap(BASE, 0));
	CHECK(!memremap(0, PAGE_SIZE, MEMREMAP_WB));
	CHECK_EQ(kit_grant_revoke(BASE), 0);
	CHECK(!ioremap(BASE, 64));
}

HOSTED_DIES(r32_an_access_after_unmapping_is_trapped,
	    "4-byte access of test device at offset 0x8, which was unmapped")
{
	void __iomem *regs = map_registers();

	iounmap(regs);
	readl(regs + 8);
}

HOSTED_DIES(r32_an_access_behind_the_end_is_trapped, "which is behind its end")
{
	readl(map_registers() + 64);
}

HOSTED_DIES(r32_a_plain_access_to_registers_is_trapped, "without readl()")
{
	*(volatile u32 *)map_registers();
}

HOSTED_DIES(r32_unmapping_twice_is_told, "which is not mapped")
{
	void __iomem *regs = map_registers();

	iounmap(regs);
	iounmap(regs);
}

/*
 * User memory, as far as the base has it
 */

HOSTED_TEST_EACH(copies_from_and_to_user_memory_can_fail)
{
	char from[8] = "abcdefg", to[8];
	u32 word = 0;

	CHECK_EQ(copy_to_user((void __user *)to, from, 8), 0);
	CHECK_STR(to, from);
	CHECK_EQ(copy_from_user(to, NULL, 8), 8);
	CHECK_EQ(to[0], 0);
	CHECK_EQ(__put_user_4(5, &word), 0);
	CHECK_EQ(word, 5);
	CHECK_EQ(put_user(6, &word), 0);
	CHECK_EQ(word, 6);
	kit_fail(KIT_WHAT_COPY, 1);
	CHECK_EQ(copy_from_user(to, (void __user *)from, 8), 8);
	CHECK(capable(CAP_SYS_ADMIN));
}
