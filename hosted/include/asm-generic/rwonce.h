/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_GENERIC_RWONCE_H
#define _HOSTED_ASM_GENERIC_RWONCE_H

#include <linux/compiler.h>

#endif
