// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "tool.h"

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The smallest sample that at least @permille of all do not exceed; of none: 0 */
static double percentile(const uint32_t *ns, size_t count, unsigned int permille)
{
	size_t rank = (count * permille + 999) / 1000;

	return count ? ns[rank ? rank - 1 : 0] / 1e3 : 0;
}

void summarize(uint32_t *ns, size_t count, struct summary *us)
{
	double sum = 0;
	size_t i;

	qsort(ns, count, sizeof(*ns), compare);
	for (i = 0; i < count; i++)
		sum += ns[i];
	*us = (struct summary){
		.min = percentile(ns, count, 0),
		.mean = count ? sum / count / 1e3 : 0,
		.p50 = percentile(ns, count, 500),
		.p90 = percentile(ns, count, 900),
		.p99 = percentile(ns, count, 990),
		.p999 = percentile(ns, count, 999),
		.max = percentile(ns, count, 1000),
	};
}
