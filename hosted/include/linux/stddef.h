/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_STDDEF_H
#define _HOSTED_LINUX_STDDEF_H

#undef NULL
#define NULL ((void *)0)
#ifndef __bool_true_false_are_defined
#define true	1
#define false	0
#endif
#undef offsetof
#define offsetof(_type, _member)	__builtin_offsetof(_type, _member)
#define sizeof_field(_type, _member)	sizeof(((_type *)0)->_member)

#endif
