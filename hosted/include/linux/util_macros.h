/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_UTIL_MACROS_H
#define _HOSTED_LINUX_UTIL_MACROS_H

#endif
