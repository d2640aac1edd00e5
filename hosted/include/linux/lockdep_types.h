/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_LOCKDEP_TYPES_H
#define _HOSTED_LINUX_LOCKDEP_TYPES_H

#include <linux/types.h>

/* Its address tells locks of one kind from those of another. */
struct lock_class_key {
	char unused;
};

/**
 * struct lockdep_map - what is known of a lock
 * @name: as the source has it; NULL for a lock that was never initialised
 * @key: of its class; NULL for its own address
 * @class: number of the class, 0 until it is first taken
 */
struct lockdep_map {
	const char *name;
	const struct lock_class_key *key;
	unsigned int class;
};

#define __LOCKDEP_MAP(_name)	.dep_map = { .name = #_name }
#define __lockdep_init(_map, _name, _key) \
	(*(_map) = (struct lockdep_map){ .name = (_name), .key = (_key) })

#endif
