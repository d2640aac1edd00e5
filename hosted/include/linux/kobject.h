/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_KOBJECT_H
#define _HOSTED_LINUX_KOBJECT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/sysfs.h>
#include <linux/types.h>

#define UEVENT_NUM_ENVP		64
#define UEVENT_BUFFER_SIZE	2048

struct kobject {
	const char *name;
	struct kref kref;
};

struct kobj_uevent_env {
	char *envp[UEVENT_NUM_ENVP];
	int envp_idx;
	char buf[UEVENT_BUFFER_SIZE];
	int buflen;
};

enum kobject_action { KOBJ_ADD, KOBJ_REMOVE, KOBJ_CHANGE, KOBJ_BIND, KOBJ_UNBIND };

int add_uevent_var(struct kobj_uevent_env *env, const char *fmt, ...) __printf(2, 3);
int kobject_uevent(struct kobject *kobj, enum kobject_action action);
int kobject_uevent_env(struct kobject *kobj, enum kobject_action action, char *envp[]);

#endif
