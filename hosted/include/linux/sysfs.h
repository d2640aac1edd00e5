/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SYSFS_H
#define _HOSTED_LINUX_SYSFS_H

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/list.h>
#include <linux/stringify.h>
#include <linux/types.h>

struct kobject;
struct bin_attribute;

struct attribute {
	const char *name;
	umode_t mode;
};

struct attribute_group {
	const char *name;
	umode_t (*is_visible)(struct kobject *kobj, struct attribute *attr, int n);
	struct attribute **attrs;
	struct bin_attribute **bin_attrs;	/* not supported: device_add() refuses them */
};

#define __ATTR(_name, _mode, _show, _store) {						\
	.attr = { .name = __stringify(_name), .mode = (_mode) },			\
	.show = _show, .store = _store,							\
}
#define __ATTR_RO(_name)	__ATTR(_name, 0444, _name##_show, NULL)
#define __ATTR_WO(_name)	__ATTR(_name, 0200, NULL, _name##_store)
#define __ATTR_RW(_name)	__ATTR(_name, 0644, _name##_show, _name##_store)
#define ATTRIBUTE_GROUPS(_name)								\
	static const struct attribute_group _name##_group = { .attrs = _name##_attrs };	\
	static const struct attribute_group *_name##_groups[] = { &_name##_group, NULL }

#define SYSFS_GROUP_INVISIBLE	020000

int sysfs_emit(char *buf, const char *fmt, ...) __printf(2, 3);
int sysfs_emit_at(char *buf, int at, const char *fmt, ...) __printf(3, 4);

#endif
