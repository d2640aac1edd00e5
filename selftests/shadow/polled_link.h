/* SPDX-License-Identifier: GPL-2.0 */
/* What most tests find: a link that is up, and one proxy. */
#ifndef SHADOW_POLLED_LINK_H
#define SHADOW_POLLED_LINK_H

#include "polled.h"

#define SUPPRESS	"/sys/module/ivshmem_shadow/parameters/suppress"

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(strlen(text), write(fd, text, strlen(text)));
	close(fd);
}

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
	write_text(SUPPRESS, "0");
}

#endif
