/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_MODULE_H
#define _HOSTED_LINUX_MODULE_H

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/mod_devicetable.h>
#include <linux/slab.h>
#include <linux/stat.h>

struct module {
	const char *name;
	atomic_t refcnt;	/* references taken, without the one it is born with */
};

bool try_module_get(struct module *module);
void __module_get(struct module *module);
void module_put(struct module *module);
int module_refcount(struct module *module);

/* What is only read by tools is checked to be text, and takes no room. */
#define __HOSTED_TEXT(_text)	_Static_assert(sizeof(_text "") > 0, "no text")
#define MODULE_LICENSE(_x)	__HOSTED_TEXT(_x)
#define MODULE_AUTHOR(_x)	__HOSTED_TEXT(_x)
#define MODULE_DESCRIPTION(_x)	__HOSTED_TEXT(_x)
#define MODULE_VERSION(_x)	__HOSTED_TEXT(_x)
#define MODULE_ALIAS(_x)	__HOSTED_TEXT(_x)
#define MODULE_SOFTDEP(_x)	__HOSTED_TEXT(_x)
#define MODULE_INFO(_tag, _x)	__HOSTED_TEXT(_x)
#define MODULE_IMPORT_NS(_x)
#define MODULE_DEVICE_TABLE(_type, _table) \
	static const typeof((_table)[0]) *__maybe_unused __HOSTED_PASTE(__table_, _table) = _table

#endif
