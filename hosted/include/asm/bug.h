/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_BUG_H
#define _HOSTED_ASM_BUG_H

#include <linux/bug.h>

#endif
