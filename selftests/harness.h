/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small test harness with the names of the kernel's kselftest_harness.h:
 *
 *	TEST(the_name_says_what_must_hold)
 *	{
 *		ASSERT_EQ(4, 2 + 2);
 *	}
 *
 *	FIXTURE(link) { int fd; };
 *	FIXTURE_SETUP(link) { self->fd = open(...); ASSERT_GE(self->fd, 0); }
 *	FIXTURE_TEARDOWN(link) { close(self->fd); }
 *	TEST_F(link, has_two_peers) { EXPECT_EQ(2, peers(self->fd)); }
 *
 *	TEST_HARNESS_MAIN
 *
 * EXPECT_*() notes a failure, ASSERT_*() also ends the test; teardown runs in
 * any case. All may be used in functions that a test calls. Each test runs in
 * its own process, which is killed after a timeout, and in its own process
 * group, which is killed afterwards: a test leaves no process behind. Integers
 * and pointers are compared as long long, so mixing signs is safe. The output
 * is TAP 13. An argument selects the test of that name or, where there is none,
 * all whose names contain it.
 *
 * Several files may include this and be linked into one program; one of them
 * has TEST_HARNESS_MAIN.
 *
 * In a kernel tree, where suite.mk lets the compiler find it, the tree's own
 * header takes the place of this one.
 */
#ifndef SELFTESTS_HARNESS_H
#define SELFTESTS_HARNESS_H

#if __has_include("kselftest_harness.h")
#include "harness_kernel.h"
#else

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define TH_TIMEOUT_DEFAULT	60	/* seconds; many hosts are slow at times */
#define TH_EXIT_FAIL		1
#define TH_EXIT_SKIP		4

struct th_test {
	const char *name;
	void (*run)(void);
	unsigned int timeout;
	struct th_test *next;
};

struct th_state {
	struct th_test *tests, **last;
	bool failed;
	jmp_buf *bail;
	char *skip_reason;	/* shared with the parent, TH_REASON bytes */
};

#define TH_REASON	200

/* Weak, so that all files of a program share one. */
struct th_state th __attribute__((weak));

static inline void th_add(struct th_test *test)
{
	if (!th.last)
		th.last = &th.tests;
	*th.last = test;
	th.last = &test->next;
}

static inline __attribute__((format(printf, 3, 4)))
void th_log(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	/* Whoever is killed has told it. */
	fflush(stdout);
}

static inline void th_bail(void)
{
	longjmp(*th.bail, 1);
}

#define TH_LOG(fmt, ...) \
	th_log(__FILE__, __LINE__, fmt, ##__VA_ARGS__)

/* SKIP(return, "why"): the statement must leave the test */
#define SKIP(statement, fmt, ...) do {					\
	snprintf(th.skip_reason, TH_REASON, fmt, ##__VA_ARGS__);	\
	statement;							\
} while (0)

#define th_value(x)	((long long)(uintptr_t)(x))

#define th_compare(a, op, b, fatal) do {				\
	long long th_a = th_value(a), th_b = th_value(b);		\
									\
	if (!(th_a op th_b)) {						\
		TH_LOG("expected %s (%lld, 0x%llx) " #op " %s (%lld, 0x%llx)", \
		       #a, th_a, th_a, #b, th_b, th_b);			\
		th.failed = true;					\
		if (fatal)						\
			th_bail();					\
	}								\
} while (0)

#define th_compare_str(a, want_equal, b, fatal) do {			\
	const char *th_a = (a), *th_b = (b);				\
									\
	if ((strcmp(th_a, th_b) == 0) != (want_equal)) {		\
		TH_LOG("expected %s (\"%s\") %s %s (\"%s\")", #a, th_a,	\
		       (want_equal) ? "==" : "!=", #b, th_b);		\
		th.failed = true;					\
		if (fatal)						\
			th_bail();					\
	}								\
} while (0)

#define EXPECT_EQ(a, b)		th_compare(a, ==, b, false)
#define EXPECT_NE(a, b)		th_compare(a, !=, b, false)
#define EXPECT_LT(a, b)		th_compare(a, <, b, false)
#define EXPECT_LE(a, b)		th_compare(a, <=, b, false)
#define EXPECT_GT(a, b)		th_compare(a, >, b, false)
#define EXPECT_GE(a, b)		th_compare(a, >=, b, false)
#define EXPECT_TRUE(a)		th_compare(!!(a), ==, true, false)
#define EXPECT_FALSE(a)		th_compare(!!(a), ==, false, false)
#define EXPECT_STREQ(a, b)	th_compare_str(a, true, b, false)
#define EXPECT_STRNE(a, b)	th_compare_str(a, false, b, false)

#define ASSERT_EQ(a, b)		th_compare(a, ==, b, true)
#define ASSERT_NE(a, b)		th_compare(a, !=, b, true)
#define ASSERT_LT(a, b)		th_compare(a, <, b, true)
#define ASSERT_LE(a, b)		th_compare(a, <=, b, true)
#define ASSERT_GT(a, b)		th_compare(a, >, b, true)
#define ASSERT_GE(a, b)		th_compare(a, >=, b, true)
#define ASSERT_TRUE(a)		th_compare(!!(a), ==, true, true)
#define ASSERT_FALSE(a)		th_compare(!!(a), ==, false, true)
#define ASSERT_STREQ(a, b)	th_compare_str(a, true, b, true)
#define ASSERT_STRNE(a, b)	th_compare_str(a, false, b, true)

#define th_register(id, string, function, seconds)			\
	static struct th_test th_test_##id = { string, function, seconds, NULL }; \
	static void __attribute__((constructor)) th_add_##id(void)	\
	{								\
		th_add(&th_test_##id);					\
	}

/* Not inlined: a function that calls setjmp() must not have their variables. */
#define th_function	static __attribute__((noinline)) void

#define TEST_TIMEOUT(name, seconds)					\
	th_function name(void);						\
	static void th_run_##name(void)					\
	{								\
		jmp_buf env;						\
									\
		th.bail = &env;						\
		if (!setjmp(env))					\
			name();						\
	}								\
	th_register(name, #name, th_run_##name, seconds)		\
	static void name(void)

#define TEST(name)	TEST_TIMEOUT(name, TH_TIMEOUT_DEFAULT)

#define FIXTURE(f)							\
	struct f##_fixture;						\
	th_function f##_setup(struct f##_fixture *self);		\
	th_function f##_teardown(struct f##_fixture *self);		\
	struct f##_fixture
#define FIXTURE_SETUP(f)						\
	static void f##_setup(struct f##_fixture *self __attribute__((unused)))
#define FIXTURE_TEARDOWN(f)						\
	static void f##_teardown(struct f##_fixture *self __attribute__((unused)))

/* A teardown sees what setup has filled in so far, the rest is 0. */
#define TEST_F_TIMEOUT(f, name, seconds)				\
	th_function f##_##name(struct f##_fixture *self);		\
	static void th_run_##f##_##name(void)				\
	{								\
		static struct f##_fixture self;				\
		jmp_buf env;						\
									\
		th.bail = &env;						\
		if (!setjmp(env)) {					\
			f##_setup(&self);				\
			if (!th.failed && !*th.skip_reason)		\
				f##_##name(&self);			\
		}							\
		if (!setjmp(env))					\
			f##_teardown(&self);				\
	}								\
	th_register(f##_##name, #f "." #name, th_run_##f##_##name, seconds) \
	static void f##_##name(struct f##_fixture *self __attribute__((unused)))

#define TEST_F(f, name)	TEST_F_TIMEOUT(f, name, TH_TIMEOUT_DEFAULT)

static inline void th_child(struct th_test *test)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(test->timeout);
	test->run();
	fflush(stdout);
	if (th.failed)
		_exit(TH_EXIT_FAIL);
	_exit(*th.skip_reason ? TH_EXIT_SKIP : 0);
}

/* Returns whether the test did not fail. */
static inline bool th_run_one(struct th_test *test, unsigned int number)
{
	siginfo_t info;
	pid_t pid;
	int status;

	*th.skip_reason = '\0';
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		th_child(test);
	if (pid < 0) {
		perror("fork");
		printf("not ok %u %s\n", number, test->name);
		return false;
	}
	/* The process group exists as long as the test was not reaped. */
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("# %s: still running after %u s\n", test->name,
		       test->timeout);
	else if (WIFSIGNALED(status))
		printf("# %s: killed by signal %d\n", test->name,
		       WTERMSIG(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		printf("ok %u %s\n", number, test->name);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == TH_EXIT_SKIP)
		printf("ok %u %s # SKIP %s\n", number, test->name,
		       th.skip_reason);
	else
		printf("not ok %u %s\n", number, test->name);
	return WIFEXITED(status) &&
	       (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == TH_EXIT_SKIP);
}

static inline bool th_named(struct th_test *test, const char *word)
{
	struct th_test *other;

	for (other = th.tests; other; other = other->next)
		if (!strcmp(other->name, word))
			return other == test;
	return strstr(test->name, word);
}

static inline bool th_selected(struct th_test *test, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (th_named(test, argv[i]))
			return true;
	return argc < 2;
}

static inline bool th_names_tests(const char *word)
{
	struct th_test *test;

	for (test = th.tests; test; test = test->next)
		if (th_named(test, word))
			return true;
	return false;
}

static inline int th_main(int argc, char **argv)
{
	struct th_test *test;
	unsigned int n = 0, number = 0;
	bool ok = true;
	int i;

	for (i = 1; i < argc; i++) {
		if (th_names_tests(argv[i]))
			continue;
		fprintf(stderr, "%s: no test's name contains %s\n", argv[0],
			argv[i]);
		return 2;
	}
	th.skip_reason = mmap(NULL, TH_REASON, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (th.skip_reason == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (test = th.tests; test; test = test->next)
		n += th_selected(test, argc, argv);
	printf("TAP version 13\n1..%u\n", n);
	for (test = th.tests; test; test = test->next)
		if (th_selected(test, argc, argv))
			ok &= th_run_one(test, ++number);
	return ok ? 0 : 1;
}

#define TEST_HARNESS_MAIN						\
	int main(int argc, char **argv)					\
	{								\
		exit(th_main(argc, argv));				\
	}

#endif /* no kselftest_harness.h */
#endif
