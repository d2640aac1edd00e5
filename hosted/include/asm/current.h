/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_CURRENT_H
#define _HOSTED_ASM_CURRENT_H

#include <linux/sched.h>

#endif
