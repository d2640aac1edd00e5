/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests of both sides, kernel code and host code:
 *
 *	HOSTED_TEST(r16_mutex_excludes)
 *	{
 *		CHECK(x == 1);
 *	}
 *
 *	HOSTED_DIES(r16_recursion_is_told, "recursion: ...")
 *	{
 *		...
 *	}
 *
 * Each runs as thread 0 of a process of its own, once for each policy, and its
 * name begins with the requirement that it is for. When it ends, nothing may be
 * left of what was taken: allocations, interrupts, regions. CHECK() notes a
 * failure, from any thread; REQUIRE() also leaves the function.
 *
 * Includes nothing but kit.h.
 */
#ifndef HOSTED_TEST_H
#define HOSTED_TEST_H

#include "kit/kit.h"

struct hosted_test {
	const char *name;
	void (*run)(void);
	const char *dies;		/* the log has this when it does; NULL: it must not */
	unsigned int policies;		/* BIT(policy) */
	unsigned int seconds;
	unsigned int raw;		/* without a kernel: of the kit alone */
};

#define ON(_policy)	(1U << (_policy))
#define ON_ALL		(ON(KIT_SMP) | ON(KIT_UP) | ON(KIT_REPLAY))
#define ON_THREADS	(ON(KIT_SMP) | ON(KIT_UP))
#define ON_EACH		(ON_ALL | ON(KIT_INLINE))

/*
 * A machine may be slow, and stand still at times: milliseconds for what has to
 * come, and seconds for a test, in which so many msleep(1) end before that.
 */
#define PATIENCE	60000
#define SECONDS		(4 * PATIENCE / 1000)

#define HOSTED_TEST_ON(_name, _dies, _policies, _seconds, _raw)				\
	static void _name(void);							\
	static const struct hosted_test test_##_name					\
	__attribute__((used, section("hosted_tests"), aligned(8))) = {			\
		#_name, _name, _dies, _policies, _seconds, _raw,			\
	};										\
	static void _name(void)

#define HOSTED_TEST(_name)		HOSTED_TEST_ON(_name, (void *)0, ON_ALL, SECONDS, 0)
#define HOSTED_TEST_EACH(_name)		HOSTED_TEST_ON(_name, (void *)0, ON_EACH, SECONDS, 0)
#define HOSTED_DIES(_name, _text)	HOSTED_TEST_ON(_name, _text, ON_ALL, SECONDS, 0)
#define KIT_TEST(_name)			HOSTED_TEST_ON(_name, (void *)0, ON_ALL, SECONDS, 1)
#define KIT_DIES(_name, _text)		HOSTED_TEST_ON(_name, _text, ON_ALL, SECONDS, 1)

KIT_PRINTF(3, 4) void test_failed(const char *file, int line, const char *fmt, ...);

/** test_skip() - this test cannot be done here. */
KIT_PRINTF(1, 2) void test_skip(const char *fmt, ...);

/** test_logged() - did the log have a line with @text, "<4>..." say, since the last call? */
_Bool test_logged(const char *text);

/** test_lazy_pages() - pages that a fault handler opens, one by one, or NULL. */
void *test_lazy_pages(unsigned int n);

/** test_lazy_faults() - how many it has opened. */
unsigned int test_lazy_faults(void);

#define CHECK(_c) \
	((_c) ? (void)0 : test_failed(__FILE__, __LINE__, "expected %s", #_c))
#define CHECK_EQ(_a, _b) do {								\
	long long test_a = (long long)(_a), test_b = (long long)(_b);			\
											\
	if (test_a != test_b)								\
		test_failed(__FILE__, __LINE__, "expected %s == %s, they are %lld and %lld", \
			    #_a, #_b, test_a, test_b);					\
} while (0)
#define CHECK_STR(_a, _b) do {								\
	const char *test_a = (_a), *test_b = (_b);					\
											\
	if (__builtin_strcmp(test_a, test_b))						\
		test_failed(__FILE__, __LINE__, "expected %s == %s, they are \"%s\" and \"%s\"", \
			    #_a, #_b, test_a, test_b);					\
} while (0)
#define REQUIRE(_c) do {								\
	if (!(_c)) {									\
		test_failed(__FILE__, __LINE__, "required %s", #_c);			\
		return;									\
	}										\
} while (0)

#endif /* HOSTED_TEST_H */
