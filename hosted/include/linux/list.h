/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_LIST_H
#define _HOSTED_LINUX_LIST_H

#include <linux/container_of.h>
#include <linux/compiler.h>
#include <linux/poison.h>
#include <asm/barrier.h>
#include <linux/types.h>

#define LIST_HEAD_INIT(_name)	{ &(_name), &(_name) }
#define LIST_HEAD(_name)	struct list_head _name = LIST_HEAD_INIT(_name)

/* As CONFIG_DEBUG_LIST: a list that is not whole aborts, naming what it found. */
void __list_add_check(const struct list_head *new, const struct list_head *prev,
		      const struct list_head *next);
void __list_del_check(const struct list_head *entry);

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	WRITE_ONCE(list->next, list);
	WRITE_ONCE(list->prev, list);
}

static inline void __list_add(struct list_head *new, struct list_head *prev,
			      struct list_head *next)
{
	__list_add_check(new, prev, next);
	WRITE_ONCE(next->prev, new);
	WRITE_ONCE(new->next, next);
	WRITE_ONCE(new->prev, prev);
	WRITE_ONCE(prev->next, new);
}

static inline void list_add(struct list_head *new, struct list_head *head)
{
	__list_add(new, head, head->next);
}

static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	__list_add(new, head->prev, head);
}

static inline void __list_del_entry(struct list_head *entry)
{
	__list_del_check(entry);
	WRITE_ONCE(entry->next->prev, entry->prev);
	WRITE_ONCE(entry->prev->next, entry->next);
}

static inline void list_del(struct list_head *entry)
{
	__list_del_entry(entry);
	entry->next = LIST_POISON1;
	entry->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *entry)
{
	__list_del_entry(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *list, struct list_head *head)
{
	__list_del_entry(list);
	list_add(list, head);
}

static inline void list_move_tail(struct list_head *list, struct list_head *head)
{
	__list_del_entry(list);
	list_add_tail(list, head);
}

static inline int list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

/* What the caller did before is seen by who finds list_empty_careful(). */
static inline void list_del_init_careful(struct list_head *entry)
{
	__list_del_entry(entry);
	WRITE_ONCE(entry->prev, entry);
	smp_store_release(&entry->next, entry);
}

static inline int list_empty_careful(const struct list_head *head)
{
	struct list_head *next = smp_load_acquire(&head->next);

	return next == head && next == READ_ONCE(head->prev);
}

static inline int list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void __list_splice(const struct list_head *list, struct list_head *prev,
				 struct list_head *next)
{
	list->next->prev = prev;
	prev->next = list->next;
	list->prev->next = next;
	next->prev = list->prev;
}

static inline void list_splice(const struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		__list_splice(list, head, head->next);
}

static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

static inline size_t list_count_nodes(const struct list_head *head)
{
	struct list_head *pos;
	size_t n = 0;

	for (pos = head->next; pos != head; pos = pos->next)
		n++;
	return n;
}

#define list_entry(_p, _t, _m)		container_of(_p, _t, _m)
#define list_first_entry(_h, _t, _m)	list_entry((_h)->next, _t, _m)
#define list_last_entry(_h, _t, _m)	list_entry((_h)->prev, _t, _m)
#define list_first_entry_or_null(_h, _t, _m) \
	(list_empty(_h) ? NULL : list_first_entry(_h, _t, _m))
#define list_next_entry(_p, _m)		list_entry((_p)->_m.next, typeof(*(_p)), _m)
#define list_prev_entry(_p, _m)		list_entry((_p)->_m.prev, typeof(*(_p)), _m)
#define list_entry_is_head(_p, _h, _m)	(&(_p)->_m == (_h))
#define list_for_each(_p, _h) \
	for ((_p) = (_h)->next; (_p) != (_h); (_p) = (_p)->next)
#define list_for_each_entry(_p, _h, _m)							\
	for ((_p) = list_first_entry(_h, typeof(*(_p)), _m); !list_entry_is_head(_p, _h, _m); \
	     (_p) = list_next_entry(_p, _m))
#define list_for_each_entry_reverse(_p, _h, _m)						\
	for ((_p) = list_last_entry(_h, typeof(*(_p)), _m); !list_entry_is_head(_p, _h, _m); \
	     (_p) = list_prev_entry(_p, _m))
#define list_for_each_entry_from(_p, _h, _m) \
	for (; !list_entry_is_head(_p, _h, _m); (_p) = list_next_entry(_p, _m))
#define list_for_each_entry_safe(_p, _n, _h, _m)					\
	for ((_p) = list_first_entry(_h, typeof(*(_p)), _m), (_n) = list_next_entry(_p, _m); \
	     !list_entry_is_head(_p, _h, _m); (_p) = (_n), (_n) = list_next_entry(_n, _m))

#define HLIST_HEAD_INIT		{ .first = NULL }
#define HLIST_HEAD(_name)	struct hlist_head _name = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(_p)	((_p)->first = NULL)

static inline void INIT_HLIST_NODE(struct hlist_node *h)
{
	h->next = NULL;
	h->pprev = NULL;
}

static inline int hlist_unhashed(const struct hlist_node *h)
{
	return !h->pprev;
}

static inline int hlist_empty(const struct hlist_head *h)
{
	return !READ_ONCE(h->first);
}

static inline void __hlist_del(struct hlist_node *n)
{
	WRITE_ONCE(*n->pprev, n->next);
	if (n->next)
		WRITE_ONCE(n->next->pprev, n->pprev);
}

static inline void hlist_del(struct hlist_node *n)
{
	__hlist_del(n);
	n->next = LIST_POISON1;
	n->pprev = LIST_POISON2;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (hlist_unhashed(n))
		return;
	__hlist_del(n);
	INIT_HLIST_NODE(n);
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	n->pprev = &h->first;
	if (h->first)
		WRITE_ONCE(h->first->pprev, &n->next);
	smp_store_release(&h->first, n);
}

#define hlist_entry(_p, _t, _m)		container_of(_p, _t, _m)
#define hlist_entry_safe(_p, _t, _m) ({							\
	typeof(_p) __hosted_h = (_p);							\
	__hosted_h ? hlist_entry(__hosted_h, _t, _m) : NULL;				\
})
#define hlist_for_each_entry(_p, _h, _m)						\
	for ((_p) = hlist_entry_safe((_h)->first, typeof(*(_p)), _m); (_p);		\
	     (_p) = hlist_entry_safe((_p)->_m.next, typeof(*(_p)), _m))
#define hlist_for_each_entry_safe(_p, _n, _h, _m)					\
	for ((_p) = hlist_entry_safe((_h)->first, typeof(*(_p)), _m);			\
	     (_p) && ({ (_n) = (_p)->_m.next; 1; });					\
	     (_p) = hlist_entry_safe(_n, typeof(*(_p)), _m))

#endif
