/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_CAPABILITY_H
#define _HOSTED_LINUX_CAPABILITY_H

#include <linux/types.h>

#define CAP_SYS_ADMIN	21
#define CAP_SYS_TTY_CONFIG 26

bool capable(int cap);

#endif
