/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_SWAB_H
#define _HOSTED_LINUX_SWAB_H

#include <asm/byteorder.h>

#endif
