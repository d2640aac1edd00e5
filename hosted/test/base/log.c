// SPDX-License-Identifier: GPL-2.0
/* What the log needs, and what it writes. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kit/internal.h"
#include "test/test.h"

void dump_stack(void);

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

/* What @say logs where messages up to @level are written; the kit begins the log anew. */
static const char *written(void (*say)(void), int level)
{
	struct kit_config *config = (struct kit_config *)kit_config();
	static char text[16384];
	ssize_t n;

	config->log_fd = memfd_create("log", MFD_CLOEXEC);
	config->log_level = level;
	log_init();
	say();
	n = pread(config->log_fd, text, sizeof(text) - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void say_two(void)
{
	kit_log(3, "an error");
	kit_log(4, "a warning");
}

KIT_TEST(r35_what_is_above_the_limit_is_not_written)
{
	CHECK(!strncmp(written(say_two, 4), "<3>[", 4));
	CHECK(strstr(written(say_two, 4), "an error\n<4>["));
	CHECK(strstr(written(say_two, 3), "] an error\n"));
	CHECK(!strstr(written(say_two, 3), "a warning"));
}

static char caller[32];

static __attribute__((noinline)) void dump(void)
{
	snprintf(caller, sizeof(caller), "[%p]\n", __builtin_return_address(0));
	dump_stack();
}

KIT_TEST(r35_dump_stack_writes_who_called)
{
	CHECK(strstr(written(dump, 4), caller));
	CHECK_STR(written(dump, 3), "");
}
