/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_PROCESSOR_H
#define _HOSTED_ASM_PROCESSOR_H

#include <asm/barrier.h>

#endif
