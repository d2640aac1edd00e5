// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "profile.h"

const struct profile profiles[] = {
	{
		/* Jailhouse's ivshmem-net. */
		.name = "linux",
		.min_vectors = 1,
		.intx = true,
		.event_index = true,
		.used_event = USED_EVENT_FULL,
		.checks_flags = true,
		.clears_section = true,
		.steps_on_change = true,
		.down = DOWN_RESTART,
	},
	{
		/* cRTOS's NuttX: 592 bytes hold a frame of MTU 576. */
		.name = "nuttx",
		.min_vectors = 2,
		.event_index = true,
		.used_event = USED_EVENT_EACH,
		.sends_to_ready = true,
		.max_frame = 590,
		.checks_flags = true,
		.rx_buffer = 592,
		.clears_section = true,
		.down = DOWN_SILENT,
	},
	{
		/* Zephyr's eth_ivshmem. */
		.name = "zephyr",
		.min_vectors = 1,
		.intx = true,
		.used_event = USED_EVENT_NEVER,
		.cyclic = true,
		.exact_space = true,
		.sends_to_ready = true,
		.max_frame = 1514,
		.avail_event_each = true,
		.stuck_on_bad = true,
		.down = DOWN_LEAVE_RUN,
	},
	{ .name = NULL }
};

const struct profile *profile_find(const char *name)
{
	const struct profile *p;

	for (p = profiles; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

uint32_t profile_max_frame(const struct profile *p, uint32_t data_len)
{
	uint32_t ring = data_len / 4 + 14;

	return p->max_frame && p->max_frame < ring ? p->max_frame : ring;
}
