// SPDX-License-Identifier: GPL-2.0
/*
 * A token goes round between the peers of a link, each a program that knows
 * nothing but UIO: it maps five regions by number, sets its state, and rings
 * the next peer whenever it finds the token with the one before.
 *
 *	circle FIRST LAST ROUNDS
 *
 * with /dev/uioFIRST to /dev/uioLAST. Prints how often each was interrupted.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS	10000

struct registers {
	volatile uint32_t id, max_peers, interrupt_control, doorbell, state;
};

enum { REGISTERS, STATE_TABLE, RW_SECTION, INPUT_SECTIONS, OUTPUT_SECTION, MAPS };

struct peer {
	int fd;
	struct registers *regs;
	volatile uint32_t *table, *rw, *in, *out;
	size_t words;		/* in an output section */
	uint32_t id, peers;
	unsigned int interrupts;
};

static __attribute__((noreturn)) void die(int number, const char *what)
{
	fprintf(stderr, "circle: uio%d: ", number);
	perror(what);
	exit(1);
}

static size_t map_size(int number, int map)
{
	unsigned long long size;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/uio/uio%d/maps/map%d/size", number, map);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%llx", &size) != 1)
		die(number, path);
	fclose(file);
	return size;
}

static void *map(int fd, int number, int map, int prot)
{
	void *at = mmap(NULL, map_size(number, map), prot, MAP_SHARED, fd,
			(off_t)map * getpagesize());

	if (at == MAP_FAILED)
		die(number, "mmap");
	return at;
}

static void open_peer(struct peer *peer, int number)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/uio%d", number);
	peer->fd = open(path, O_RDWR);
	if (peer->fd < 0)
		die(number, path);
	peer->regs = map(peer->fd, number, REGISTERS, PROT_READ | PROT_WRITE);
	peer->table = map(peer->fd, number, STATE_TABLE, PROT_READ);
	peer->rw = map(peer->fd, number, RW_SECTION, PROT_READ | PROT_WRITE);
	peer->in = map(peer->fd, number, INPUT_SECTIONS, PROT_READ);
	peer->out = map(peer->fd, number, OUTPUT_SECTION, PROT_READ | PROT_WRITE);
	peer->words = map_size(number, OUTPUT_SECTION) / 4;
	peer->id = peer->regs->id;
	peer->peers = peer->regs->max_peers;
}

/* Returns false when nothing came for long. */
static int wait_interrupt(struct peer *peer, int number, int timeout)
{
	struct pollfd ready = { .fd = peer->fd, .events = POLLIN };
	uint32_t count;

	if (poll(&ready, 1, timeout) != 1)
		return 0;
	if (read(peer->fd, &count, sizeof(count)) != sizeof(count))
		die(number, "read");
	peer->interrupts++;
	peer->rw[peer->id] = peer->interrupts;
	return 1;
}

static int all_there(struct peer *peer)
{
	uint32_t i;

	for (i = 0; i < peer->peers; i++)
		if (peer->table[i] != i + 1)
			return 0;
	return 1;
}

static int all_done(struct peer *peer, uint32_t rounds)
{
	uint32_t i;

	for (i = 0; i < peer->peers; i++)
		if (peer->in[i * peer->words] != rounds)
			return 0;
	return 1;
}

/*
 * Interrupts that came while they were disabled are lost: look after enabling
 * them. What a peer had in its section before it set its state is not valid.
 */
static void go_round(struct peer *peer, int number, uint32_t rounds, uint32_t vector)
{
	uint32_t before = (peer->id + peer->peers - 1) % peer->peers;
	uint32_t next = (peer->id + 1) % peer->peers;
	uint32_t token = 0, seen;

	while (token < rounds) {
		peer->regs->interrupt_control = 1;
		(void)peer->regs->interrupt_control;	/* posted until it is read back */
		seen = peer->in[before * peer->words];
		/* The first peer starts each round, the others follow. */
		if (all_there(peer) && seen == (peer->id ? token + 1 : token)) {
			peer->out[0] = ++token;
			__sync_synchronize();
			peer->regs->doorbell = next << 16 | vector;
		} else if (!wait_interrupt(peer, number, TIMEOUT_MS)) {
			fprintf(stderr, "circle: uio%d: no interrupt within %d ms at %u of %u\n",
				number, TIMEOUT_MS, token, rounds);
			exit(1);
		}
	}
}

static int run(int number, uint32_t rounds)
{
	struct peer peer = { };
	char path[64];
	int i;

	open_peer(&peer, number);
	peer.out[0] = 0;
	peer.regs->state = peer.id + 1;
	/* Peer N rings with vector N + 1, as in the demo that programs are modelled on. */
	snprintf(path, sizeof(path), "/sys/class/uio/uio%d/device/msi_irqs", number);
	go_round(&peer, number, rounds, access(path, F_OK) ? 0 : peer.id + 1);
	/* Its state is 0 when a peer leaves: not before all are done. */
	for (i = 0; i < TIMEOUT_MS && !all_done(&peer, rounds); i++)
		usleep(1000);
	printf("uio%d: peer %u of %u, %u rounds, %u interrupts\n", number, peer.id, peer.peers,
	       rounds, peer.interrupts);
	fflush(stdout);
	return !all_done(&peer, rounds);
}

int main(int argc, char **argv)
{
	int first, last, i, status, bad = 0;

	if (argc != 4) {
		fputs("usage: circle FIRST LAST ROUNDS\n", stderr);
		return 2;
	}
	first = atoi(argv[1]);
	last = atoi(argv[2]);
	for (i = first; i <= last; i++)
		if (!fork())
			exit(run(i, atoi(argv[3])));
	for (i = first; i <= last; i++)
		bad |= wait(&status) < 0 || status;
	return bad;
}
