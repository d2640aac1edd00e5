/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_ARRAY_SIZE_H
#define _HOSTED_LINUX_ARRAY_SIZE_H

#include <linux/compiler.h>

#define ARRAY_SIZE(_a)		(sizeof(_a) / sizeof((_a)[0]) + __must_be_array(_a))

#endif
