/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHADOW_OPTIONS_H
#define SHADOW_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "usage.h"

#define MAX_SLOTS	4096

struct options {
	const char *socket, *uio;
	const char *mode, *argument;
	uint64_t slot[MAX_SLOTS];
	unsigned int slots;
	uint64_t count;			/* 0: no end */
	double seconds;			/* 0: no end */
	double wait;			/* for the link */
	unsigned int warm_up;
	unsigned int threads, in_flight;
	unsigned int times;
	uint32_t limit;			/* a state */
	uint64_t priority;		/* policy << 32 | priority */
	int timeout_ms;			/* for a reply */
	int linger_ms;			/* for a reply too many */
	uint64_t seed;
	bool drain, eventfd, json;
};

struct rtos;

/* Joins the link and waits until it runs; ends the program where it does not. */
void join(struct rtos *r, const struct options *o, unsigned int threads);
void join_again(struct rtos *r, const struct options *o);

/* What was counted and broken, and the exit status that follows. */
int finish(struct rtos *r, const struct options *o);

/* Lines "slot ID" up to "ready" or the end; - is standard input. */
void read_slots(struct options *o, const char *path);
void add_slot(struct options *o, const char *text);

/* Each returns the exit status. */
int mode_script(const struct options *o);
int mode_ping(const struct options *o);
int mode_load(const struct options *o);
int mode_idle(const struct options *o);
int mode_restart(const struct options *o);

/* Until SIGINT or SIGTERM */
extern volatile bool stopped;

#endif
