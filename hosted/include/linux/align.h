/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_ALIGN_H
#define _HOSTED_LINUX_ALIGN_H

#define __ALIGN_MASK(_x, _mask)	(((_x) + (_mask)) & ~(_mask))
#define ALIGN(_x, _a)		__ALIGN_MASK(_x, (typeof(_x))(_a) - 1)
#define ALIGN_DOWN(_x, _a)	((_x) & ~((typeof(_x))(_a) - 1))
#define IS_ALIGNED(_x, _a)	(((_x) & ((typeof(_x))(_a) - 1)) == 0)

#endif
