/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BUILD_BUG_H
#define _HOSTED_LINUX_BUILD_BUG_H

#include <linux/compiler.h>

#define BUILD_BUG_ON(_e)	_Static_assert(!(_e), "BUILD_BUG_ON failed: " #_e)
#define BUILD_BUG_ON_MSG(_e, _msg) _Static_assert(!(_e), _msg)
#undef static_assert
#define static_assert(_e, ...)	__hosted_static_assert(_e, ##__VA_ARGS__, #_e)
#define __hosted_static_assert(_e, _msg, ...) _Static_assert(_e, _msg)

#endif
