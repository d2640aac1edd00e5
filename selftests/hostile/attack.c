// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that breaks the rules of a protocol 0001 link, one rule at a time
 *
 *	ivshmem-attack --socket DIR/peer1.sock used-id
 *
 * It goes up to RUN as a Jailhouse Linux would, breaks the rule in its own
 * output section or by its registers, and then sees whether the other side does
 * what it has to: reset the link and come back, or stay and take no notice.
 * What the other side counts, logs and does besides is for the caller to look
 * at.
 */
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

#define RUN_MS		10000	/* the link has to be up within that */
#define STAY_MS		1500	/* and stay up for that where it has to */

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_LINK };

static uint64_t seed = 1;
static double seconds = 3;

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

/* The own section, as the format has it */
static struct desc *descs(struct peer *p)
{
	return (struct desc *)p->ring.own;
}

static volatile uint16_t *avail(struct peer *p)
{
	return (uint16_t *)(p->ring.own + p->ring.l.avail);
}

static volatile uint16_t *used(struct peer *p)
{
	return (uint16_t *)(p->ring.own + p->ring.l.used);
}

static volatile uint32_t *used_entry(struct peer *p, uint16_t index)
{
	return (uint32_t *)(p->ring.own + p->ring.l.used + 4) +
	       2 * (index % p->ring.l.qlen);
}

static void publish(volatile uint16_t *ring, uint16_t index)
{
	atomic_thread_fence(memory_order_seq_cst);
	ring[1] = htole16(index);
}

static void ring_bell(struct peer *p)
{
	if (client_ring(&p->client, p->hs.peer_id, p->data_vector))
		errx(EXIT_LINK, "%s", p->client.error);
}

/* Offer one frame by a descriptor of any content. */
static void offer(struct peer *p, uint64_t addr, uint32_t len, uint16_t flags)
{
	uint16_t index = p->ring.at.tx_avail++;

	descs(p)[0] = (struct desc){
		htole64(addr), htole32(len), htole16(flags), 0
	};
	avail(p)[2 + index % p->ring.l.qlen] = 0;
	publish(avail(p), index + 1);
	ring_bell(p);
}

/* What is offered too much is in order otherwise, so that only the jump is wrong. */
static void avail_jump(struct peer *p)
{
	descs(p)[0] = (struct desc){ htole64(p->ring.l.data), htole32(100), 0, 0 };
	for (uint32_t i = 0; i < p->ring.l.qlen; i++)
		avail(p)[2 + i] = 0;
	publish(avail(p), p->ring.at.tx_avail + p->ring.l.qlen + 1);
	ring_bell(p);
}

static void avail_back(struct peer *p)
{
	publish(avail(p), p->ring.at.tx_avail - 1);
	ring_bell(p);
}

/* A descriptor behind the table, where the data is, and a good one. */
static void avail_id(struct peer *p)
{
	uint16_t id = p->ring.l.data / sizeof(struct desc);

	descs(p)[id] = (struct desc){ htole64(p->ring.l.data), htole32(100), 0, 0 };
	avail(p)[2 + p->ring.at.tx_avail % p->ring.l.qlen] = htole16(id);
	publish(avail(p), p->ring.at.tx_avail + 1);
	ring_bell(p);
}

static void addr_low(struct peer *p)
{
	offer(p, p->ring.l.data - 1, 100, 0);
}

static void addr_high(struct peer *p)
{
	offer(p, p->ring.l.size, 100, 0);
}

static void addr_wrap(struct peer *p)
{
	offer(p, UINT64_MAX - 50, 100, 0);
}

static void len_zero(struct peer *p)
{
	offer(p, p->ring.l.data, 0, 0);
}

static void len_huge(struct peer *p)
{
	offer(p, p->ring.l.data, UINT32_MAX, 0);
}

static void len_over(struct peer *p)
{
	offer(p, p->ring.l.size - 64, 65, 0);
}

static void flags_next(struct peer *p)
{
	offer(p, p->ring.l.data, 100, 1);
}

static void flags_indirect(struct peer *p)
{
	offer(p, p->ring.l.data, 100, 4);
}

static void runt(struct peer *p)
{
	for (int len = 1; len < 14; len++)
		offer(p, p->ring.l.data, len, 0);
}

static void giant(struct peer *p)
{
	offer(p, p->ring.l.data, p->ring.l.size - p->ring.l.data, 0);
}

/* Frames of the other side are needed for these: it must be sending. */
static void wait_for_frame(struct peer *p)
{
	double end = now_ms() + RUN_MS;
	uint32_t len;

	while (!ring_rx_peek(&p->ring, &len)) {
		if (now_ms() > end)
			errx(EXIT_LINK, "the other side sends no frame");
		if (!ring_rx_arm(&p->ring) && peer_wait(p, 100, -1) < 0)
			errx(EXIT_LINK, "%s", p->client.error);
	}
}

static void return_frame(struct peer *p, uint32_t id_change, uint32_t len)
{
	uint16_t index = p->ring.at.rx_used;
	volatile uint32_t *entry = used_entry(p, index);

	entry[0] = htole32(p->ring.at.rx_id + id_change);
	entry[1] = htole32(len);
	publish(used(p), index + 1);
	ring_bell(p);
}

static void used_id(struct peer *p)
{
	wait_for_frame(p);
	return_frame(p, 1, 1);
}

static void used_id_huge(struct peer *p)
{
	wait_for_frame(p);
	return_frame(p, 0x80000000, 1);
}

static void used_len(struct peer *p)
{
	wait_for_frame(p);
	return_frame(p, 0, 1514);
}

/* As above: a driver that takes its descriptors in turn finds each where it is due. */
static void used_jump(struct peer *p)
{
	for (uint32_t i = 0; i < p->ring.l.qlen; i++) {
		used_entry(p, i)[0] = htole32(i);
		used_entry(p, i)[1] = htole32(1);
	}
	publish(used(p), p->ring.at.rx_used + p->ring.l.qlen + 1);
	ring_bell(p);
}

static void used_back(struct peer *p)
{
	publish(used(p), p->ring.at.rx_used - 1);
	ring_bell(p);
}

/* Event indices decide on doorbells only. */
static void events(struct peer *p)
{
	for (unsigned int i = 0; i < 65536; i += 61) {
		avail(p)[2 + p->ring.l.qlen] = htole16(i);
		used(p)[2 + 4 * p->ring.l.qlen] = htole16(i);
		if (i % 16 == 0)
			ring_bell(p);
	}
	/* As it was: every frame that is sent and returned wants a doorbell. */
	avail(p)[2 + p->ring.l.qlen] = htole16(p->ring.at.tx_used);
	used(p)[2 + 4 * p->ring.l.qlen] = htole16(p->ring.at.rx_avail);
}

static uint32_t any(void)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return seed >> 33;
}

static void states(struct peer *p)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 4, 0x80000000, UINT32_MAX };
	double end = now_ms() + seconds * 1e3;

	while (now_ms() < end)
		if (client_write_reg(&p->client, REG_STATE,
				     values[any() % (sizeof(values) / sizeof(*values))]))
			errx(EXIT_LINK, "%s", p->client.error);
	if (handshake_start(&p->hs))
		errx(EXIT_LINK, "%s", p->client.error);
}

static void doorbells(struct peer *p)
{
	double end = now_ms() + seconds * 1e3;

	while (now_ms() < end)
		for (int i = 0; i < 100; i++)
			if (client_ring(&p->client, p->hs.peer_id, any() % p->client.vectors))
				errx(EXIT_LINK, "%s", p->client.error);
}

static atomic_bool racing;

/* Changes what the other side may be reading, as fast as it goes. */
static void *race(void *data)
{
	struct peer *p = data;
	uint32_t space = p->ring.l.size - p->ring.l.data;

	while (racing) {
		struct desc *d = &descs(p)[any() % 4];

		d->addr = htole64(any() % 4 ? p->ring.l.data + any() % space : any());
		d->len = htole32(any() % 4 ? any() % 2000 : any());
		d->flags = htole16(any() % 64 ? 0 : any());
		avail(p)[2 + any() % p->ring.l.qlen] = htole16(any() % 64 ? any() % 4 : any());
		used_entry(p, any())[any() % 2] = htole32(any() % 8 ? 1 : any());
		publish(avail(p), any() % 64 ? p->ring.at.tx_avail + any() % 8 : any());
		if (any() % 64 == 0)
			publish(used(p), any());
	}
	return NULL;
}

/* Over as many resets as that takes. */
static void races(struct peer *p)
{
	double end = now_ms() + seconds * 1e3;
	pthread_t thread;

	while (now_ms() < end) {
		if (p->hs.running) {
			racing = true;
			if (pthread_create(&thread, NULL, race, p))
				errx(EXIT_LINK, "cannot start a thread");
			for (int i = 0; i < 50; i++)
				ring_bell(p);
			racing = false;
			pthread_join(thread, NULL);
		}
		if (peer_wait(p, 10, -1) < 0)
			errx(EXIT_LINK, "%s", p->client.error);
	}
	if (handshake_start(&p->hs))
		errx(EXIT_LINK, "%s", p->client.error);
}

/* Take every frame, return none. */
static void keep(struct peer *p)
{
	double end = now_ms() + seconds * 1e3;
	uint64_t runs = p->hs.runs;

	while (now_ms() < end && p->hs.runs == runs)
		if (peer_wait(p, 100, -1) < 0)
			errx(EXIT_LINK, "%s", p->client.error);
}

static const struct attack {
	const char *name;
	void (*apply)(struct peer *p);
	bool resets;	/* what the other side has to do */
	const char *what;
} attacks[] = {
	{ "avail-jump", avail_jump, true, "avail index further ahead than the ring is long" },
	{ "avail-back", avail_back, true, "avail index goes back by one" },
	{ "avail-id", avail_id, true, "avail entry names a descriptor that does not exist" },
	{ "addr-low", addr_low, true, "descriptor points below the data" },
	{ "addr-high", addr_high, true, "descriptor points behind the section" },
	{ "addr-wrap", addr_wrap, true, "descriptor's address and length overflow" },
	{ "len-zero", len_zero, true, "descriptor of length 0" },
	{ "len-huge", len_huge, true, "descriptor of length 4294967295" },
	{ "len-over", len_over, true, "frame ends one byte behind the section" },
	{ "flags-next", flags_next, true, "descriptor with a flag: chained" },
	{ "flags-indirect", flags_indirect, true, "descriptor with a flag: indirect" },
	{ "used-id", used_id, true, "returns another descriptor than is due" },
	{ "used-id-huge", used_id_huge, true, "returns a descriptor that does not exist" },
	{ "used-len", used_len, true, "returns a frame with a length other than 1" },
	{ "used-jump", used_jump, true, "used index ahead of all that was sent" },
	{ "used-back", used_back, true, "used index goes back by one" },
	{ "runt", runt, false, "frames of 1 to 13 bytes" },
	{ "giant", giant, false, "a frame as long as the data" },
	{ "events", events, false, "event indices all over the place" },
	{ "doorbells", doorbells, false, "doorbells flat out, for --seconds" },
	{ "states", states, true, "state register flat out, for --seconds" },
	{ "races", races, true, "everything changes while it is read, for --seconds" },
	{ "keep", keep, true, "no frame is returned, for up to --seconds" },
	{ }
};

static void until_running(struct peer *p)
{
	if (peer_wait_running(p, RUN_MS))
		errx(EXIT_FAILED, "not in RUN within %d ms: %s", RUN_MS, p->client.error);
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

static int run(const struct attack *a, const char *socket)
{
	struct peer p;
	uint64_t runs, resets;
	double start;

	/* A peer that asks for no doorbells in return is quick to deal with. */
	if (peer_open(&p, socket, profile_find("linux"), 10))
		errx(EXIT_LINK, "%s", p.client.error);
	p.recheck_ms = 100;
	if (peer_start(&p))
		errx(EXIT_LINK, "%s", p.client.error);
	until_running(&p);

	runs = p.hs.runs;
	start = now_ms();
	a->apply(&p);
	resets = watch(&p, runs, a->resets ? RUN_MS : STAY_MS, a->resets);
	printf("{\"attack\": \"%s\", \"resets\": %llu, \"ms\": %.1f}\n", a->name,
	       (unsigned long long)resets, now_ms() - start);
	until_running(&p);
	peer_close(&p);
	if (!!resets == a->resets)
		return EXIT_OK;
	warnx("%s: the other side reset the link %llu times, want %s", a->name,
	      (unsigned long long)resets, a->resets ? "at least 1" : "0");
	return EXIT_FAILED;
}

static void usage(FILE *out)
{
	fputs("Usage: ivshmem-attack --socket DIR/peerN.sock [OPTION]... ATTACK\n"
	      "Break one rule of a protocol 0001 link and see what the other side does.\n\n"
	      "  --socket PATH   the link's socket to join\n"
	      "  --seconds S     how long attacks without end last (3)\n"
	      "  --seed N        of what is random (1); printed, so that it can be repeated\n"
	      "  --list          only tell the attacks\n"
	      "  --help          this text\n\n"
	      "Exit status: 0 the other side did what it has to, 1 it did not, 2 usage,\n"
	      "3 no link.\n\nAttacks, and whether the link has to be reset:\n", out);
	for (const struct attack *a = attacks; a->name; a++)
		fprintf(out, "  %-15s %-6s %s\n", a->name, a->resets ? "reset" : "stays",
			a->what);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 'r' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *socket = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			socket = optarg;
			break;
		case 't':
			seconds = atof(optarg);
			break;
		case 'r':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'l':
			for (const struct attack *a = attacks; a->name; a++)
				puts(a->name);
			return EXIT_OK;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			return EXIT_USAGE;
		}
	}
	if (!socket || argc != optind + 1)
		errx(EXIT_USAGE, "want --socket and one attack, see --help");
	if (!(seconds > 0))
		errx(EXIT_USAGE, "--seconds is %g, want more than 0", seconds);
	for (const struct attack *a = attacks; a->name; a++)
		if (!strcmp(a->name, argv[optind]))
			return run(a, socket);
	errx(EXIT_USAGE, "there is no attack \"%s\", see --help", argv[optind]);
}
