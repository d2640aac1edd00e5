/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_PARAM_H
#define _HOSTED_LINUX_PARAM_H

#define HZ	CONFIG_HZ

#endif
