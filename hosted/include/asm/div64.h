/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_DIV64_H
#define _HOSTED_ASM_DIV64_H

#include <linux/math64.h>

#endif
