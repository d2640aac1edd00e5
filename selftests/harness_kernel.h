/* SPDX-License-Identifier: GPL-2.0 */
/*
 * harness.h in a kernel tree: the tree's own kselftest_harness.h, with the few
 * things that it lacks.
 */
#ifndef SELFTESTS_HARNESS_KERNEL_H
#define SELFTESTS_HARNESS_KERNEL_H

#include "kselftest_harness.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

/* The test that runs: lets functions that a test calls use EXPECT_*() and ASSERT_*(), too. */
static struct __test_metadata *_metadata __attribute__((unused));

static inline void th_begin(struct __test_metadata *test)
{
	_metadata = test;
}

/* A fixture has a type that functions can name. */
#undef FIXTURE_DATA
#define FIXTURE_DATA(f)	struct f##_fixture

#undef FIXTURE_SETUP
#define FIXTURE_SETUP(f)						\
	static void f##_set_up(FIXTURE_DATA(f) *self);			\
	static void f##_setup(struct __test_metadata *test, FIXTURE_DATA(f) *self, \
			      const FIXTURE_VARIANT(f) *variant __attribute__((unused))) \
	{								\
		th_begin(test);						\
		f##_set_up(self);					\
	}								\
	static void f##_set_up(FIXTURE_DATA(f) *self __attribute__((unused)))

/* As in harness.h: the 30 seconds of the tree are few on a slow host. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	60

#undef TEST
#define TEST(name)	TEST_TIMEOUT(name, TEST_TIMEOUT_DEFAULT)

#define TEST_TIMEOUT(name, seconds)					\
	static void th_##name(void);					\
	__TEST_IMPL(name, -1)						\
	{								\
		th_begin(_metadata);					\
		th_##name();						\
	}								\
	static void __attribute__((constructor)) th_timeout_##name(void) \
	{								\
		_##name##_object.timeout = seconds;			\
	}								\
	static void th_##name(void)

/* Of pointers, too */
#undef EXPECT_TRUE
#undef EXPECT_FALSE
#undef ASSERT_TRUE
#undef ASSERT_FALSE
#define EXPECT_TRUE(seen)	EXPECT_EQ(true, !!(seen))
#define EXPECT_FALSE(seen)	EXPECT_EQ(false, !!(seen))
#define ASSERT_TRUE(seen)	ASSERT_EQ(true, !!(seen))
#define ASSERT_FALSE(seen)	ASSERT_EQ(false, !!(seen))

#endif
