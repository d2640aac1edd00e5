// SPDX-License-Identifier: GPL-2.0
#include <time.h>

#include "kernel/base.h"

kit_u64 bench_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}
