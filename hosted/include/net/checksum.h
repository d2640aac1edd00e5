/* SPDX-License-Identifier: GPL-2.0 */
/* The Internet checksum, RFC 1071: sums of 16-bit words, folded when they are used */
#ifndef _HOSTED_NET_CHECKSUM_H
#define _HOSTED_NET_CHECKSUM_H

#include <linux/types.h>

#define CSUM_MANGLED_0	((__sum16)0xffff)

__wsum csum_partial(const void *data, int len, __wsum sum);
__wsum csum_partial_copy_nocheck(const void *from, void *to, int len);

static inline __wsum csum_add(__wsum a, __wsum b)
{
	a += b;
	return a + (a < b);
}

/* @b is of what begins at @offset: at an odd one its bytes are the other way round. */
static inline __wsum csum_block_add(__wsum a, __wsum b, int offset)
{
	return csum_add(a, offset & 1 ? b << 8 | b >> 24 : b);
}

static inline __sum16 csum_fold(__wsum sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

#endif
