/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_ASM_PARAM_H
#define _HOSTED_ASM_PARAM_H

#include <linux/param.h>

#endif
