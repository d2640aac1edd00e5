/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SWAIT_H
#define _HOSTED_LINUX_SWAIT_H

#include <linux/wait.h>

#endif
