// SPDX-License-Identifier: GPL-2.0
/*
 * bench-link: the two-way ring between two peers of this process, a thread each, that spin
 *
 * What two CPUs can hand to each other depends on where they are, and a hypervisor
 * moves them. So each round measures the ring and, milliseconds before or after, what
 * the bare machine does: memcpy(), with two counters instead of a ring.
 */
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../kit/kit.h"
#include "../model/pci_link.h"
#include "ring.h"

#define SECTION		(4UL << 20)
#define BATCH		32
#define ROUNDS		100
#define TURNS		500	/* there and back, in a round */
#define LINE		64UL

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Where there is no CPU for the other end, spinning would only keep it waiting. */
static void spin(void)
{
	static __thread unsigned int spins;

	__asm__ volatile("" : : : "memory");
	if (++spins % 1000 == 0)
		sched_yield();
}

/* Each has one writer, and shares its cache lines with nothing else. */
struct counter {
	unsigned long n;
} __attribute__((aligned(2 * LINE)));

/**
 * struct pipe - what a ring could be at best, in one direction
 * @written: pieces that were written
 * @seen: what the writer knows of @taken
 * @taken: pieces that the reader has read
 * @piece: where they come from
 * @copy: where they go to
 * @memory: as much as a section is
 */
static struct pipe {
	struct counter written, seen, taken;
	char piece[RING_FRAME_MAX];
	char copy[RING_FRAME_MAX];
	char *memory;
} pipes[2];

/* From one cache line to the next; a piece may be of 0 bytes. */
static unsigned long step_of(unsigned int size)
{
	return size ? (size + LINE - 1) / LINE * LINE : LINE;
}

/* Whole batches, so that none goes around the end. */
static unsigned long room_for(unsigned int size)
{
	return SECTION / step_of(size) / BATCH * BATCH;
}

static void copy(char *to, unsigned long to_step, const char *from, unsigned long from_step,
		 unsigned int size, unsigned int pieces)
{
	for (; pieces; pieces--, to += to_step, from += from_step) {
		memcpy(to, from, size);
		__asm__ volatile("" : : : "memory");
	}
}

static unsigned int pipe_send(unsigned int end, unsigned int size, unsigned int pieces)
{
	struct pipe *pipe = &pipes[end];
	unsigned long room = room_for(size), first = pipe->written.n;

	if (first + pieces - pipe->seen.n > room)
		pipe->seen.n = __atomic_load_n(&pipe->taken.n, __ATOMIC_ACQUIRE);
	if (first + pieces - pipe->seen.n > room)
		return 0;
	copy(pipe->memory + first % room * step_of(size), step_of(size), pipe->piece, 0,
	     size, pieces);
	__atomic_store_n(&pipe->written.n, first + pieces, __ATOMIC_RELEASE);
	return pieces;
}

static unsigned int pipe_receive(unsigned int end, unsigned int size, unsigned int pieces)
{
	struct pipe *pipe = &pipes[!end];
	unsigned long first = pipe->taken.n;

	if (__atomic_load_n(&pipe->written.n, __ATOMIC_ACQUIRE) == first)
		return 0;
	copy(pipe->copy, 0, pipe->memory + first % room_for(size) * step_of(size),
	     step_of(size), size, pieces);
	__atomic_store_n(&pipe->taken.n, first + pieces, __ATOMIC_RELEASE);
	return pieces;
}

/*
 * Both ends at work
 */

struct way {
	unsigned int (*send)(unsigned int end, unsigned int size, unsigned int frames);
	unsigned int (*receive)(unsigned int end, unsigned int size, unsigned int frames);
};

static const struct way ring = { ring_send, ring_receive };
static const struct way bare = { pipe_send, pipe_receive };

/**
 * struct load - what one end does
 * @size: of a frame, bytes
 * @batch: frames at once
 * @send: how many frames in all, a multiple of @batch
 * @receive: likewise
 * @ahead: how many more it may send than it has received
 */
struct load {
	unsigned int size, batch;
	unsigned long send, receive, ahead;
};

static void work(unsigned int end, const struct way *way, const struct load *load)
{
	unsigned long sent = 0, received = 0, before;

	while (sent < load->send || received < load->receive) {
		before = sent + received;
		if (sent < load->send && sent < received + load->ahead)
			sent += way->send(end, load->size, load->batch);
		if (received < load->receive)
			received += way->receive(end, load->size, load->batch);
		if (sent + received == before)
			spin();
	}
}

static struct job {
	const struct way *way;
	struct load load;
	unsigned int arrived;
} job;

/* Wait until both threads have come here. */
static void meet(unsigned int arrived)
{
	__atomic_add_fetch(&job.arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&job.arrived, __ATOMIC_ACQUIRE) < arrived)
		spin();
}

static int second(void *arg)
{
	(void)arg;
	meet(2);
	work(1, job.way, &job.load);
	meet(4);
	return 0;
}

/* Seconds, in two threads */
static double both(const struct way *way, struct load load0, struct load load1)
{
	struct kit_thread *thread;
	double start;
	int i;

	for (i = 0; i < 2; i++) {
		pipes[i].written.n = 0;
		pipes[i].seen.n = 0;
		pipes[i].taken.n = 0;
	}
	job = (struct job){ way, load1, 0 };
	if (kit_thread_create(KIT_OTHER, "peer", second, NULL, &thread))
		errx(1, "no thread");
	meet(2);
	start = now(CLOCK_MONOTONIC);
	work(0, way, &load0);
	meet(4);
	start = now(CLOCK_MONOTONIC) - start;
	kit_thread_join(thread);
	return start;
}

static double one_way(const struct way *way, unsigned int size, unsigned long frames)
{
	return frames / both(way, (struct load){ size, BATCH, frames, 0, frames },
			     (struct load){ size, BATCH, 0, frames, 0 });
}

static double two_way(const struct way *way, unsigned int size, unsigned long frames)
{
	struct load half = { size, BATCH, frames / 2, frames / 2, frames };

	return frames / both(way, half, half);
}

/* Seconds */
static double turns(const struct way *way, unsigned int size)
{
	return both(way, (struct load){ size, 1, TURNS, TURNS, 1 },
		    (struct load){ size, 1, TURNS, TURNS, 0 }) / TURNS;
}

/*
 * One thread: CPU time, so whatever else the machine does
 */

static double ring_alone(unsigned int size, unsigned long frames)
{
	double start = now(CLOCK_THREAD_CPUTIME_ID);
	unsigned long n;

	for (n = 0; n < frames; n += BATCH) {
		ring_send(0, size, BATCH);
		ring_receive(1, size, BATCH);
	}
	return frames / (now(CLOCK_THREAD_CPUTIME_ID) - start);
}

/* One copy of each piece, to memory, from where it is in the cache */
static double copy_alone(unsigned int size, unsigned long frames)
{
	unsigned long room = room_for(size), n;
	double start = now(CLOCK_THREAD_CPUTIME_ID);

	for (n = 0; n < frames; n += BATCH)
		copy(pipes[0].memory + n % room * step_of(size), step_of(size),
		     pipes[0].piece, 0, size, BATCH);
	return frames / (now(CLOCK_THREAD_CPUTIME_ID) - start);
}

/*
 * Rounds
 */

enum { TURN_BARE, TURN_COPY, TURN_RING, COPY, RING_ALONE, COPY_ONE, RING_ONE, COPY_TWO, RING_TWO,
	FIGURES };

static double figures[FIGURES][ROUNDS];

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_time(const char *what, int figure)
{
	printf("%-30s %18.0f ns %25.0f ns\n", what, figures[figure][0] * 1e9,
	       figures[figure][ROUNDS / 2] * 1e9);
}

static void print_rate(const char *what, int figure, unsigned int size)
{
	static const int at[] = { ROUNDS - 1, ROUNDS / 2 };
	int i;

	printf("%-30s", what);
	for (i = 0; i < 2; i++) {
		double rate = figures[figure][at[i]];

		printf(" %6.1f M/s %5.1f GB/s %3.0f %%", rate / 1e6, rate * size / 1e9,
		       100 * rate / figures[COPY][at[i]]);
	}
	printf("\n");
}

static void measure(const char *name, unsigned int size, unsigned long frames)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		figures[TURN_BARE][i] = turns(&bare, 0);
		figures[TURN_COPY][i] = turns(&bare, size);
		figures[TURN_RING][i] = turns(&ring, size);
		figures[COPY][i] = copy_alone(size, frames);
		figures[RING_ALONE][i] = ring_alone(size, frames);
		figures[COPY_ONE][i] = one_way(&bare, size, frames);
		figures[RING_ONE][i] = one_way(&ring, size, frames);
		figures[COPY_TWO][i] = two_way(&bare, size, frames);
		figures[RING_TWO][i] = two_way(&ring, size, frames);
	}
	for (i = 0; i < FIGURES; i++)
		qsort(figures[i], ROUNDS, sizeof(double), compare);
	printf("\n%-30s %21s %28s\n", name, "best", "median");
	print_time("there and back: a counter", TURN_BARE);
	print_time("there and back: memcpy", TURN_COPY);
	print_time("there and back: ring", TURN_RING);
	print_rate("one thread: memcpy", COPY, size);
	print_rate("one thread: ring, both ends", RING_ALONE, size);
	print_rate("two threads, one way: memcpy", COPY_ONE, size);
	print_rate("two threads, one way: ring", RING_ONE, size);
	print_rate("two threads, both ways: memcpy", COPY_TWO, size);
	print_rate("two threads, both ways: ring", RING_TWO, size);
	fflush(stdout);
}

static int bench(void *arg)
{
	struct pci_link_config config = { .protocol = RING_PROTOCOL, .vectors = 2,
					  .output_size = SECTION };
	struct pci_link *link = pci_link_create(&config);
	double load;

	(void)arg;
	if (!link || kit_kernel_init() || kit_modules_init() ||
	    kit_pci_plug(pci_link_end(link, 0), 1) || kit_pci_plug(pci_link_end(link, 1), 2))
		errx(1, "no link");
	pipes[0].memory = calloc(2, SECTION);
	pipes[1].memory = pipes[0].memory + SECTION;
	memset(pipes[0].memory, 1, 2 * SECTION);
	while (!ring_is_up())
		kit_advance(1000000);
	if (getloadavg(&load, 1) != 1)
		load = -1;
	printf("%ld CPUs, load %.1f; %d rounds; percents are of memcpy in one thread\n",
	       sysconf(_SC_NPROCESSORS_ONLN), load, ROUNDS);
	measure("64 bytes", 64, 3200 * BATCH);
	measure("1,500 bytes", 1500, 500 * BATCH);
	kit_pci_unplug(pci_link_end(link, 0));
	kit_pci_unplug(pci_link_end(link, 1));
	kit_modules_exit();
	kit_kernel_exit();
	pci_link_destroy(link);
	return 0;
}

int main(void)
{
	struct kit_config config = { .policy = KIT_SMP, .log_level = 4 };

	return kit_run(&config, bench, NULL);
}
