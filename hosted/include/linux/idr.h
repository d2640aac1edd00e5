/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_IDR_H
#define _HOSTED_LINUX_IDR_H

#include <linux/gfp.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ida {
	spinlock_t lock;
	unsigned long *bits;
	unsigned int nbits;
};

#define IDA_INIT(_name)		{ .lock = __SPIN_LOCK_INITIALIZER(_name.lock) }
#define DEFINE_IDA(_name)	struct ida _name = IDA_INIT(_name)

void ida_init(struct ida *ida);
int ida_alloc_range(struct ida *ida, unsigned int min, unsigned int max, gfp_t gfp);
void ida_free(struct ida *ida, unsigned int id);
void ida_destroy(struct ida *ida);
bool ida_is_empty(const struct ida *ida);

#define ida_alloc(_ida, _gfp)			ida_alloc_range(_ida, 0, ~0U, _gfp)
#define ida_alloc_min(_ida, _min, _gfp)		ida_alloc_range(_ida, _min, ~0U, _gfp)
#define ida_alloc_max(_ida, _max, _gfp)		ida_alloc_range(_ida, 0, _max, _gfp)
#define ida_simple_get(_ida, _s, _e, _gfp)	ida_alloc_range(_ida, _s, (_e) - 1, _gfp)
#define ida_simple_remove(_ida, _id)		ida_free(_ida, _id)

/* Callers exclude each other. */
struct idr {
	void **slots;
	unsigned int size;
	unsigned int next;
};

#define IDR_INIT(_name)		{ }
#define DEFINE_IDR(_name)	struct idr _name = IDR_INIT(_name)

void idr_init(struct idr *idr);
int idr_alloc(struct idr *idr, void *ptr, int start, int end, gfp_t gfp);
int idr_alloc_cyclic(struct idr *idr, void *ptr, int start, int end, gfp_t gfp);
void *idr_remove(struct idr *idr, unsigned long id);
void *idr_find(const struct idr *idr, unsigned long id);
void *idr_replace(struct idr *idr, void *ptr, unsigned long id);
void *idr_get_next(struct idr *idr, int *next);
int idr_for_each(const struct idr *idr, int (*fn)(int id, void *p, void *data), void *data);
bool idr_is_empty(const struct idr *idr);
void idr_destroy(struct idr *idr);

#define idr_for_each_entry(_idr, _entry, _id)						\
	for ((_id) = 0; ((_entry) = idr_get_next(_idr, &(_id))) != NULL; (_id)++)

#endif
