/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_BYTEORDER_H
#define _HOSTED_ASM_BYTEORDER_H

#include <linux/types.h>

#define __LITTLE_ENDIAN		1234
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "hosted: big-endian hosts are not supported"
#endif

#define swab16(_x)		__builtin_bswap16(_x)
#define swab32(_x)		__builtin_bswap32(_x)
#define swab64(_x)		((u64)__builtin_bswap64(_x))
#define __hosted_order(_n)								\
	static inline u##_n le##_n##_to_cpup(const __le##_n *p)				\
	{										\
		return (__force u##_n)*p;						\
	}										\
	static inline u##_n be##_n##_to_cpup(const __be##_n *p)				\
	{										\
		return swab##_n((__force u##_n)*p);					\
	}
__hosted_order(16)
__hosted_order(32)
__hosted_order(64)

#define le16_to_cpu(_x)		((__force u16)(__le16)(_x))
#define le32_to_cpu(_x)		((__force u32)(__le32)(_x))
#define le64_to_cpu(_x)		((__force u64)(__le64)(_x))
#define cpu_to_le16(_x)		((__force __le16)(u16)(_x))
#define cpu_to_le32(_x)		((__force __le32)(u32)(_x))
#define cpu_to_le64(_x)		((__force __le64)(u64)(_x))
#define be16_to_cpu(_x)		swab16((__force u16)(__be16)(_x))
#define be32_to_cpu(_x)		swab32((__force u32)(__be32)(_x))
#define be64_to_cpu(_x)		swab64((__force u64)(__be64)(_x))
#define cpu_to_be16(_x)		((__force __be16)swab16(_x))
#define cpu_to_be32(_x)		((__force __be32)swab32(_x))
#define cpu_to_be64(_x)		((__force __be64)swab64(_x))
#define ntohs(_x)		be16_to_cpu(_x)
#define ntohl(_x)		be32_to_cpu(_x)
#define htons(_x)		cpu_to_be16(_x)
#define htonl(_x)		cpu_to_be32(_x)

#endif
