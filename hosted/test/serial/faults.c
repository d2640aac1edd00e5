// SPDX-License-Identifier: GPL-2.0
/*
 * Every call that can fail fails once: the n-th allocation, interrupt, clock,
 * region, mapping and registration while the driver is probed and its port
 * opened. What failed must have unwound, and the same must succeed afterwards.
 * Each n has a process of its own.
 *
 * What the driver itself gets wrong is listed in Documentation/hosted.md; the
 * tests know it by name, so that they notice when a newer driver does better.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "uart.h"

enum outcome { FINE, BAD, NOT_REACHED, LEAKS_DRIVER, FREES_REGION };

static enum kit_what the_what;
static kit_u64 the_n;
static enum outcome outcome;
static bool failed;			/* what was to fail did */
static bool *frees_region;		/* shared with the test */

static void expect(bool what, const char *text)
{
	if (what)
		return;
	outcome = BAD;
	printf("# fault %d, call %llu: %s\n", the_what, the_n, text);
}

static void no_more_faults(void)
{
	failed |= kit_calls(the_what) >= the_n;
	kit_fail(the_what, 0);
}

static void try_open(void)
{
	int err = ask(SERIAL_OPEN, 0);

	if (!failed)
		no_more_faults();
	if (!failed) {
		outcome = NOT_REACHED;
	} else if (err) {
		expect(!clock_enabled(&uart_board_clock, 0), "the clock is still on");
		expect(!kit_irq_listeners(BOARD_IRQ), "the interrupt is still there");
		err = ask(SERIAL_OPEN, 0);
		expect(!err, "a second opening fails");
	}
	if (!err) {
		expect(write_all("data", 4) == 0 && ask(SERIAL_DRAIN, 0) == 0, "no data is sent");
		expect(ask(SERIAL_CLOSE, 0) == 0, "cannot be closed");
	}
}

static void see(int level, const char *text)
{
	(void)level;
	if (strstr(text, "is released, which nobody has requested"))
		*frees_region = true;
}

static void body(void)
{
	struct uart_board_config config = { 0 };
	struct serial_reply reply;
	unsigned long left;

	kit_log_hook = see;
	start_drivers();
	kit_fail(the_what, the_n);
	if (uart_board_add(&config)) {
		no_more_faults();	/* not the driver's: the device was not made */
		expect(uart_board_add(&config) == 0, "a second device fails");
	}
	if (kit_amba_bound(BOARD_UART) != 1) {
		no_more_faults();
		expect(kit_amba_probe(BOARD_UART) == 1, "a second probe fails");
	}
	if (!end(begin(SERIAL_INFO, 0, 0, NULL, 0), &reply))
		try_open();
	else
		outcome = LEAKS_DRIVER;	/* it took line 1: line 0 is that of the failed probe */
	uart_board_remove();
	kit_modules_exit();
	kit_kernel_exit();
	left = kit_report();
	if (outcome != LEAKS_DRIVER)
		expect(!left, "something is left");
}

static enum outcome one(enum kit_what what, kit_u64 n)
{
	pid_t pid;
	int status;

	*frees_region = false;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(2 * SOON / 1000);
		the_what = what;
		the_n = n;
		run_kit(body);
		fflush(stdout);
		_exit(th.failed ? BAD : outcome);
	}
	waitpid(pid, &status, 0);
	/* The kit ends who frees what he does not have. */
	if (*frees_region)
		return FREES_REGION;
	if (!WIFEXITED(status))
		printf("# fault %d, call %llu: signal %d\n", what, n, WTERMSIG(status));
	return WIFEXITED(status) ? (enum outcome)WEXITSTATUS(status) : BAD;
}

/* Return: how many had this outcome */
static unsigned int all(enum kit_what what, enum outcome wanted, unsigned int *reached)
{
	unsigned int count = 0;
	enum outcome is;
	kit_u64 n;

	frees_region = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*reached = 0;
	for (n = 1; n < 500; n++) {
		is = one(what, n);
		if (is == NOT_REACHED)
			break;
		++*reached;
		EXPECT_NE(BAD, is);
		count += is == wanted;
	}
	EXPECT_LT(n, 500);
	return count;
}

TEST_TIMEOUT(every_allocation_may_fail, 600)
{
	unsigned int reached, leaks = all(KIT_WHAT_ALLOC, LEAKS_DRIVER, &reached);

	printf("# %u allocations, %u of them in a registration that the driver does not undo\n",
	       reached, leaks);
	EXPECT_GT(reached, 8);
	EXPECT_GT(leaks, 0);
}

TEST_TIMEOUT(every_interrupt_request_may_fail, 600)
{
	unsigned int reached;

	EXPECT_EQ(0, all(KIT_WHAT_IRQ, LEAKS_DRIVER, &reached));
	EXPECT_EQ(1, reached);
}

TEST_TIMEOUT(every_region_may_fail, 600)
{
	unsigned int reached;

	/* The driver does not look whether it got the region, and gives it back. */
	EXPECT_EQ(1, all(KIT_WHAT_REGION, FREES_REGION, &reached));
	EXPECT_EQ(1, reached);
}

TEST_TIMEOUT(every_mapping_may_fail, 600)
{
	unsigned int reached;

	EXPECT_EQ(0, all(KIT_WHAT_MAP, LEAKS_DRIVER, &reached));
	EXPECT_EQ(1, reached);
}

TEST_TIMEOUT(every_clock_call_may_fail, 600)
{
	unsigned int reached;

	EXPECT_EQ(0, all(KIT_WHAT_PREPARE, LEAKS_DRIVER, &reached));
	EXPECT_EQ(1, reached);
	/* It is looked up, and enabled. */
	EXPECT_EQ(0, all(KIT_WHAT_CLOCK, LEAKS_DRIVER, &reached));
	EXPECT_EQ(2, reached);
}

TEST_TIMEOUT(every_registration_may_fail, 600)
{
	unsigned int reached;

	/* The device's, the terminals', which the driver does not undo, and the port's */
	EXPECT_EQ(1, all(KIT_WHAT_REGISTRATION, LEAKS_DRIVER, &reached));
	EXPECT_EQ(3, reached);
}
