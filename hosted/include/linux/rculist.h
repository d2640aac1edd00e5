/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_RCULIST_H
#define _HOSTED_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

static inline void hlist_add_head_rcu(struct hlist_node *n, struct hlist_head *h)
{
	hlist_add_head(n, h);
}

static inline void hlist_del_rcu(struct hlist_node *n)
{
	__hlist_del(n);
	WRITE_ONCE(n->pprev, LIST_POISON2);
}

static inline void hlist_replace_rcu(struct hlist_node *old, struct hlist_node *new)
{
	struct hlist_node *next = old->next;

	new->next = next;
	WRITE_ONCE(new->pprev, old->pprev);
	smp_store_release(new->pprev, new);
	if (next)
		WRITE_ONCE(next->pprev, &new->next);
	WRITE_ONCE(old->pprev, LIST_POISON2);
}

#define hlist_for_each_entry_rcu(_p, _h, _m, ...)					\
	for ((_p) = hlist_entry_safe(smp_load_acquire(&(_h)->first), typeof(*(_p)), _m); (_p); \
	     (_p) = hlist_entry_safe(smp_load_acquire(&(_p)->_m.next), typeof(*(_p)), _m))

#endif
