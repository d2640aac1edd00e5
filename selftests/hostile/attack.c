// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that breaks the rules of a link, one rule at a time: here those of
 * protocol 0001, in shadow.c those of 0002, in ring.c what both share
 *
 *	ivshmem-attack --socket DIR/peer1.sock used-id
 *
 * It goes up to RUN as a Jailhouse Linux would, breaks the rule in its own
 * output section or by its registers, and then sees whether the other side does
 * what it has to: reset the link and come back, or stay and take no notice.
 * What the other side counts, logs and does besides is for the caller to look
 * at.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks.h"
#include "peer.h"

struct attack_options attack_options = { .seconds = 3, .seed = 1 };

/* A peer as ring attacks see it */
struct victim {
	struct target target;	/* first */
	struct peer peer;
};

static struct peer *peer_of(struct target *t)
{
	return &((struct victim *)t)->peer;
}

static void bell(struct target *t)
{
	struct peer *p = peer_of(t);

	if (client_ring(&p->client, p->hs.peer_id, p->data_vector))
		errx(EXIT_LINK, "%s", p->client.error);
}

static void runt(struct target *t)
{
	for (int len = 1; len < 14; len++)
		offer(t, t->ring->l.data, len, 0);
}

static void giant(struct target *t)
{
	offer(t, t->ring->l.data, t->ring->l.size - t->ring->l.data, 0);
}

/* Frames of the other side are needed for these: it must be sending. */
static void wait_for_frame(struct target *t)
{
	struct peer *p = peer_of(t);
	double end = now_ms() + RUN_MS;
	uint32_t len;

	while (!ring_rx_peek(&p->ring, &len)) {
		if (now_ms() > end)
			errx(EXIT_LINK, "the other side sends no frame");
		if (!ring_rx_arm(&p->ring) && peer_wait(p, 100, -1) < 0)
			errx(EXIT_LINK, "%s", p->client.error);
	}
}

static void states(struct target *t)
{
	struct peer *p = peer_of(t);
	static const uint32_t values[] = { 0, 1, 2, 3, 4, 0x80000000, UINT32_MAX };
	double end = now_ms() + attack_options.seconds * 1e3;

	while (now_ms() < end)
		if (client_write_reg(&p->client, REG_STATE,
				     values[any() % (sizeof(values) / sizeof(*values))]))
			errx(EXIT_LINK, "%s", p->client.error);
	if (handshake_start(&p->hs))
		errx(EXIT_LINK, "%s", p->client.error);
}

static void doorbells(struct target *t)
{
	struct peer *p = peer_of(t);
	double end = now_ms() + attack_options.seconds * 1e3;

	while (now_ms() < end)
		for (int i = 0; i < 100; i++)
			if (client_ring(&p->client, p->hs.peer_id, any() % p->client.vectors))
				errx(EXIT_LINK, "%s", p->client.error);
}

/* Over as many resets as that takes. */
static void races(struct target *t)
{
	struct peer *p = peer_of(t);
	double end = now_ms() + attack_options.seconds * 1e3;

	while (now_ms() < end) {
		if (p->hs.running) {
			race_start(t);
			for (int i = 0; i < 50; i++)
				bell(t);
			race_stop();
		}
		if (peer_wait(p, 10, -1) < 0)
			errx(EXIT_LINK, "%s", p->client.error);
	}
	if (handshake_start(&p->hs))
		errx(EXIT_LINK, "%s", p->client.error);
}

/* Take every frame, return none. */
static void keep(struct target *t)
{
	struct peer *p = peer_of(t);
	double end = now_ms() + attack_options.seconds * 1e3;
	uint64_t runs = p->hs.runs;

	while (now_ms() < end && p->hs.runs == runs)
		if (peer_wait(p, 100, -1) < 0)
			errx(EXIT_LINK, "%s", p->client.error);
}

static const struct ring_attack attacks[] = {
	{ "runt", runt, false, "frames of 1 to 13 bytes" },
	{ "giant", giant, false, "a frame as long as the data" },
	{ "doorbells", doorbells, false, "doorbells flat out, for --seconds" },
	{ "states", states, true, "state register flat out, for --seconds" },
	{ "races", races, true, "everything changes while it is read, for --seconds" },
	{ "keep", keep, true, "no frame is returned, for up to --seconds" },
	{ }
};

static volatile sig_atomic_t nobody;

static void other_turn(int number)
{
	(void)number;
	nobody = !nobody;
}

void take_turns(bool nobody_first)
{
	nobody = nobody_first;
	if (signal(SIGUSR1, other_turn) == SIG_ERR)
		err(EXIT_LINK, "SIGUSR1");
}

bool nobodys_turn(void)
{
	return nobody;
}

static void until_running(struct peer *p)
{
	int ret = peer_wait_running(p, RUN_MS);

	if (ret)
		errx(ret < 0 ? EXIT_LINK : EXIT_BROKEN, "%s", p->client.error);
}

/* Returns how often the link came up again within a time, or until it did. */
static uint64_t watch(struct peer *p, uint64_t runs, int ms, bool until_reset)
{
	double end = now_ms() + ms;

	while (now_ms() < end && !(until_reset && p->hs.runs != runs))
		if (peer_wait(p, 50, -1) < 0)
			errx(EXIT_LINK, "%s", p->client.error);
	return p->hs.runs - runs;
}

static int run(const struct ring_attack *a)
{
	static struct victim v = { .target = { .bell = bell, .wait_for_frame = wait_for_frame } };
	struct peer *p = &v.peer;
	uint64_t seed = attack_options.seed, runs, resets;
	double start;

	/* A peer that asks for no doorbells in return is quick to deal with. */
	if (peer_open(p, attack_options.socket, profile_find("linux"), 10))
		errx(EXIT_LINK, "%s", p->client.error);
	v.target.ring = &p->ring;
	p->recheck_ms = 100;
	if (peer_start(p))
		errx(EXIT_LINK, "%s", p->client.error);
	until_running(p);

	runs = p->hs.runs;
	start = now_ms();
	a->apply(&v.target);
	resets = watch(p, runs, a->resets ? RUN_MS : STAY_MS, a->resets);
	printf("{\"attack\": \"%s\", \"seed\": %llu, \"resets\": %llu, \"ms\": %.1f}\n", a->name,
	       (unsigned long long)seed, (unsigned long long)resets, now_ms() - start);
	until_running(p);
	peer_close(p);
	if (!!resets == a->resets)
		return EXIT_OK;
	warnx("%s: the other side reset the link %llu times, want %s", a->name,
	      (unsigned long long)resets, a->resets ? "at least 1" : "0");
	return EXIT_BROKEN;
}

static void list(void (*tell)(const char *name, bool resets, const char *what))
{
	const struct ring_attack *a;

	for (a = ring_attacks; a->name; a++)
		tell(a->name, a->resets, a->what);
	for (a = attacks; a->name; a++)
		tell(a->name, a->resets, a->what);
	shadow_list(tell);
}

static void tell_name(const char *name, bool resets, const char *what)
{
	(void)resets;
	(void)what;
	puts(name);
}

static void tell_all(const char *name, bool resets, const char *what)
{
	printf("  %-21s %-6s %s\n", name, resets ? "reset" : "stays", what);
}

static void usage(void)
{
	puts("Usage: ivshmem-attack --socket DIR/peerN.sock [OPTION]... ATTACK\n"
	     "Break rules of a link and see what the other side does.\n\n"
	     "  --socket PATH   the link's socket to join\n"
	     "  --seconds S     how long attacks without end last (3)\n"
	     "  --seed N        of what is random (1; fuzz: a fresh one); printed\n"
	     "  --slot ID       a slot with a proxy; may be repeated (shadow-*, fuzz)\n"
	     "  --dead-slot ID  a slot that nobody reads (shadow-flood)\n"
	     "  --list          only tell the attacks on one rule\n"
	     "  --help          this text\n\n"
	     "Only for fuzz:\n"
	     "  --target WHAT   ring, handshake, state, shadow or all (all)\n"
	     "  --racing        a second thread changes what is being read\n"
	     "  --round N       begin with that round (0)\n"
	     "  --rounds N      so many, instead of --seconds\n"
	     "  --log FILE      what was done; the same for a seed, but for --racing\n\n"
	     "Exit status: 0 the other side did what it has to, 1 it did not, 2 usage,\n"
	     "3 no link.\n\nAttacks, and whether the link has to be reset:");
	list(tell_all);
	puts("\nOn links of any protocol:\n"
	     "  fuzz                  rounds of rules kept and broken, as the seed has it\n"
	     "  flood                 doorbells flat out, for --seconds\n"
	     "  flood-turns           the same to a vector that does not exist, to compare with,\n"
	     "                        and to all of them: SIGUSR1 changes from one to the other");
}

static int attack(const char *name)
{
	const struct ring_attack *a;
	int ret;

	if (!strcmp(name, "fuzz"))
		return fuzz_attack();
	if (!strcmp(name, "flood") || !strcmp(name, "flood-turns"))
		return flood_attack(strcmp(name, "flood"));
	ret = shadow_attack(name);
	if (ret >= 0)
		return ret;
	for (a = ring_attacks; a->name; a++)
		if (!strcmp(a->name, name))
			return run(a);
	for (a = attacks; a->name; a++)
		if (!strcmp(a->name, name))
			return run(a);
	errx(EXIT_USAGE, "there is no attack \"%s\", see --help", name);
}

static void add_slot(const char *name, const char *text)
{
	if (attack_options.slots == MAX_SLOTS)
		errx(EXIT_USAGE, "more than %d slots", MAX_SLOTS);
	attack_options.slot[attack_options.slots++] = integer(name, text, UINT64_MAX);
}

static const struct option options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "seconds", required_argument, NULL, 't' },
	{ "seed", required_argument, NULL, 'r' },
	{ "slot", required_argument, NULL, 'p' },
	{ "dead-slot", required_argument, NULL, 'd' },
	{ "target", required_argument, NULL, 'w' },
	{ "racing", no_argument, NULL, 'a' },
	{ "round", required_argument, NULL, 'n' },
	{ "rounds", required_argument, NULL, 'm' },
	{ "log", required_argument, NULL, 'o' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void set_fuzz_option(int option, const char *name)
{
	switch (option) {
	case 'w':
		attack_options.target = optarg;
		break;
	case 'a':
		attack_options.racing = true;
		break;
	case 'n':
		attack_options.round = integer(name, optarg, UINT64_MAX);
		break;
	case 'm':
		attack_options.rounds = integer(name, optarg, UINT64_MAX);
		break;
	case 'o':
		attack_options.log = optarg;
		break;
	default:
		exit(EXIT_USAGE);	/* getopt has said why */
	}
}

static void set_option(int option, const char *name)
{
	switch (option) {
	case 's':
		attack_options.socket = optarg;
		break;
	case 't':
		attack_options.seconds = number(name, optarg, 1e6);
		break;
	case 'r':
		attack_options.seed = integer(name, optarg, UINT64_MAX);
		attack_options.has_seed = true;
		break;
	case 'p':
		add_slot(name, optarg);
		break;
	case 'd':
		attack_options.dead_slot = integer(name, optarg, UINT64_MAX);
		attack_options.has_dead_slot = true;
		break;
	case 'l':
		list(tell_name);
		exit(EXIT_OK);
	case 'h':
		usage();
		exit(EXIT_OK);
	default:
		set_fuzz_option(option, name);
	}
}

int main(int argc, char **argv)
{
	int option, index = 0;

	while ((option = getopt_long(argc, argv, "", options, &index)) != -1)
		set_option(option, options[index].name);
	if (!attack_options.socket || argc != optind + 1)
		errx(EXIT_USAGE, "want --socket and one attack, see --help");
	if (!(attack_options.seconds > 0))
		errx(EXIT_USAGE, "--seconds is %g, want more than 0", attack_options.seconds);
	return attack(argv[optind]);
}
