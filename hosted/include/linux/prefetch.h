/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PREFETCH_H
#define _HOSTED_LINUX_PREFETCH_H

#define prefetch(_p)	__builtin_prefetch(_p)
#define prefetchw(_p)	__builtin_prefetch(_p, 1)

#endif
