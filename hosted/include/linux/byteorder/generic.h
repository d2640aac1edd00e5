/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_BYTEORDER_GENERIC_H
#define _HOSTED_LINUX_BYTEORDER_GENERIC_H

#include <asm/byteorder.h>

#endif
