/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_UNALIGNED_H
#define _HOSTED_ASM_UNALIGNED_H

#include <linux/unaligned.h>

#endif
