/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PFN_H
#define _HOSTED_LINUX_PFN_H

#include <asm/page.h>

#endif
