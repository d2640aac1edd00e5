/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_KMOD_H
#define _HOSTED_LINUX_KMOD_H

#include <linux/compiler_types.h>
#include <linux/types.h>

/* Runs the init function of a module that is linked in and was not run yet. */
int __request_module(bool wait, const char *name, ...) __printf(2, 3);
#define request_module(_mod...)		__request_module(true, _mod)

#endif
