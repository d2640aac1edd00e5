/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_KDEV_T_H
#define _HOSTED_LINUX_KDEV_T_H

#include <linux/types.h>

#define MINORBITS	20
#define MINORMASK	((1U << MINORBITS) - 1)
#define MAJOR(_dev)	((unsigned int)((_dev) >> MINORBITS))
#define MINOR(_dev)	((unsigned int)((_dev) & MINORMASK))
#define MKDEV(_ma, _mi)	(((dev_t)(_ma) << MINORBITS) | (_mi))

#endif
