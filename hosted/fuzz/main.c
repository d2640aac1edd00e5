// SPDX-License-Identifier: GPL-2.0
/* Runs a target on inputs, in one thread and in virtual time. */
#include <stdlib.h>

#include "fuzz.h"

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));

static const uint8_t *input, *input_end;
static long balance[KIT_WHATS];

uint8_t take(void)
{
	return input < input_end ? *input++ : 0;
}

uint16_t take16(void)
{
	uint8_t low = take();

	return low | take() << 8;
}

size_t input_left(void)
{
	return input_end - input;
}

__attribute__((weak)) void target_reads(const void *from)
{
	(void)from;
}

/* Called by what is compiled with -fsanitize-coverage=trace-loads, with this name */
#define LOAD(_name)			\
	void _name(const void *from);	\
	void _name(const void *from)	\
	{				\
		target_reads(from);	\
	}
LOAD(__sanitizer_cov_load1)
LOAD(__sanitizer_cov_load2)
LOAD(__sanitizer_cov_load4)
LOAD(__sanitizer_cov_load8)
LOAD(__sanitizer_cov_load16)

static int run_input(const uint8_t *data, size_t size)
{
	kit_size bytes = kit_alloc_bytes();
	int what;

	input = data;
	input_end = data + size;
	target_run();
	kit_idle();
	if (kit_alloc_bytes() != bytes)
		kit_die("%ld bytes are left", (long)(kit_alloc_bytes() - bytes));
	for (what = 0; what < KIT_WHATS; what++)
		if (kit_balance(what) != balance[what])
			kit_die("%ld of what is kit_what %d are left",
				kit_balance(what) - balance[what], what);
	kit_data_restore();
	return 0;
}

struct arguments {
	int argc;
	char **argv;
};

static int fuzz(void *arg)
{
	struct arguments *a = arg;
	int what;

	target_init();
	if (kit_kernel_init() || kit_modules_init())
		abort();
	kit_data_snapshot();
	for (what = 0; what < KIT_WHATS; what++)
		balance[what] = kit_balance(what);
	return LLVMFuzzerRunDriver(&a->argc, &a->argv, run_input);
}

int main(int argc, char **argv)
{
	struct kit_config config = {
		.policy = KIT_INLINE,
		.seed = 1,
		.log_level = getenv("HOSTED_VERBOSE") ? 7 : 2,
	};
	struct arguments a = { argc, argv };

	return kit_run(&config, fuzz, &a);
}
