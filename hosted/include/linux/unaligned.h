/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_UNALIGNED_H
#define _HOSTED_LINUX_UNALIGNED_H

#include <asm/byteorder.h>
#include <linux/types.h>

#define get_unaligned(_p) ({								\
	const struct { typeof(*(_p)) x; } __packed *__hosted_u = (const void *)(_p);	\
	__hosted_u->x;									\
})
#define put_unaligned(_v, _p) do {							\
	struct { typeof(*(_p)) x; } __packed *__hosted_u = (void *)(_p);		\
	__hosted_u->x = (_v);								\
} while (0)

#define __hosted_unaligned(_order, _n)							\
	static inline u##_n get_unaligned_##_order##_n(const void *p)			\
	{										\
		return _order##_n##_to_cpu(get_unaligned((const __##_order##_n *)p));	\
	}										\
	static inline void put_unaligned_##_order##_n(u##_n v, void *p)			\
	{										\
		put_unaligned(cpu_to_##_order##_n(v), (__##_order##_n *)p);		\
	}
__hosted_unaligned(le, 16)
__hosted_unaligned(le, 32)
__hosted_unaligned(le, 64)
__hosted_unaligned(be, 16)
__hosted_unaligned(be, 32)
__hosted_unaligned(be, 64)

#endif
