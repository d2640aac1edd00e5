// SPDX-License-Identifier: GPL-2.0
/*
 * lifecycle: cycles of everything that comes and goes, in a random order, with
 * traffic, open files and readers; after each step all must be as it should be,
 * and the link back where it can be. Prints TAP.
 *
 * The machine is to be spared for nothing else: modules are loaded and unloaded,
 * devices unplugged, and it goes to sleep. With one end, the peer is the host's,
 * which takes requests from our lines in the kernel's log, see
 * selftests/rig/tests/lifecycle.py.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lifecycle.h"

#define TESTS	3
#define FIRST	6	/* cycles that come before the first look, at least */
/* Seconds that a step may take: longer than all that it waits for, which tells more */
#define STEP_LIMIT	(2 * (HOST_LIMIT + LINK_LIMIT) + 10)

static const char * const test_name[TESTS + 1] = { "",
	"all is as it should be after each step, and the link comes back",
	"nothing is left of modules that are gone",
	"nothing grows with the number of cycles",
};

static unsigned long step;
static int test;
static uint64_t seed = 1, state;
static int kmsg = -1;
static _Atomic double step_began;
static char last[200];		/* what the step does */

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

unsigned int rnd(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state * 0x2545f4914f6cdd1d >> 33) % below;
}

void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	fflush(stdout);
}

static void log_line(const char *text)
{
	char line[300];
	int length = snprintf(line, sizeof(line), "<6>lifecycle: %s\n", text);

	if (write(kmsg, line, length) < 0)
		err(1, "/dev/kmsg");
}

/* Into the kernel's log, where it tells what a message of the kernel came from */
void tell(const char *fmt, ...)
{
	char text[sizeof(last) + 32];
	va_list args;

	va_start(args, fmt);
	vsnprintf(last, sizeof(last), fmt, args);
	va_end(args);
	snprintf(text, sizeof(text), "%lu: %s", step, last);
	log_line(text);
}

void fail(const char *fmt, ...)
{
	char text[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_line(text);
	say("# step %lu (%s): %s\nnot ok %d %s\n", step, last, text, test, test_name[test]);
	_exit(1);
}

/* A step that hangs cannot tell so itself. */
static void *watch(void *unused)
{
	for (;;) {
		pause_ms(500);
		if (atomic_load(&step_began) && now() - atomic_load(&step_began) > STEP_LIMIT) {
			write_file("w", "/proc/sysrq-trigger");
			fail("takes more than %g s", STEP_LIMIT);
		}
	}
	return unused;
}

/*
 * The walk
 */

/* Not all of the cycles of a kind at its end: as likely as there are left */
static struct kind *pick(void)
{
	unsigned long all = 0;
	struct kind *k;

	for (k = kinds; k->name; k++)
		all += k->left;
	if (!all)
		return NULL;
	all = rnd(all);
	for (k = kinds; all >= k->left; k++)
		all -= k->left;
	return k;
}

static bool begin(struct kind *k)
{
	struct end *e = &end[rnd(ends)];

	if (!k->begin(e) && (ends == 1 || !k->begin(&end[other(e)])))
		return false;
	k->left--;
	k->done++;
	return true;
}

static void one_step(void)
{
	int due = repairs_due();
	struct kind *k = pick();

	step++;
	ready_at = 0;
	returned = false;
	atomic_store(&step_began, now());
	/* The more is open, the less begins. */
	if (due && (!k || rnd(3) < (unsigned int)due || !begin(k)))
		repair(rnd(repairs_due()));
	else if (!due)
		begin(k);
	settle();
	verify();
	probe_link();
	atomic_store(&step_began, 0);
}

/* To the end of all cycles that are left */
static void walk(void)
{
	while (pick() || repairs_due())
		one_step();
}

/*
 * Everything at rest, and the modules gone; @before: what was in use the last time,
 * @cycles: of each kind between the two looks, 0 for too few to count
 */
static struct tally *look(const struct tally *before, unsigned long cycles)
{
	struct tally *tally = NULL;

	step++;
	unload_all();
	verify();
	load_pause();
	test = 2;
	expect_nothing_left();
	test = 3;
	if (before)
		expect_no_growth(before, cycles);
	else if (cycles)
		tally = tally_take();
	test = 1;
	load_resume();
	return tally;
}

/* Some of the cycles come first: whatever the kernel keeps for later is there then. */
static void run(void)
{
	unsigned long rest[16], least = 0;
	struct tally *before = NULL;
	int i;

	test = 1;
	verify();
	for (i = 0; kinds[i].name; i++) {
		rest[i] = kinds[i].left;
		kinds[i].left = kinds[i].left < FIRST ? kinds[i].left :
				FIRST + (kinds[i].left - FIRST) / 5;
		rest[i] -= kinds[i].left;
		if (rest[i] && (!least || rest[i] < least))
			least = rest[i];
	}
	walk();
	if (least) {
		before = look(NULL, least);
		for (i = 0; kinds[i].name; i++)
			kinds[i].left = rest[i];
		walk();
	}
	look(before, least);
	free(before);
	hold_report();
	for (test = 1; test <= TESTS; test++)
		say("ok %d %s%s\n", test, test_name[test],
		    test < 3 || least ? "" : " # SKIP too few cycles to count");
}

static void prepare(void)
{
	static const char * const ipv6[] = { "accept_dad", "dad_transmits",
					     "router_solicitations" };
	pthread_t watcher;
	int i;

	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0)
		err(1, "/dev/kmsg");
	write_file("on\n", "/proc/sys/kernel/printk_devkmsg");
	for (i = 0; i < 3; i++)
		write_file("0", "/proc/sys/net/ipv6/conf/default/%s", ipv6[i]);
	if (read_number("/sys/module/ivshmem_core/refcnt") >= 0)
		errx(1, "ivshmem_core is loaded already");
	for (i = 0; i < ends; i++)
		end[i].present = exists("/sys/bus/pci/devices/%s", end[i].pci);
	hold_init();
	leaks_init();
	load_start();
	pthread_create(&watcher, NULL, watch, NULL);
}

static void usage(FILE *file)
{
	struct kind *k;

	fputs("Usage: lifecycle [--seed N] [--ends 1|2] KIND=CYCLES...\n"
	      "Walks through cycles of these kinds, in random order, and checks everything\n"
	      "after each step. KIND is one of", file);
	for (k = kinds; k->name; k++)
		fprintf(file, " %s", k->name);
	fputs(".\nOne seed is one order (default: 1). Wants ivshmem devices at 0000:00:08.0 and\n"
	      "09.0, ends of one link, with --ends 1 only the first one; uio loaded, and\n"
	      "none of our modules.\n", file);
}

static void take_cycles(const char *text)
{
	const char *value = strchr(text, '=');
	struct kind *k;
	char *rest;

	for (k = kinds; value && k->name; k++) {
		if (strlen(k->name) != (size_t)(value - text) ||
		    strncmp(k->name, text, value - text))
			continue;
		k->left = strtoul(value + 1, &rest, 10);
		if (rest > value + 1 && !*rest)
			return;
	}
	errx(2, "'%s' is not KIND=CYCLES, see --help", text);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ends", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ }
	};
	struct kind *k;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's') {
			seed = strtoull(optarg, NULL, 0);
		} else if (c == 'e') {
			ends = atoi(optarg);
		} else if (c == 'h' || c == 'v') {
			if (c == 'h')
				usage(stdout);
			else
				puts("lifecycle 1");
			return 0;
		} else {
			return 2;
		}
	}
	for (; optind < argc; optind++)
		take_cycles(argv[optind]);
	if (!seed || ends < 1 || ends > 2)
		errx(2, "the seed is not 0, and there are 1 or 2 ends");

	for (k = kinds; k->name; k++)
		if (ends == 2 && k->left && !strcmp(k->name, "peer"))
			errx(2, "both ends are here: no peer comes and goes");

	state = seed * 0x9e3779b97f4a7c15;
	say("TAP version 13\n1..%d\n# seed %llu\n", TESTS, (unsigned long long)seed);
	prepare();
	run();
	for (k = kinds; k->name; k++)
		if (k->done)
			say("# %lu cycles of %s\n", k->done, k->name);
	report_times();
	return 0;
}
