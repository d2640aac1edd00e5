// SPDX-License-Identifier: GPL-2.0
/* Functions that serial drivers call, one by one: kernel/lists.c does it. */
#include <signal.h>
#include <sys/wait.h>

#include "lists.h"
#include "uart.h"

static int (*the_check)(void);

static void body(void)
{
	start_drivers();
	EXPECT_EQ(0, the_check());
	end_drivers();
}

#define LIST_TEST(name)				\
	TEST(list_##name##_works)		\
	{					\
		the_check = list_##name;	\
		run_kit(body);			\
	}

LISTS(LIST_TEST)

TEST(list_bug_ends_the_process)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		the_check = list_bug;
		run_kit(body);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGABRT, WTERMSIG(status));
}
