// SPDX-License-Identifier: GPL-2.0
/*
 * bench-base: what locks, interrupts and registers cost, with each policy
 *
 * Each figure is the best of several runs: what is measured is the kit, not what
 * else the machine does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base.h"

/* Short runs, so that most of them are not disturbed, for so long, in nanoseconds */
#define FOR	300000000ULL

static const char * const policies[] = { "smp", "up", "replay", "inline" };

static void print(const char *policy, const char *what, double ns)
{
	printf("%-7s %-44s %9.1f ns\n", policy, what, ns);
}

static int run(void *arg)
{
	const char *policy = policies[kit_policy];
	const struct bench *bench;

	(void)arg;
	if (kit_kernel_init())
		return 1;
	for (bench = benches; bench->name; bench++) {
		kit_u64 end = bench_clock() + FOR;
		double best = 1e18;

		while (bench_clock() < end) {
			double ns = bench->run(bench->rounds) / (double)bench->rounds;

			if (ns < best)
				best = ns;
		}
		print(policy, bench->name, best);
	}
	kit_kernel_exit();
	return 0;
}

static void describe_machine(void)
{
	struct utsname name;
	char line[256];
	FILE *info = fopen("/proc/cpuinfo", "r");

	uname(&name);
	while (info && fgets(line, sizeof(line), info))
		if (!strncmp(line, "model name", 10)) {
			printf("# %s", strchr(line, ':') + 2);
			break;
		}
	if (info)
		fclose(info);
	printf("# %ld CPUs, Linux %s, compiler %s\n", sysconf(_SC_NPROCESSORS_ONLN), name.release,
	       __VERSION__);
}

int main(int argc, char **argv)
{
	enum kit_policy policy;
	int status, failed = 0;

	if (argc > 1) {
		printf("Usage: %s\nMeasures locks, interrupts and registers.\n", argv[0]);
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	describe_machine();
	for (policy = KIT_SMP; policy <= KIT_INLINE; policy++) {
		if (getenv("POLICY") && atoi(getenv("POLICY")) != (int)policy)
			continue;
		struct kit_config config = { .policy = policy, .log_level = 4 };

		fflush(stdout);
		if (!fork()) {
			status = kit_run(&config, run, NULL);
			fflush(stdout);
			_exit(status);
		}
		wait(&status);
		failed |= status;
	}
	return !!failed;
}
