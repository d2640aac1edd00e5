/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_U64_STATS_SYNC_H
#define _HOSTED_LINUX_U64_STATS_SYNC_H

#include <linux/compiler.h>
#include <linux/types.h>

/* 64-bit values need no sequence count on a 64-bit machine. */
struct u64_stats_sync {
};

typedef struct {
	u64 v;
} u64_stats_t;

static inline u64 u64_stats_read(const u64_stats_t *p)
{
	return READ_ONCE(p->v);
}

static inline void u64_stats_add(u64_stats_t *p, unsigned long value)
{
	WRITE_ONCE(p->v, p->v + value);
}

static inline void u64_stats_inc(u64_stats_t *p)
{
	u64_stats_add(p, 1);
}

#define u64_stats_init(_s)			((void)(_s))
#define u64_stats_update_begin(_s)		((void)(_s))
#define u64_stats_update_end(_s)		((void)(_s))
#define u64_stats_fetch_begin(_s)		((void)(_s), 0U)
#define u64_stats_fetch_retry(_s, _start)	((void)(_s), (void)(_start), false)

#endif
