/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_VDSO_TIME64_H
#define _HOSTED_VDSO_TIME64_H

#include <linux/time.h>

#endif
