/* SPDX-License-Identifier: GPL-2.0 */
/* Limits of processes, which no driver has a use for. */
#ifndef _LINUX_RESOURCE_H
#define _LINUX_RESOURCE_H
#endif
