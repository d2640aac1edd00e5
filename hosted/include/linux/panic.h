/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PANIC_H
#define _HOSTED_LINUX_PANIC_H

#include <linux/compiler_types.h>


#endif
