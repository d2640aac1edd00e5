/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_INIT_H
#define _HOSTED_LINUX_INIT_H

#include <linux/compiler.h>
#include <linux/stringify.h>
#include <linux/types.h>

#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata

/**
 * struct hosted_module - a driver's init and exit, collected by the linker
 * @name: KBUILD_MODNAME
 * @module: THIS_MODULE
 * @init: NULL where @exit is set; both of a module have the same name
 * @exit: the other way
 * @level: of initcalls; drivers are last
 */
struct hosted_module {
	const char *name;
	struct module *module;
	int (*init)(void);
	void (*exit)(void);
	int level;
};

extern struct module __this_module;

#define __hosted_entry(_fn, _init, _exit, _level)					\
	static const struct hosted_module __used __section("hosted_modules")		\
	__aligned(8) __HOSTED_PASTE(__hosted_entry_, _fn) = {				\
		.name = KBUILD_MODNAME,							\
		.module = &__this_module,						\
		.init = _init,								\
		.exit = _exit,								\
		.level = _level,							\
	}

#define __hosted_init(_fn, _level)	__hosted_entry(_fn, _fn, NULL, _level)

#define core_initcall(_fn)	__hosted_init(_fn, 1)
#define postcore_initcall(_fn)	__hosted_init(_fn, 2)
#define arch_initcall(_fn)	__hosted_init(_fn, 3)
#define subsys_initcall(_fn)	__hosted_init(_fn, 4)
#define fs_initcall(_fn)	__hosted_init(_fn, 5)
#define device_initcall(_fn)	__hosted_init(_fn, 6)
#define late_initcall(_fn)	__hosted_init(_fn, 7)
#define module_init(_fn)	__hosted_init(_fn, 6)
#define module_exit(_fn)	__hosted_entry(_fn, NULL, _fn, 6)

#endif
