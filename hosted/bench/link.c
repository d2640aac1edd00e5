// SPDX-License-Identifier: GPL-2.0
/* bench-link: the two-way ring between two peers of this process, that spin */
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
#define RUNS		5

static double read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void ring_yield(void)
{
	sched_yield();
}

struct job {
	unsigned int size;
	unsigned long frames;
};

static int receiver(void *arg)
{
	const struct job *job = arg;

	ring_receive(1, job->frames, BATCH);
	return 0;
}

static int bouncer(void *arg)
{
	const struct job *job = arg;

	ring_bounce(1, job->size, job->frames, false);
	return 0;
}

/* Seconds from the first frame to the last. */
static double run(struct job *job, int (*other)(void *), bool bounce)
{
	struct kit_thread *thread;
	double start = now();

	if (kit_thread_create(KIT_OTHER, "peer", other, job, &thread))
		errx(1, "no thread");
	if (bounce)
		ring_bounce(0, job->size, job->frames, true);
	else
		ring_send(0, job->size, job->frames, BATCH);
	kit_thread_join(thread);
	return now() - start;
}

/* The best of some runs: what else the machine does can only make it slower. */
static double best(struct job *job, int (*other)(void *), bool bounce)
{
	double least = 1e9, took;
	int i;

	for (i = 0; i < RUNS; i++) {
		took = run(job, other, bounce);
		least = took < least ? took : least;
	}
	return least;
}

/* Bytes a second of memcpy() in pieces of this size, through as much memory as the ring has. */
static double copy_rate(unsigned int size, unsigned long frames)
{
	unsigned long room = ring_data_size() / size, i;
	char *memory = malloc(room * size), *frame = calloc(1, size);
	double least = 1e9, start, took;
	int r;

	memset(memory, 1, room * size);
	for (r = 0; r < RUNS; r++) {
		start = read_clock(CLOCK_THREAD_CPUTIME_ID);
		for (i = 0; i < frames; i++) {
			memcpy(memory + i % room * size, frame, size);
			__asm__ volatile("" : : : "memory");
		}
		took = read_clock(CLOCK_THREAD_CPUTIME_ID) - start;
		least = took < least ? took : least;
	}
	free(frame);
	free(memory);
	return (double)size * frames / least;
}

/* What a frame costs both sides, in CPU time: on a machine that has other things to do, too. */
static void cost(unsigned int size, unsigned long frames)
{
	double least = 1e9, start, took;
	int r;

	for (r = 0; r < RUNS; r++) {
		start = read_clock(CLOCK_THREAD_CPUTIME_ID);
		ring_alone(size, frames, BATCH);
		took = read_clock(CLOCK_THREAD_CPUTIME_ID) - start;
		least = took < least ? took : least;
	}
	printf("ring, %4u bytes: %6.1f ns of CPU for each packet, both sides in one thread\n",
	       size, least / frames * 1e9);
	fflush(stdout);
}

static void throughput(unsigned int size, unsigned long frames)
{
	struct job job = { size, frames };
	double took = best(&job, receiver, false), copy = copy_rate(size, frames);

	printf("ring, %4u bytes: %6.2f M packets/s, %6.2f GB/s, %3.0f %% of memcpy (%.2f GB/s)\n",
	       size, frames / took / 1e6, size * frames / took / 1e9,
	       100 * size * frames / took / copy, copy / 1e9);
	fflush(stdout);
}

static int bench(void *arg)
{
	struct pci_link_config config = { .protocol = RING_PROTOCOL, .vectors = 2,
					  .output_size = SECTION };
	struct pci_link *link = pci_link_create(&config);
	struct job job = { 64, 5000 };
	double took;

	(void)arg;
	if (!link || kit_kernel_init() || kit_modules_init() ||
	    kit_pci_plug(pci_link_end(link, 0), 1) || kit_pci_plug(pci_link_end(link, 1), 2))
		errx(1, "no link");
	while (!ring_is_up())
		kit_advance(1000000);
	printf("%ld CPUs; best of %d runs\n", sysconf(_SC_NPROCESSORS_ONLN), RUNS);
	cost(64, 2000000);
	cost(1500, 400000);
	throughput(64, 2000000);
	throughput(1500, 400000);
	took = best(&job, bouncer, true);
	printf("ring,   64 bytes: round trip %.2f us\n", took / job.frames * 1e6);
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
