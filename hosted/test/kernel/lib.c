// SPDX-License-Identifier: GPL-2.0
/*
 * R13, R35, and the library: strings, numbers, formats, bitmaps, lists
 */
#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/hex.h>
#include <linux/idr.h>
#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/version.h>

#include "test/test.h"

HOSTED_TEST_EACH(r13_the_configuration_is_a_preemptible_kernels)
{
	CHECK(IS_ENABLED(CONFIG_PREEMPTION));
	CHECK(IS_ENABLED(CONFIG_SMP));
	CHECK(!IS_ENABLED(CONFIG_NO_SUCH_THING));
}

unsigned int driver_kernel(void);

HOSTED_TEST_EACH(r13_each_source_file_has_a_version_of_its_own)
{
	CHECK_EQ(LINUX_VERSION_CODE, KERNEL_VERSION(7, 2, 0));
	CHECK_EQ(driver_kernel(), KERNEL_VERSION(6, 1, 0));
}

#define CHECK_FORMAT(_want, _fmt, ...) do {						\
	char test_text[256];								\
	int test_len = snprintf(test_text, sizeof(test_text), _fmt, ##__VA_ARGS__);	\
											\
	CHECK_STR(test_text, _want);							\
	CHECK_EQ(test_len, strlen(_want));						\
} while (0)

/* Formats that the compiler would not let pass. */
static const char *fmt(const char *text)
{
	return text;
}

HOSTED_TEST_EACH(r35_formats)
{
	struct resource res = DEFINE_RES_MEM(0x1000, 0x100);
	u8 bytes[16] = { 1, 2, 0xab, 0xcd, 0xef, 0x10 };
	phys_addr_t phys = 0x12345;
	char text[64], again[64];

	CHECK_FORMAT("-5 5 0x2a 052 2A", "%d %u %#x %#o %X", -5, 5U, 42, 42, 42);
	CHECK_FORMAT("[   42] [42   ] [00042] [+42]", "[%5d] [%-5d] [%05d] [%+d]", 42, 42, 42, 42);
	CHECK_FORMAT("-9223372036854775808 18446744073709551615", "%lld %llu", LLONG_MIN,
		     ULLONG_MAX);
	CHECK_FORMAT("254 -2", "%hhu %hhd", (u8)254, (s8)254);
	CHECK_FORMAT("abc abc  ab (null)", "%s %-4s %.2s %s", "abc", "abc", "abc", (char *)NULL);
	CHECK_FORMAT("x% 7", "%c%% %zu", 'x', (size_t)7);
	CHECK_FORMAT("0x0042", "%#06x", 0x42);
	CHECK_FORMAT("[ff] [0000000000000042]", "[%*x] [%px]", 2, 0xff, (void *)0x42);
	snprintf(text, sizeof(text), fmt("%pe %pe"), ERR_PTR(-ENOMEM), ERR_PTR(-4000));
	CHECK_STR(text, "-ENOMEM -4000");
	snprintf(text, sizeof(text), fmt("%pM %pm %*ph"), bytes, bytes, 3, bytes);
	CHECK_STR(text, "01:02:ab:cd:ef:10 0102abcdef10 01 02 ab");
	snprintf(text, sizeof(text), fmt("%pI4 %pR"), bytes, &res);
	CHECK_STR(text, "1.2.171.205 [mem 0x00001000-0x000010ff]");
	snprintf(text, sizeof(text), fmt("%pa"), &phys);
	CHECK_STR(text, "0x0000000000012345");
	CHECK_EQ(sprintf(text, "%s", "abc"), 3);
	/* A hash of the address, and the same one each time. */
	CHECK_EQ(snprintf(text, sizeof(text), fmt("%p"), text), 16);
	snprintf(again, sizeof(again), fmt("%p"), text);
	CHECK_STR(text, again);
	snprintf(again, sizeof(again), "%016lx", (unsigned long)text);
	CHECK(strcmp(text, again));
	CHECK_EQ(snprintf(text, 4, "abcdef"), 6);
	CHECK_STR(text, "abc");
	CHECK_EQ(scnprintf(text, 4, "abcdef"), 3);
	CHECK_EQ(snprintf(NULL, 0, "abcdef"), 6);
}

HOSTED_TEST_EACH(r35_printk_has_levels_and_a_log)
{
	struct device dev = { .init_name = "dev0" };

	printk(KERN_WARNING "a warning %d\n", 7);
	CHECK(test_logged("<4>a warning 7"));
	printk("without a level\n");
	CHECK(test_logged("<4>without a level"));
	pr_info("an info\n");
	CHECK(test_logged("<6>an info"));
	dev_err(&dev, "value is %u, want %u\n", 1, 2);
	CHECK(test_logged("<3> dev0: value is 1, want 2"));
	CHECK_EQ(dev_err_probe(&dev, -EIO, "cannot\n"), -EIO);
	CHECK(test_logged("<3> dev0: error -EIO: cannot"));
}

HOSTED_TEST_EACH(r35_a_rate_limit_drops_and_counts)
{
	static DEFINE_RATELIMIT_STATE(limit, 1000 * HZ, 3);
	int i, n = 0;

	for (i = 0; i < 10; i++)
		n += __ratelimit(&limit);
	CHECK_EQ(n, 3);
	limit.interval = HZ / 10;
	msleep(150);
	CHECK(__ratelimit(&limit));
	CHECK(test_logged("7 callbacks suppressed"));
}

HOSTED_DIES(r35_bug_ends_the_driver, "BUG at test/kernel/lib.c:")
{
	BUG_ON(1);
}

HOSTED_DIES(r35_warnings_end_the_driver, "WARNING at test/kernel/lib.c:")
{
	WARN_ON(1);
}

HOSTED_TEST_EACH(r35_warnings_may_be_survived)
{
	CHECK_EQ(kit_param_set("warn", "1"), 0);
	CHECK(WARN(1, "value %d\n", 3));
	CHECK(test_logged("value 3"));
}

HOSTED_TEST_EACH(strings)
{
	char text[16] = "  abc  ", copy[4];
	static const char * const names[] = { "one", "two", NULL };

	CHECK_STR(strim(text), "abc");
	CHECK_STR(skip_spaces(" \tx"), "x");
	CHECK_EQ(strscpy(copy, "abc"), 3);
	CHECK_EQ(strscpy(copy, "abcd"), -E2BIG);
	CHECK_STR(copy, "abc");
	CHECK_EQ(strlcpy(copy, "abcdef", sizeof(copy)), 6);
	CHECK_STR(copy, "abc");
	CHECK(sysfs_streq("abc\n", "abc"));
	CHECK(!sysfs_streq("abc\n", "abcd"));
	CHECK_EQ(match_string(names, 3, "two"), 1);
	CHECK_EQ(match_string(names, 3, "three"), -EINVAL);
	CHECK_EQ(hex_to_bin('f'), 15);
	CHECK_EQ(hex_to_bin('g'), -1);
	CHECK_EQ(memparse("0x10K", NULL), 16384);
	CHECK_EQ(memparse("2G", NULL), 2ULL << 30);
	__memzero(copy, sizeof(copy));
	CHECK_EQ(copy[0], 0);
}

HOSTED_TEST_EACH(numbers)
{
	unsigned long long ull;
	unsigned long ul;
	unsigned int u;
	u16 u16v;
	bool b;
	int i;

	CHECK_EQ(kstrtouint("42\n", 10, &u), 0);
	CHECK_EQ(u, 42);
	CHECK_EQ(kstrtouint("0x2a", 0, &u), 0);
	CHECK_EQ(u, 42);
	CHECK_EQ(kstrtouint("4294967296", 0, &u), -ERANGE);
	CHECK_EQ(kstrtouint("12x", 0, &u), -EINVAL);
	CHECK_EQ(kstrtouint("", 0, &u), -EINVAL);
	CHECK_EQ(kstrtouint("-1", 0, &u), -EINVAL);
	CHECK_EQ(kstrtou16("65536", 0, &u16v), -ERANGE);
	CHECK_EQ(kstrtoul("0x100000000", 0, &ul), 0);
	CHECK_EQ(ul, 1UL << 32);
	CHECK_EQ(kstrtoint("-2147483648", 0, &i), 0);
	CHECK_EQ(i, INT_MIN);
	CHECK_EQ(kstrtoint("2147483648", 0, &i), -ERANGE);
	CHECK_EQ(kstrtoull("18446744073709551616", 0, &ull), -ERANGE);
	CHECK_EQ(kstrtobool("on", &b), 0);
	CHECK(b);
	CHECK_EQ(kstrtobool("n", &b), 0);
	CHECK(!b);
	CHECK_EQ(kstrtobool("maybe", &b), -EINVAL);
	CHECK_EQ(simple_strtoul("077z", NULL, 0), 63);
	CHECK_EQ(DIV_ROUND_CLOSEST(7, 2), 4);
	CHECK_EQ(roundup_pow_of_two(33), 64);
	CHECK_EQ(ilog2(64), 6);
	CHECK_EQ(order_base_2(65), 7);
	CHECK_EQ(div_u64(1ULL << 40, 3), (1ULL << 40) / 3);
	CHECK_EQ(clamp(7, 1, 5), 5);
	CHECK(check_add_overflow(U32_MAX, 1U, &u));
	CHECK(check_mul_overflow(INT_MAX, 2, &i));
	CHECK_EQ(size_mul(SIZE_MAX, 2), SIZE_MAX);
	CHECK_EQ(get_unaligned_be32("\x01\x02\x03\x04"), 0x01020304);
	CHECK_EQ(sign_extend32(0x80, 7), -128);
}

HOSTED_TEST_EACH(bitmaps)
{
	unsigned long *map = bitmap_zalloc(200, GFP_KERNEL);
	unsigned int bit, n = 0;

	REQUIRE(map);
	CHECK(bitmap_empty(map, 200));
	CHECK_EQ(find_first_bit(map, 200), 200);
	set_bit(3, map);
	set_bit(130, map);
	CHECK(test_and_set_bit(130, map));
	CHECK_EQ(find_next_bit(map, 200, 4), 130);
	CHECK_EQ(find_first_zero_bit(map, 200), 0);
	for_each_set_bit(bit, map, 200)
		n += bit;
	CHECK_EQ(n, 133);
	CHECK_EQ(bitmap_weight(map, 200), 2);
	bitmap_free(map);
}

HOSTED_TEST_EACH(numbers_are_given_away)
{
	DEFINE_IDA(ida);
	int i;

	for (i = 0; i < 2000; i++)
		CHECK_EQ(ida_alloc(&ida, GFP_KERNEL), i);
	ida_free(&ida, 1000);
	CHECK_EQ(ida_alloc_max(&ida, 1999, GFP_KERNEL), 1000);
	CHECK_EQ(ida_alloc_max(&ida, 1999, GFP_KERNEL), -ENOSPC);
	CHECK_EQ(ida_alloc_range(&ida, 5000, 6000, GFP_KERNEL), 5000);
	ida_destroy(&ida);
	CHECK_EQ(ida_alloc(&ida, GFP_KERNEL), 0);
	/* As the kernel's, one that is empty has no memory. */
	ida_free(&ida, 0);
}

struct entry {
	int value;
	struct list_head list;
	struct hlist_node node;
};

HOSTED_TEST_EACH(lists)
{
	struct entry entries[4], *entry, *next;
	HLIST_HEAD(hlist);
	LIST_HEAD(list);
	LIST_HEAD(other);
	int i, sum = 0;

	CHECK(list_empty(&list));
	for (i = 0; i < 4; i++) {
		entries[i].value = i;
		list_add_tail(&entries[i].list, &list);
		hlist_add_head(&entries[i].node, &hlist);
	}
	list_for_each_entry(entry, &list, list)
		sum = sum * 10 + entry->value;
	CHECK_EQ(sum, 123);
	list_for_each_entry_safe(entry, next, &list, list)
		if (entry->value % 2)
			list_move(&entry->list, &other);
	CHECK_EQ(list_first_entry(&other, struct entry, list)->value, 3);
	list_splice_init(&other, &list);
	CHECK(list_empty(&other));
	CHECK_EQ(list_count_nodes(&list), 4);
	sum = 0;
	hlist_for_each_entry(entry, &hlist, node)
		sum = sum * 10 + entry->value;
	CHECK_EQ(sum, 3210);
	hlist_del_init(&entries[3].node);
	CHECK(hlist_unhashed(&entries[3].node));
}

HOSTED_DIES(a_list_that_is_not_whole_is_told, "list_del of")
{
	struct list_head a = { }, head = LIST_HEAD_INIT(head);

	list_add(&a, &head);
	list_del(&a);
	list_del(&a);
}

static void release(struct kref *kref)
{
	kref->refcount.refs.counter = 1000;
}

HOSTED_TEST_EACH(references)
{
	struct kref kref;

	kref_init(&kref);
	kref_get(&kref);
	CHECK_EQ(kref_put(&kref, release), 0);
	CHECK_EQ(kref_put(&kref, release), 1);
	CHECK_EQ(kref_read(&kref), 1000);
}

HOSTED_DIES(a_reference_after_the_last_is_told, "addition is a use after free")
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

HOSTED_TEST_EACH(random_numbers_differ)
{
	u8 bytes[2][16] = { };

	CHECK(get_random_u32() != get_random_u32() || get_random_u32() != get_random_u32());
	get_random_bytes(bytes, sizeof(bytes));
	CHECK(memcmp(bytes[0], bytes[1], sizeof(bytes[0])));
}
