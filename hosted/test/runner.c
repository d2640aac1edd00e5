// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the tests that are linked in, each in a process of its own for each policy,
 * and prints TAP. Arguments select those whose names contain one of them,
 * HOSTED_POLICY a policy, HOSTED_SEED the order of KIT_REPLAY.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

extern const struct hosted_test __start_hosted_tests[], __stop_hosted_tests[];

static const char * const policies[] = { "smp", "up", "replay", "inline" };

#define LOG_SIZE	(1UL << 20)
#define EXIT_FAILED	1
#define EXIT_SKIP	4

/**
 * struct outcome - of a test, shared with the process that it runs in
 * @failed: a check did not hold
 * @skip: why it was skipped
 * @seen: how much of the log test_logged() has looked at
 * @len: bytes of @log
 * @log: what was logged
 */
static struct outcome {
	bool failed;
	char skip[256];
	size_t seen;
	size_t len;
	char log[LOG_SIZE];
} *outcome;

static bool verbose;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void on_log(int level, const char *text)
{
	size_t len = strlen(text) + 3;

	pthread_mutex_lock(&log_lock);
	if (outcome->len + len + 1 < LOG_SIZE)
		sprintf(outcome->log + outcome->len, "<%d>%s", level, text);
	outcome->len += len + 1;
	pthread_mutex_unlock(&log_lock);
}

bool test_logged(const char *text)
{
	bool found = false;
	size_t end, at;

	pthread_mutex_lock(&log_lock);
	end = outcome->len;
	at = outcome->seen;
	for (; at < end && at < LOG_SIZE && !found; at += strlen(outcome->log + at) + 1)
		found = strstr(outcome->log + at, text);
	outcome->seen = end;
	pthread_mutex_unlock(&log_lock);
	return found;
}

void test_failed(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("# %s:%d: %s\n", file, line, text);
	fflush(stdout);
	__atomic_store_n(&outcome->failed, true, __ATOMIC_SEQ_CST);
}

void test_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(outcome->skip, sizeof(outcome->skip), fmt, args);
	va_end(args);
}

static int run_in_kit(void *arg)
{
	const struct hosted_test *test = arg;

	kit_log_hook = on_log;
	if (!test->raw && kit_kernel_init())
		test_failed(__FILE__, __LINE__, "kit_kernel_init() failed");
	test->run();
	if (!test->raw)
		kit_kernel_exit();
	if (kit_report())
		test_failed(__FILE__, __LINE__, "something was not given back");
	return 0;
}

static void child(const struct hosted_test *test, enum kit_policy policy)
{
	struct kit_config config = {
		.policy = policy, .log_level = verbose ? 7 : -1,
		.seed = getenv("HOSTED_SEED") ? strtoull(getenv("HOSTED_SEED"), NULL, 0) : 1,
	};
	int err;

	alarm(test->seconds);
	if (test->dies)
		signal(SIGABRT, SIG_DFL);
	err = kit_run(&config, run_in_kit, (void *)test);
	if (err)
		test_failed(__FILE__, __LINE__, "kit_run() returned %d", err);
	fflush(stdout);
	_exit(outcome->failed ? EXIT_FAILED : *outcome->skip ? EXIT_SKIP : 0);
}

static bool log_has(const char *text)
{
	size_t at = 0, end = outcome->len < LOG_SIZE ? outcome->len : LOG_SIZE;

	for (; at < end; at += strlen(outcome->log + at) + 1)
		if (strstr(outcome->log + at, text))
			return true;
	return false;
}

/* The last lines are what tells. */
static void print_log(void)
{
	size_t at, end = outcome->len < LOG_SIZE ? outcome->len : LOG_SIZE;
	unsigned int lines = 0;

	for (at = 0; at < end; at++)
		lines += !outcome->log[at];
	for (at = 0; at < end; at += strlen(outcome->log + at) + 1)
		if (lines-- <= 30)
			printf("#   %s\n", outcome->log + at);
}

static bool passed(const struct hosted_test *test, int status)
{
	if (!test->dies)
		return WIFEXITED(status) &&
		       (!WEXITSTATUS(status) || WEXITSTATUS(status) == EXIT_SKIP);
	if (WIFEXITED(status) && (!WEXITSTATUS(status) || WEXITSTATUS(status) == EXIT_FAILED)) {
		printf("# it was to die of \"%s\", and ended\n", test->dies);
		return false;
	}
	if (log_has(test->dies))
		return true;
	printf("# it was to die of \"%s\"\n", test->dies);
	return false;
}

static void forget_outcome(void)
{
	outcome->failed = false;
	outcome->skip[0] = '\0';
	outcome->seen = 0;
	outcome->len = 0;
}

static bool run(const struct hosted_test *test, enum kit_policy policy, unsigned int number)
{
	int status = 0;
	pid_t pid;
	bool ok;

	forget_outcome();
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(test, policy);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ok = pid > 0 && passed(test, status);
	if (!ok && WIFSIGNALED(status))
		printf("# %s\n", WTERMSIG(status) == SIGALRM ? "still running at its time limit" :
							       strsignal(WTERMSIG(status)));
	if (!ok)
		print_log();
	printf("%sok %u %s (%s)%s%s\n", ok ? "" : "not ", number, test->name, policies[policy],
	       *outcome->skip ? " # SKIP " : "", outcome->skip);
	return ok;
}

static bool selected(const struct hosted_test *test, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strstr(test->name, argv[i]))
			return true;
	return argc < 2;
}

/* Those that a test is run with */
static unsigned int policies_of(const struct hosted_test *test)
{
	const char *only = getenv("HOSTED_POLICY");
	unsigned int policy, chosen = test->policies;

	for (policy = KIT_SMP; only && policy <= KIT_INLINE; policy++)
		if (strcmp(only, policies[policy]))
			chosen &= ~ON(policy);
	return chosen;
}

static int by_name(const void *a, const void *b)
{
	const struct hosted_test * const *x = a, * const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

int main(int argc, char **argv)
{
	unsigned int n = __stop_hosted_tests - __start_hosted_tests;
	unsigned int count = 0, number = 0, i, policy;
	const struct hosted_test **tests = calloc(n, sizeof(*tests));
	bool ok = true;

	verbose = getenv("VERBOSE");
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED || !tests)
		return 1;
	for (i = 0; i < n; i++)
		tests[i] = &__start_hosted_tests[i];
	qsort(tests, n, sizeof(*tests), by_name);
	for (i = 0; i < n; i++)
		if (selected(tests[i], argc, argv))
			count += __builtin_popcount(policies_of(tests[i]));
	printf("TAP version 13\n1..%u\n", count);
	for (i = 0; i < n; i++) {
		if (!selected(tests[i], argc, argv))
			continue;
		for (policy = KIT_SMP; policy <= KIT_INLINE; policy++)
			if (policies_of(tests[i]) & ON(policy))
				ok &= run(tests[i], policy, ++number);
	}
	free(tests);
	return ok ? 0 : 1;
}
