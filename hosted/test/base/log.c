// SPDX-License-Identifier: GPL-2.0
/* What the log needs. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "test/test.h"

static bool mapped(const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps))
		found |= !!strstr(line, name);
	if (maps)
		fclose(maps);
	return found;
}

/* A process that is shut in can load nothing when it dies. */
KIT_TEST(r34_what_a_backtrace_needs_is_there_from_the_start)
{
	bool before = mapped("libgcc_s");

	kit_backtrace(7);
	CHECK_EQ(before, mapped("libgcc_s"));
}
