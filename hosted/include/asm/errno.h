/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_ERRNO_H
#define _HOSTED_ASM_ERRNO_H

#include <linux/errno.h>

#endif
