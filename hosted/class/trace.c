// SPDX-License-Identifier: GPL-2.0
/* What few drivers use: tracepoints, and a hash */
#include <linux/bitops.h>
#include <linux/jhash.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/tracepoint.h>
#include <linux/unaligned.h>

#include "kit/kit.h"

bool hosted_trace;
module_param_named(trace, hosted_trace, bool, 0644);
MODULE_PARM_DESC(trace, "log what tracepoints tell (default: off)");

void hosted_trace_line(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	kit_vlog(6, fmt, args);
	va_end(args);
}

static void jhash_mix(u32 *a, u32 *b, u32 *c)
{
	static const u8 shift[6] = { 4, 6, 8, 16, 19, 4 };
	u32 *word[3] = { a, b, c };
	int i;

	for (i = 0; i < 6; i++) {
		u32 *x = word[i % 3], *y = word[(i + 1) % 3], *z = word[(i + 2) % 3];

		*x -= *z;
		*x ^= rol32(*z, shift[i]);
		*z += *y;
	}
}

static void jhash_final(u32 *a, u32 *b, u32 *c)
{
	static const u8 shift[7] = { 14, 11, 25, 16, 4, 14, 24 };
	u32 *word[3] = { c, a, b };
	int i;

	for (i = 0; i < 7; i++) {
		u32 *x = word[i % 3], *y = word[(i + 2) % 3];

		*x ^= *y;
		*x -= rol32(*y, shift[i]);
	}
}

u32 jhash(const void *key, u32 length, u32 initval)
{
	u32 a = 0xdeadbeef + length + initval, b = a, c = a;
	const u8 *p = key;
	u8 rest[12] = { };

	for (; length > 12; length -= 12, p += 12) {
		a += get_unaligned_le32(p);
		b += get_unaligned_le32(p + 4);
		c += get_unaligned_le32(p + 8);
		jhash_mix(&a, &b, &c);
	}
	if (!length)
		return c;
	memcpy(rest, p, length);
	a += get_unaligned_le32(rest);
	b += get_unaligned_le32(rest + 4);
	c += get_unaligned_le32(rest + 8);
	jhash_final(&a, &b, &c);
	return c;
}
