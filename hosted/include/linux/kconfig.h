/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_KCONFIG_H
#define _HOSTED_LINUX_KCONFIG_H

#include <generated/autoconf.h>

/* Included before everything else: CONFIG_X is 1 or not defined. */
#define __HOSTED_SECOND(_ignored, _value, ...)	_value
#define __HOSTED_TAKE(_value)			__HOSTED_SECOND(_value 1, 0)
#define __HOSTED_ARG_1				0,
#define __HOSTED_IS(_x)				__HOSTED_IS_(_x)
#define __HOSTED_IS_(_value)			__HOSTED_TAKE(__HOSTED_ARG_##_value)

#define IS_BUILTIN(_option)	__HOSTED_IS(_option)
#define IS_MODULE(_option)	__HOSTED_IS(_option##_MODULE)
#define IS_ENABLED(_option)	(IS_BUILTIN(_option) || IS_MODULE(_option))
#define IS_REACHABLE(_option)	IS_ENABLED(_option)

#ifndef KBUILD_MODNAME
#define KBUILD_MODNAME		"hosted"
#endif

#define __KERNEL__		1
#define MODULE			1

#include <linux/compiler_types.h>

#endif
