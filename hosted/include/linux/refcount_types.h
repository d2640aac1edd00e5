/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_REFCOUNT_TYPES_H
#define _HOSTED_LINUX_REFCOUNT_TYPES_H

#include <linux/refcount.h>

#endif
