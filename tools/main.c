// SPDX-License-Identifier: GPL-2.0
/* ivshmem-tool: verbs, their options and their errors */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define VERSION	"1.0"

static const struct verb {
	const char *name, *arguments, *options, *help;
	int min_args, max_args;
	int (*run)(const struct options *o);
} verbs[] = {
	{ "list", "[DEVICE]", "json",
	  "Shows devices, their sections, states and counters, whatever plugin they have.\n",
	  0, 1, verb_list },
	{ "protocol", "DEVICE [NAME|NUMBER|auto]", "json",
	  "Shows the protocol's number and the plugin, or chooses another one. The exit\n"
	  "status of a choice is 1 where no plugin took the device.\n",
	  1, 2, verb_protocol },
	{ "state", "DEVICE [VALUE]", "hold json",
	  "Shows the states of all peers, or sets the own one. It is held for --hold seconds,\n"
	  "else until a signal: a program's state becomes 0 when it closes the device.\n",
	  1, 2, verb_state },
	{ "doorbell", "DEVICE PEER VECTOR", "count",
	  "Rings a peer, --count times (1). A peer that is not there or has interrupts\n"
	  "disabled is not told of it, and nor are you.\n",
	  3, 3, verb_doorbell },
	{ "watch", "DEVICE", "count seconds json",
	  "Prints changes of states and doorbells as they come, for --seconds, until --count\n"
	  "of them or a signal. With --json, each is a line with an object of its own. Works\n"
	  "while another program has the device open, but ends its one-shot mode meanwhile.\n"
	  "Vector 0 also fires for changes of states: a doorbell that comes together with one\n"
	  "may be missed there, and a state that came and went looks like a doorbell.\n",
	  1, 1, verb_watch },
	{ "read", "DEVICE SECTION", "offset length hex json",
	  "Copies a section to standard output, as it is or as --hex. SECTION is state_table,\n"
	  "rw, output (our own) or input:PEER.\n",
	  2, 2, verb_read },
	{ "write", "DEVICE SECTION", "offset data",
	  "Writes --data or standard input to a section: rw, or output, our own.\n",
	  2, 2, verb_write },
	{ "pingpong", "DEVICE", "peer vector count seconds mode warm-up timeout wait json",
	  "Measures round trips of doorbells to a peer that runs ivshmem-tool pong. Each\n"
	  "carries a number in the output sections and counts only once that is back. After\n"
	  "--timeout it is rung again, and counts as a timeout, not among the latencies.\n",
	  1, 1, verb_ping },
	{ "pong", "DEVICE", "peer vector seconds mode timeout json",
	  "The other end of pingpong: answers until --seconds have passed or a signal comes.\n",
	  1, 1, verb_pong },
	{ "bandwidth", "DEVICE", "section size seconds json",
	  "Measures writing, reading and copying ordinary memory to a section, beside the\n"
	  "same in ordinary memory. What was in the section is lost.\n",
	  1, 1, verb_bandwidth },
};

enum kind { FLAG, TEXT, NUMBER, SIZE, SECONDS };

/* One meaning for all verbs that have it; @help includes the default. */
static const struct setting {
	const char *name;
	enum kind kind;
	size_t member;
	const char *argument, *help;
	uint64_t min, max;
} settings[] = {
#define SETTING(name, member, kind, ...) \
	{ name, kind, offsetof(struct options, member), __VA_ARGS__ }
	SETTING("count", count, NUMBER, "N", "how many (pingpong: 10000, else no limit)",
		1, 100000000),
	SETTING("data", data, TEXT, "TEXT", "what to write", 0, 0),
	SETTING("hex", hex, FLAG, "", "hexadecimal digits, 16 bytes a line", 0, 0),
	SETTING("hold", hold, SECONDS, "S", "how long to hold the state (until a signal)", 0, 0),
	SETTING("json", json, FLAG, "", "print JSON", 0, 0),
	SETTING("length", length, SIZE, "BYTES", "how much (up to the end)", 0, UINT64_MAX - 1),
	SETTING("mode", mode, TEXT, "MODE", "one-shot, the way of UIO (default), or eventfd", 0, 0),
	SETTING("offset", offset, SIZE, "BYTES", "where to begin (0)", 0, UINT64_MAX - 1),
	SETTING("peer", peer, NUMBER, "P", "the other end (on a link of two: the other one)",
		0, 65535),
	SETTING("seconds", seconds, SECONDS, "S",
		"stop after this time (no limit; bandwidth: 0.3 for each figure)", 0, 0),
	SETTING("section", section, TEXT, "NAME", "rw or output (the one that there is)", 0, 0),
	SETTING("size", size, SIZE, "BYTES", "how much of it (all, at most 64M)", 8, 1ULL << 40),
	SETTING("timeout", timeout, SECONDS, "S", "when to ring again, as one may be lost (0.1)",
		0, 0),
	SETTING("vector", vector, NUMBER, "V", "of the other end, and what we wait for (0)",
		0, 65535),
	SETTING("wait", wait, SECONDS, "S", "give up after this time without an answer (10)", 0, 0),
	SETTING("warm-up", warm_up, NUMBER, "N", "round trips before those that count (100)",
		0, 100000000),
};

#define SETTINGS	(sizeof(settings) / sizeof(settings[0]))
#define VERBS		(sizeof(verbs) / sizeof(verbs[0]))

volatile sig_atomic_t stopped;
static const struct verb *verb;
static char gone_text[128];

static void vcomplain(const char *fmt, va_list args)
{
	fprintf(stderr, "ivshmem-tool%s%s: ", verb ? " " : "", verb ? verb->name : "");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

void usage_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vcomplain(fmt, args);
	va_end(args);
	exit(EXIT_USAGE);
}

void failed(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, fmt);
	vcomplain(fmt, args);
	va_end(args);
	exit(EXIT_FAILURE);
}

int must(int result)
{
	if (result < 0)
		failed("%s", ivshmem_error());
	return result;
}

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int ms_left(double begin, double seconds)
{
	double left = begin + seconds - now();

	if (seconds < 0 || left > 1)
		return 1000;
	return left > 0 ? 1 + left * 999 : 0;
}

static void on_stop(int sig)
{
	(void)sig;
	stopped = true;
}

static void on_gone(int sig)
{
	ssize_t ignored = write(STDERR_FILENO, gone_text, strlen(gone_text));

	(void)sig;
	(void)ignored;
	_exit(EXIT_FAILURE);
}

static void watch_signals(void)
{
	const struct sigaction stop = { .sa_handler = on_stop };
	const struct sigaction gone = { .sa_handler = on_gone };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGBUS, &gone, NULL);
}

static struct ivshmem *opened(struct ivshmem *dev)
{
	snprintf(gone_text, sizeof(gone_text),
		 "ivshmem-tool %s: %s is gone: unplugged, or bound to another plugin\n",
		 verb->name, dev->info.name);
	watch_signals();
	return dev;
}

struct ivshmem *open_device(const struct options *o)
{
	struct ivshmem *dev;

	must(ivshmem_open(o->args[0], &dev));
	return opened(dev);
}

struct ivshmem *open_events(const struct options *o)
{
	struct ivshmem *dev;

	must(ivshmem_open_events(o->args[0], &dev));
	return opened(dev);
}

uint64_t parse_number(const char *what, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || value < min || value > max)
		usage_error("%s is '%s', want a whole number from %llu to %llu", what, text,
			    (unsigned long long)min, (unsigned long long)max);
	return value;
}

static uint64_t parse_size(const char *what, const char *text, uint64_t min, uint64_t max)
{
	static const char suffixes[] = "KMG";
	size_t len = strlen(text);
	const char *suffix = len > 1 ? strchr(suffixes, text[len - 1]) : NULL;
	unsigned int shift = suffix ? 10 * (suffix - suffixes + 1) : 0;
	char digits[32];

	if (len > sizeof(digits) - 1)
		usage_error("%s is '%s', want a size", what, text);
	snprintf(digits, sizeof(digits), "%.*s", (int)(suffix ? len - 1 : len), text);
	return parse_number(what, digits, min >> shift, max >> shift) << shift;
}

static double parse_seconds(const char *what, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (*text < '0' || *text > '9' || *end || !(value > 0 && value <= 1e6))
		usage_error("%s is '%s', want seconds: more than 0, at most 1000000", what, text);
	return value;
}

static void parse_setting(struct options *o, const struct setting *s, const char *text)
{
	void *member = (char *)o + s->member;
	char what[32];

	snprintf(what, sizeof(what), "--%s", s->name);
	switch (s->kind) {
	case FLAG:
		*(bool *)member = true;
		break;
	case TEXT:
		*(const char **)member = text;
		break;
	case NUMBER:
		*(uint64_t *)member = parse_number(what, text, s->min, s->max);
		break;
	case SIZE:
		*(uint64_t *)member = parse_size(what, text, s->min, s->max);
		break;
	case SECONDS:
		*(double *)member = parse_seconds(what, text);
		break;
	}
}

/* Whether a word is among others, which spaces separate */
static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *p;

	for (p = words; p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL)
		if (!strncmp(p, word, len) && (p[len] == ' ' || !p[len]))
			return true;
	return false;
}

static void print_help(void)
{
	unsigned int i;
	char head[32];

	printf("Usage: ivshmem-tool %s %s [OPTION]...\n%s\n", verb->name, verb->arguments,
	       verb->help);
	printf("DEVICE is ivshmem0, uio0, /dev/uio0, 0000:00:08.0 or 00:08.0.\n\n");
	for (i = 0; i < SETTINGS; i++) {
		if (!has_word(verb->options, settings[i].name))
			continue;
		snprintf(head, sizeof(head), "--%s %s", settings[i].name, settings[i].argument);
		printf("  %-18s %s\n", head, settings[i].help);
	}
	printf("  %-18s this text\n", "--help");
}

static void print_verbs(void)
{
	unsigned int i;

	printf("Usage: ivshmem-tool VERB [ARGUMENT]... [OPTION]...\n"
	       "Looks at ivshmem devices and uses those that are bound to the uio plugin.\n\n");
	for (i = 0; i < VERBS; i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].arguments);
	printf("\n  VERB --help, --help, --version\n\n"
	       "Exit status: 0 done, 1 it failed, 2 usage. Errors are one line on standard error.\n");
}

static void parse_options(struct options *o, int argc, char **argv)
{
	struct option longs[SETTINGS + 2] = { { "help", no_argument, NULL, SETTINGS } };
	unsigned int i, n = 1;
	int opt;

	for (i = 0; i < SETTINGS; i++)
		if (has_word(verb->options, settings[i].name))
			longs[n++] = (struct option){ settings[i].name,
				settings[i].kind == FLAG ? no_argument : required_argument,
				NULL, i };
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (opt == ':')
			usage_error("%s wants a value", argv[optind - 1]);
		if (opt == '?' && optopt > ' ')
			usage_error("-%c is no option, see ivshmem-tool %s --help", optopt,
				    verb->name);
		if (opt == '?')
			usage_error("%s is no option of it, see ivshmem-tool %s --help",
				    argv[optind - 1], verb->name);
		if (opt == SETTINGS) {
			print_help();
			exit(EXIT_SUCCESS);
		}
		parse_setting(o, &settings[opt], optarg);
	}
}

static void parse_arguments(struct options *o, int argc, char **argv)
{
	int i, given = argc - optind;

	if (given < verb->min_args || given > verb->max_args)
		usage_error("found %d arguments, want: %s", given, verb->arguments);
	for (i = 0; i < given; i++)
		o->args[i] = argv[optind + i];
}

static void find_verb(const char *name)
{
	unsigned int i;

	if (!name)
		usage_error("a verb is missing, see --help");
	if (!strcmp(name, "--help") || !strcmp(name, "--version")) {
		if (name[2] == 'h')
			print_verbs();
		else
			puts("ivshmem-tool " VERSION);
		exit(EXIT_SUCCESS);
	}
	for (i = 0; i < VERBS; i++)
		if (!strcmp(name, verbs[i].name))
			verb = &verbs[i];
	if (!verb)
		usage_error("the verb is '%s', want one of those in --help", name);
}

int main(int argc, char **argv)
{
	struct options o = {
		.count = UINT64_MAX, .length = UINT64_MAX, .offset = UINT64_MAX,
		.peer = UINT64_MAX, .size = UINT64_MAX, .vector = UINT64_MAX,
		.warm_up = UINT64_MAX,
		.hold = -1, .seconds = -1, .timeout = -1, .wait = -1,
	};
	int status;

	find_verb(argv[1]);
	parse_options(&o, argc - 1, argv + 1);
	parse_arguments(&o, argc - 1, argv + 1);
	status = verb->run(&o);
	if (fflush(stdout) || ferror(stdout))
		failed("cannot write to standard output: %s", strerror(errno));
	return status;
}
