/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_ATOMIC_H
#define _HOSTED_ASM_ATOMIC_H

#include <linux/atomic.h>

#endif
