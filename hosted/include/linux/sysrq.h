/* SPDX-License-Identifier: GPL-2.0 */
/* A hosted driver has no system to request something of. */
#ifndef _LINUX_SYSRQ_H
#define _LINUX_SYSRQ_H

#include <linux/types.h>

#endif
