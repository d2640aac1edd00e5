/* SPDX-License-Identifier: GPL-2.0 */
/* Is there still something behind a mapping? */
#ifndef SHADOW_MAPPED_H
#define SHADOW_MAPPED_H

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

static sigjmp_buf bus_error;

static inline void on_bus_error(int signal)
{
	(void)signal;
	siglongjmp(bus_error, 1);
}

/* Writes to it. */
static inline bool is_mapped(volatile uint8_t *byte)
{
	signal(SIGBUS, on_bus_error);
	if (sigsetjmp(bus_error, 1))
		return false;
	*byte = 1;
	return true;
}

#endif
