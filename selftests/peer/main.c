// SPDX-License-Identifier: GPL-2.0
/* ivshmem-peer: a peer of an Ethernet link without a virtual machine. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <net/ethernet.h>
#include <netinet/ether.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "traffic.h"

#define VERSION		"1.0"
#define MAX_SIZE	65535

static const char usage_text[] =
"Usage: ivshmem-peer --socket DIR/peerK.sock [OPTION]... MODE\n"
"Joins an ivshmem v2 link as a peer of protocol 0001 (Ethernet), speaks to the\n"
"other side like one of the known drivers, and checks what that side does.\n"
"\n"
"Modes:\n"
"  echo            answer ARP and pings for --ip\n"
"  reflect         send every frame back\n"
"  discard         take frames, check numbered ones\n"
"  source          send numbered frames, check those that come back\n"
"  tap NAME        bridge the link to the TAP interface NAME\n"
"  restart         join, run, leave without a word, --count times\n"
"  hold STATE      go no further than STATE, check where the other side goes\n"
"  flap            take the interface down and up, --count times\n"
"  states          print each change of the state table\n"
"  dump FILE       write the shared memory to FILE\n"
"\n"
"Options:\n"
"  --socket PATH   the peer's socket of the link\n"
"  --profile NAME  linux (default), nuttx or zephyr\n"
"  --count N       frames, replies or rounds; 0: no end (default)\n"
"  --seconds S     stop after S seconds\n"
"  --wait S        give the link S seconds to run (default 10)\n"
"  --size N[-M]    bytes of the frames of source (default 1514 or less)\n"
"  --rate R        frames per second of source (default: all it can)\n"
"  --expect-echo   source: every frame must come back\n"
"  --allow-loss    do not count lost frames as an error\n"
"  --expect STATE  hold: where the other side must be\n"
"  --ip ADDRESS    of echo (default 10.0.0.2)\n"
"  --mac ADDRESS   own hardware address (default 02:1b:5e:00:00:ID)\n"
"  --dst ADDRESS   receiver of source's frames (default broadcast)\n"
"  --recheck MS    look without an interrupt as well; a missing one is counted\n"
"                  but breaks no rule (default 0: never)\n"
"  --seed N        of what is random (default 1)\n"
"  --json          print the result as one JSON object\n"
"  --help, --version\n"
"\n"
"Exit status: 0 as expected, 1 the other side broke a rule or did not do what\n"
"was expected in time, 2 usage, 3 the link cannot be used.\n";

enum {
	OPT_SOCKET = 256, OPT_PROFILE, OPT_COUNT, OPT_SECONDS, OPT_WAIT,
	OPT_SIZE, OPT_RATE, OPT_ECHO, OPT_LOSS, OPT_EXPECT, OPT_IP, OPT_MAC,
	OPT_DST, OPT_RECHECK, OPT_SEED, OPT_JSON, OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "wait", required_argument, NULL, OPT_WAIT },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "expect-echo", no_argument, NULL, OPT_ECHO },
	{ "allow-loss", no_argument, NULL, OPT_LOSS },
	{ "expect", required_argument, NULL, OPT_EXPECT },
	{ "ip", required_argument, NULL, OPT_IP },
	{ "mac", required_argument, NULL, OPT_MAC },
	{ "dst", required_argument, NULL, OPT_DST },
	{ "recheck", required_argument, NULL, OPT_RECHECK },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

static void on_signal(int sig)
{
	(void)sig;
	traffic_stop = true;
}

static void parse_size(struct options *o, const char *text)
{
	uint64_t min, max;
	const char *end = scan_integer(text, MAX_SIZE, &min);

	max = min;
	if (end && *end == '-')
		end = scan_integer(end + 1, MAX_SIZE, &max);
	if (!end || *end || min < PAYLOAD_MIN_FRAME || max < min)
		errx(EXIT_USAGE, "--size is '%s', want N or N-M from %d to %d",
		     text, PAYLOAD_MIN_FRAME, MAX_SIZE);
	o->min_size = min;
	o->max_size = max;
}

static void parse_mac(const char *name, const char *text, uint8_t mac[6])
{
	const struct ether_addr *e = ether_aton(text);

	if (!e)
		errx(EXIT_USAGE, "--%s is '%s', want a hardware address", name,
		     text);
	memcpy(mac, e, 6);
}

static void parse_option(struct options *o, int opt, const char *name)
{
	switch (opt) {
	case OPT_SOCKET:
		o->socket = optarg;
		break;
	case OPT_PROFILE:
		o->profile = profile_find(optarg);
		if (!o->profile)
			errx(EXIT_USAGE, "--profile is '%s', want linux, nuttx or zephyr",
			     optarg);
		break;
	case OPT_COUNT:
		o->count = integer(name, optarg, 1e15);
		break;
	case OPT_SECONDS:
		o->seconds = number(name, optarg, 1e6);
		break;
	case OPT_WAIT:
		o->wait = number(name, optarg, 1e6);
		break;
	case OPT_SIZE:
		parse_size(o, optarg);
		break;
	case OPT_RATE:
		o->rate = number(name, optarg, 1e9);
		break;
	case OPT_ECHO:
		o->expect_echo = true;
		break;
	case OPT_LOSS:
		o->allow_loss = true;
		break;
	case OPT_EXPECT:
		o->expect = state_parse(optarg);
		if (o->expect < 0)
			errx(EXIT_USAGE, "--expect is '%s', want reset, init, ready or run",
			     optarg);
		break;
	case OPT_IP:
		if (inet_pton(AF_INET, optarg, &o->ip) != 1)
			errx(EXIT_USAGE, "--ip is '%s', want an IPv4 address",
			     optarg);
		break;
	case OPT_MAC:
		parse_mac(name, optarg, o->mac);
		o->has_mac = true;
		break;
	case OPT_DST:
		parse_mac(name, optarg, o->dst);
		break;
	case OPT_RECHECK:
		o->recheck = integer(name, optarg, 1e6);
		break;
	case OPT_SEED:
		o->seed = integer(name, optarg, 1e15);
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_HELP:
		fputs(usage_text, stdout);
		exit(EXIT_OK);
	case OPT_VERSION:
		puts("ivshmem-peer " VERSION);
		exit(EXIT_OK);
	default:
		exit(EXIT_USAGE);	/* getopt has said why */
	}
}

static void parse(struct options *o, int argc, char **argv)
{
	static const char * const with_argument[] = { "tap", "hold", "dump" };
	int opt, index = 0, want = 1;
	unsigned int i;

	while ((opt = getopt_long(argc, argv, "", long_options, &index)) != -1)
		parse_option(o, opt, long_options[index].name);
	if (optind == argc)
		errx(EXIT_USAGE, "a mode is missing; see --help");
	o->mode = argv[optind];
	for (i = 0; i < 3; i++)
		if (!strcmp(o->mode, with_argument[i]))
			want = 2;
	if (argc - optind != want)
		errx(EXIT_USAGE, "%s has %d arguments, want %d", o->mode,
		     argc - optind - 1, want - 1);
	o->argument = argv[optind + 1];
	if (!o->socket)
		errx(EXIT_USAGE, "--socket is missing");
}

static const struct mode {
	const char *name;
	int (*run)(const struct options *o);
} modes[] = {
	{ "echo", mode_traffic },
	{ "reflect", mode_traffic },
	{ "discard", mode_traffic },
	{ "source", mode_traffic },
	{ "tap", mode_traffic },
	{ "restart", mode_restart },
	{ "hold", mode_hold },
	{ "flap", mode_flap },
	{ "states", mode_states },
	{ "dump", mode_dump },
};

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct options o = {
		.profile = profiles, .wait = 10, .seed = 1, .expect = -1,
		.mac = { 0x02, 0x1b, 0x5e },
		.dst = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	};
	unsigned int i;

	inet_pton(AF_INET, "10.0.0.2", &o.ip);
	parse(&o, argc, argv);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(o.mode, modes[i].name))
			return modes[i].run(&o);
	errx(EXIT_USAGE, "the mode is '%s', want one of those in --help",
	     o.mode);
}
