/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_EVENTFD_H
#define _HOSTED_LINUX_EVENTFD_H

#include <linux/err.h>
#include <linux/types.h>

struct eventfd_ctx;

struct eventfd_ctx *eventfd_ctx_fdget(int fd);
void eventfd_ctx_put(struct eventfd_ctx *ctx);
void eventfd_signal(struct eventfd_ctx *ctx);

#endif
