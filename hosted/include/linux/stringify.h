/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_STRINGIFY_H
#define _HOSTED_LINUX_STRINGIFY_H

#define __stringify_1(_x...)	#_x
#define __stringify(_x...)	__stringify_1(_x)

#endif
