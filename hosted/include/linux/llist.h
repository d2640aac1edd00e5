/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_LLIST_H
#define _HOSTED_LINUX_LLIST_H

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/types.h>

struct llist_head {
	struct llist_node *first;
};

struct llist_node {
	struct llist_node *next;
};

#define LLIST_HEAD_INIT(_name)	{ NULL }
#define LLIST_HEAD(_name)	struct llist_head _name = LLIST_HEAD_INIT(_name)
#define init_llist_head(_h)	((_h)->first = NULL)
#define llist_entry(_p, _t, _m)	container_of(_p, _t, _m)

static inline bool llist_empty(const struct llist_head *head)
{
	return !READ_ONCE(head->first);
}

/* Returns whether the list was empty. */
static inline bool llist_add(struct llist_node *new, struct llist_head *head)
{
	struct llist_node *first = READ_ONCE(head->first);

	do {
		new->next = first;
	} while (!__atomic_compare_exchange_n(&head->first, &first, new, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return !first;
}

static inline struct llist_node *llist_del_all(struct llist_head *head)
{
	return __atomic_exchange_n(&head->first, NULL, __ATOMIC_SEQ_CST);
}

#define llist_for_each_safe(_p, _n, _node) \
	for ((_p) = (_node); (_p) && ((_n) = (_p)->next, true); (_p) = (_n))

#endif
