/* SPDX-License-Identifier: GPL-2.0 */
/* What most tests find: a link that is up, and one proxy. */
#ifndef SHADOW_POLLED_LINK_H
#define SHADOW_POLLED_LINK_H

#include "polled.h"

FIXTURE(link) {
	struct rtos r;
	int fd;
	uint64_t slot;
};

FIXTURE_SETUP(link)
{
	rtos_open(&self->r);
	rtos_up(&self->r);
	self->fd = proxy(0);
	self->slot = slot_of(self->fd);
}

FIXTURE_TEARDOWN(link)
{
	if (self->r.regs)
		rtos_state(&self->r, RESET);
}

#endif
