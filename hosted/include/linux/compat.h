/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_COMPAT_H
#define _HOSTED_LINUX_COMPAT_H

#include <linux/types.h>

#endif
