// SPDX-License-Identifier: GPL-2.0
/* ivshmem-rtos: a stand-in for the RTOS at the other end of a shadow link. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"
#include "report.h"
#include "rtos.h"

#define VERSION	"1.0"

volatile bool stopped;

static const char usage_text[] =
"Usage: ivshmem-rtos --socket DIR/peer1.sock | --uio /dev/uioN [OPTION]... MODE\n"
"Is the RTOS of a protocol 0002 link: sends system calls to proxy processes on\n"
"Linux, and checks that each gets exactly one reply. Like cRTOS's NuttX, it takes\n"
"one message per interrupt and never looks without one.\n"
"\n"
"Modes:\n"
"  script FILE     play system calls, one a line; - is standard input. The\n"
"                  language: Documentation/shadow-proxy.md\n"
"  ping            one getpid after the other, and how long each took\n"
"  load            the same by --threads threads with --in-flight requests out\n"
"                  over all slots\n"
"  idle            be there, ask for nothing, tell signals\n"
"  restart         load, with --times resets and departures at random points\n"
"\n"
"Options:\n"
"  --socket PATH   the link by a socket of ivshmem-link, without a machine\n"
"  --uio PATH      the link by a UIO device, with one-shot interrupts\n"
"  --slot ID       a proxy's slot; may be repeated\n"
"  --slots FILE    lines 'slot ID', up to 'ready' or the end of the file\n"
"  --drain         take all messages of an interrupt, not one\n"
"  --eventfd       with --uio: no one-shot mode, each interrupt counts\n"
"  --count N       requests; 0: no end (default 1000)\n"
"  --seconds S     stop after S seconds\n"
"  --warm-up N     first N requests do not count (ping; default 10)\n"
"  --threads T     of load and restart (default: 4 per slot)\n"
"  --in-flight K   at most so many requests out (default: all threads)\n"
"  --times N       restarts (default 10)\n"
"  --hold STATE    idle: go no further than reset, init, ready or run\n"
"  --priority P    of the requests, 0 to 255, SCHED_FIFO (default 100)\n"
"  --timeout MS    a reply that takes longer is lost (default 5000)\n"
"  --linger MS     at the end, wait for a reply too many (default 50)\n"
"  --wait S        give the link S seconds to run (default 10)\n"
"  --seed N        of what is random (default 1; printed)\n"
"  --json          print the result as one JSON object\n"
"  --help, --version\n"
"\n"
"Exit status: 0 as expected, 1 Linux broke a rule or a script expected something\n"
"else, 2 usage, 3 the link cannot be used.\n";

enum {
	OPT_SOCKET = 256, OPT_UIO, OPT_SLOT, OPT_SLOTS, OPT_DRAIN, OPT_EVENTFD, OPT_COUNT,
	OPT_SECONDS, OPT_WARM_UP, OPT_THREADS, OPT_IN_FLIGHT, OPT_TIMES,
	OPT_HOLD, OPT_PRIORITY, OPT_TIMEOUT, OPT_LINGER, OPT_WAIT, OPT_SEED, OPT_JSON,
	OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "uio", required_argument, NULL, OPT_UIO },
	{ "slot", required_argument, NULL, OPT_SLOT },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "drain", no_argument, NULL, OPT_DRAIN },
	{ "eventfd", no_argument, NULL, OPT_EVENTFD },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "warm-up", required_argument, NULL, OPT_WARM_UP },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "in-flight", required_argument, NULL, OPT_IN_FLIGHT },
	{ "times", required_argument, NULL, OPT_TIMES },
	{ "hold", required_argument, NULL, OPT_HOLD },
	{ "priority", required_argument, NULL, OPT_PRIORITY },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "linger", required_argument, NULL, OPT_LINGER },
	{ "wait", required_argument, NULL, OPT_WAIT },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

static void on_signal(int sig)
{
	(void)sig;
	stopped = true;
}

static uint32_t parse_state(const char *text)
{
	static const char * const names[] = { "reset", "init", "ready", "run" };
	uint32_t i;

	for (i = 0; i < 4; i++)
		if (!strcasecmp(text, names[i]))
			return i;
	errx(EXIT_USAGE, "--hold is '%s', want reset, init, ready or run", text);
}

void add_slot(struct options *o, const char *text)
{
	char *end;
	uint64_t slot;

	errno = 0;
	slot = strtoull(text, &end, 0);
	if (end == text || (*end && *end != '\n') || errno)
		errx(EXIT_USAGE, "slot is '%s', want a number", text);
	if (o->slots == MAX_SLOTS)
		errx(EXIT_USAGE, "more than %d slots", MAX_SLOTS);
	o->slot[o->slots++] = slot;
}

void read_slots(struct options *o, const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char line[256];

	if (!f)
		err(EXIT_USAGE, "%s", path);
	while (fgets(line, sizeof(line), f) && strcmp(line, "ready\n"))
		if (!strncmp(line, "slot ", 5))
			add_slot(o, line + 5);
	if (f != stdin)
		fclose(f);
}

static void parse_traffic(struct options *o, int opt, const char *name)
{
	switch (opt) {
	case OPT_COUNT:
		o->count = integer(name, optarg, 1e12);
		break;
	case OPT_SECONDS:
		o->seconds = number(name, optarg, 1e6);
		break;
	case OPT_WARM_UP:
		o->warm_up = integer(name, optarg, 1e6);
		break;
	case OPT_THREADS:
		o->threads = integer(name, optarg, 65536);
		break;
	case OPT_IN_FLIGHT:
		o->in_flight = integer(name, optarg, 65536);
		break;
	case OPT_TIMES:
		o->times = integer(name, optarg, 1e6);
		break;
	case OPT_HOLD:
		o->limit = parse_state(optarg);
		break;
	case OPT_PRIORITY:
		o->priority = 1ULL << 32 | integer(name, optarg, 255);
		break;
	case OPT_TIMEOUT:
		o->timeout_ms = integer(name, optarg, 1e6);
		break;
	case OPT_LINGER:
		o->linger_ms = integer(name, optarg, 1e6);
		break;
	case OPT_WAIT:
		o->wait = number(name, optarg, 1e6);
		break;
	case OPT_SEED:
		o->seed = integer(name, optarg, 1e15);
		break;
	}
}

static void parse_option(struct options *o, int opt, const char *name)
{
	switch (opt) {
	case OPT_SOCKET:
		o->socket = optarg;
		break;
	case OPT_UIO:
		o->uio = optarg;
		break;
	case OPT_SLOT:
		add_slot(o, optarg);
		break;
	case OPT_SLOTS:
		read_slots(o, optarg);
		break;
	case OPT_DRAIN:
		o->drain = true;
		break;
	case OPT_EVENTFD:
		o->eventfd = true;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(EXIT_OK);
	case OPT_VERSION:
		puts("ivshmem-rtos " VERSION);
		exit(EXIT_OK);
	case '?':
		exit(EXIT_USAGE);	/* getopt has said why */
	default:
		parse_traffic(o, opt, name);
	}
}

static void parse(struct options *o, int argc, char **argv)
{
	int opt, index = 0, want;

	while ((opt = getopt_long(argc, argv, "", long_options, &index)) != -1)
		parse_option(o, opt, long_options[index].name);
	if (optind == argc)
		errx(EXIT_USAGE, "a mode is missing; see --help");
	o->mode = argv[optind];
	want = strcmp(o->mode, "script") ? 1 : 2;
	if (argc - optind != want)
		errx(EXIT_USAGE, "%s has %d arguments, want %d", o->mode, argc - optind - 1,
		     want - 1);
	o->argument = argv[optind + 1];
	if (!o->socket == !o->uio)
		errx(EXIT_USAGE, "want either --socket or --uio");
	if (o->eventfd && !o->uio)
		errx(EXIT_USAGE, "--eventfd wants --uio");
}

void join_again(struct rtos *r, const struct options *o)
{
	uint64_t interrupts = r->link.interrupts, doorbells = r->link.doorbells;
	int ret = o->uio ? link_open_uio(&r->link, o->uio, o->eventfd) :
		link_open_socket(&r->link, o->socket, o->wait);

	if (ret)
		errx(EXIT_LINK, "%s", r->link.error);
	r->link.interrupts = interrupts;
	r->link.doorbells = doorbells;
	if (rtos_start(r))
		errx(EXIT_LINK, "%s", r->link.error);
}

void join(struct rtos *r, const struct options *o, unsigned int threads)
{
	rtos_init(r, threads);
	r->drain = o->drain;
	r->limit = o->limit;
	join_again(r, o);
	if (o->limit == STATE_RUN && rtos_wait_running(r, o->wait * 1e3))
		errx(EXIT_BROKEN, "%s", r->link.error);
}

int finish(struct rtos *r, const struct options *o)
{
	double end = now_us() + o->linger_ms * 1e3;
	bool before = stopped;

	while (r->running && !r->verdict.total && stopped == before && now_us() < end)
		if (rtos_wait(r, 10) < 0)
			break;
	rtos_stop(r);
	report_count("requests", r->requests);
	report_count("replies", r->replies);
	report_count("signals", r->signals);
	report_count("interrupts", r->link.interrupts);
	report_count("doorbells", r->link.doorbells);
	if (r->requests)
		report_number("interrupts_per_request",
			      (double)r->link.interrupts / r->requests);
	report_verdict(&r->verdict);
	report_end();
	if (r->verdict.total && o->json)
		warnx("%s", r->verdict.first);
	return r->verdict.total ? EXIT_BROKEN : EXIT_OK;
}

static const struct mode {
	const char *name;
	int (*run)(const struct options *o);
} modes[] = {
	{ "script", mode_script },
	{ "ping", mode_ping },
	{ "load", mode_load },
	{ "idle", mode_idle },
	{ "restart", mode_restart },
};

int main(int argc, char **argv)
{
	static struct options o = {
		.wait = 10, .seed = 1, .limit = STATE_RUN, .timeout_ms = 5000, .linger_ms = 50,
		.priority = 1ULL << 32 | 100, .count = 1000, .times = 10, .warm_up = 10,
	};
	struct sigaction sa = { .sa_handler = on_signal };
	unsigned int i;

	parse(&o, argc, argv);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(o.mode, modes[i].name))
			return modes[i].run(&o);
	errx(EXIT_USAGE, "the mode is '%s', want one of those in --help", o.mode);
}
