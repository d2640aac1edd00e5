/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_STDARG_H
#define _HOSTED_LINUX_STDARG_H

#include <stdarg.h>

#endif
