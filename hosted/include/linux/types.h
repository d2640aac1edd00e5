/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_TYPES_H
#define _HOSTED_LINUX_TYPES_H

#include <linux/compiler_types.h>
#include <linux/stddef.h>

typedef unsigned char u8, __u8, uint8_t;
typedef unsigned short u16, __u16, uint16_t, u_short, ushort;
typedef unsigned int u32, __u32, uint32_t, u_int, uint;
typedef unsigned long long u64, __u64;
typedef signed char s8, __s8, int8_t;
typedef short s16, __s16, int16_t;
typedef int s32, __s32, int32_t;
typedef long long s64, __s64;
typedef __INT64_TYPE__ int64_t;
typedef __UINT64_TYPE__ uint64_t;
typedef unsigned long u_long, ulong;
typedef __u16 __le16, __be16, __sum16;
typedef __u32 __le32, __be32, __wsum;
typedef __u64 __le64, __be64;
typedef _Bool bool;
typedef __SIZE_TYPE__ size_t;
typedef long ssize_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef unsigned long uintptr_t, kernel_ulong_t;
typedef long long loff_t;
typedef u64 phys_addr_t, resource_size_t, dma_addr_t;
typedef unsigned long pgoff_t;
typedef u32 dev_t;
typedef unsigned short umode_t, mode_t;
typedef int pid_t;
typedef unsigned int uid_t, gid_t, __kernel_uid32_t, gfp_t, fmode_t, slab_flags_t, __poll_t;
typedef long time_t;
typedef long long time64_t;
typedef int clockid_t;
typedef s64 ktime_t;
typedef struct { uid_t val; } kuid_t;
typedef struct { gid_t val; } kgid_t;

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};
#define rcu_head callback_head
typedef void (*rcu_callback_t)(struct rcu_head *head);

#define DECLARE_BITMAP(_name, _bits)	unsigned long _name[BITS_TO_LONGS(_bits)]
#define BITS_PER_LONG		64
#define BITS_PER_BYTE		8
#define BITS_TO_LONGS(_n)	(((_n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

#define aligned_u64		__u64 __attribute__((aligned(8)))

#endif
