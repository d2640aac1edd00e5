/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_CONST_H
#define _HOSTED_LINUX_CONST_H

#define _AC(_x, _y)	__AC(_x, _y)
#define __AC(_x, _y)	(_x##_y)
#define _UL(_x)		_AC(_x, UL)
#define _ULL(_x)	_AC(_x, ULL)
#define UL(_x)		_UL(_x)
#define ULL(_x)		_ULL(_x)

#endif
