// SPDX-License-Identifier: GPL-2.0
/*
 * The REPLAY policy: the same seed, the same run; another seed, another one
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test/test.h"

/* Run a test of this program that prints a trace. Returns whether there was one. */
static bool trace_of(unsigned int seed, char *trace, size_t size)
{
	char self[256], command[512], line[512];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	bool found = false;
	FILE *out;

	if (len < 0)
		return false;
	self[len] = '\0';
	snprintf(command, sizeof(command),
		 "VERBOSE=1 HOSTED_POLICY=replay HOSTED_SEED=%u %s replay_prints 2>&1", seed, self);
	out = popen(command, "r");
	while (out && fgets(line, sizeof(line), out)) {
		char *at = strstr(line, "trace ");

		if (!at || strstr(line, "replay_prints"))
			continue;
		snprintf(trace, size, "%s", at);
		found = true;
	}
	return out && !pclose(out) && found;
}

HOSTED_TEST_ON(replay_repeats_a_run_by_its_seed, NULL, ON(KIT_SMP), SECONDS, 1)
{
	char first[128], again[128], other[128];
	unsigned int seed, differ = 0;

	for (seed = 1; seed <= 4; seed++) {
		REQUIRE(trace_of(seed, first, sizeof(first)));
		REQUIRE(trace_of(seed, again, sizeof(again)));
		CHECK_STR(first, again);
		REQUIRE(trace_of(seed + 100, other, sizeof(other)));
		differ += strcmp(first, other) != 0;
	}
	CHECK(differ >= 3);
}
