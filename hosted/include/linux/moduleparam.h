/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_MODULEPARAM_H
#define _HOSTED_LINUX_MODULEPARAM_H

#include <linux/init.h>
#include <linux/types.h>

struct kernel_param;

struct kernel_param_ops {
	int (*set)(const char *val, const struct kernel_param *kp);
	int (*get)(char *buffer, const struct kernel_param *kp);
};

/* In a section, for kit_param_set() to find. */
struct kernel_param {
	const char *name;
	const char *module;
	const struct kernel_param_ops *ops;
	u16 perm;
	void *arg;
};

#define __module_param_call(_name, _ops, _arg, _perm)					\
	static const struct kernel_param __used __section("hosted_params")		\
	__aligned(8) __HOSTED_PASTE(__param_, _name) = {				\
		.name = #_name, .module = KBUILD_MODNAME, .ops = _ops, .perm = _perm,	\
		.arg = _arg,								\
	}
#define module_param_cb(_name, _ops, _arg, _perm) __module_param_call(_name, _ops, _arg, _perm)
#define module_param_named(_name, _value, _type, _perm)					\
	static inline __maybe_unused void __HOSTED_PASTE(__check_, _name)(void)		\
	{										\
		param_check_##_type(_name, &(_value));					\
	}										\
	__module_param_call(_name, &param_ops_##_type, (void *)&(_value), _perm)
#define module_param(_name, _type, _perm)	module_param_named(_name, _name, _type, _perm)
#define module_param_hw(_name, _type, _hwtype, _perm)	module_param(_name, _type, _perm)

#define __hosted_param_type(_name, _type)						\
	extern const struct kernel_param_ops param_ops_##_name;				\
	int param_set_##_name(const char *val, const struct kernel_param *kp);		\
	int param_get_##_name(char *buffer, const struct kernel_param *kp)

__hosted_param_type(int, int);
__hosted_param_type(uint, unsigned int);
__hosted_param_type(charp, char *);
__hosted_param_type(bool, bool);

#define __param_check(_p, _type)	do { _type *__p = (_p); (void)__p; } while (0)
#define param_check_int(_name, _p)	__param_check(_p, int)
#define param_check_uint(_name, _p)	__param_check(_p, unsigned int)
#define param_check_charp(_name, _p)	__param_check(_p, char *)
#define param_check_bool(_name, _p)	__param_check(_p, bool)

#define MODULE_PARM_DESC(_name, _text)	__HOSTED_TEXT(_text)

#endif
