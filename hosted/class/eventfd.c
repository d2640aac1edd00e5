// SPDX-License-Identifier: GPL-2.0
/* Eventfds of programs, which are the host's */
#include <linux/eventfd.h>
#include <linux/slab.h>

#include "kit/files.h"

struct eventfd_ctx {
	int fd;
};

struct eventfd_ctx *eventfd_ctx_fdget(int fd)
{
	struct eventfd_ctx *ctx = kmalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return ERR_PTR(-ENOMEM);
	ctx->fd = kit_eventfd_get(fd);
	if (ctx->fd < 0) {
		int err = ctx->fd;

		kfree(ctx);
		return ERR_PTR(err);
	}
	return ctx;
}

void eventfd_ctx_put(struct eventfd_ctx *ctx)
{
	kit_eventfd_put(ctx->fd);
	kfree(ctx);
}

/* Context: any. */
void eventfd_signal(struct eventfd_ctx *ctx)
{
	kit_eventfd_signal(ctx->fd);
}
