/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of ivshmem-tool share */
#ifndef IVSHMEM_TOOL_H
#define IVSHMEM_TOOL_H

#include <signal.h>

#include "libivshmem.h"

#define EXIT_USAGE	2

/* Numbers that were not given are UINT64_MAX, seconds -1, texts NULL. */
struct options {
	const char *args[3];
	bool json, hex;
	const char *data, *mode, *section;
	uint64_t count, length, offset, peer, size, vector, warm_up;
	double hold, seconds, timeout, wait;
};

#define GIVEN(number)		((number) != UINT64_MAX)
#define OR(number, otherwise)	(GIVEN(number) ? (number) : (otherwise))

/* main.c: set by SIGINT and SIGTERM, which interrupt system calls */
extern volatile sig_atomic_t stopped;

/* One line on standard error, exit status 2 and 1 */
__attribute__((noreturn, format(printf, 1, 2))) void usage_error(const char *fmt, ...);
__attribute__((noreturn, format(printf, 1, 2))) void failed(const char *fmt, ...);

/* A library call's result, where that is no error; else its message and exit */
int must(int result);

/* As text that has to be a whole number within limits; @what is for the message */
uint64_t parse_number(const char *what, const char *text, uint64_t min, uint64_t max);

/* Opens the device that the first argument names; SIGBUS means that it is gone. */
struct ivshmem *open_device(const struct options *o);
struct ivshmem *open_events(const struct options *o);

double now(void);		/* seconds, of CLOCK_MONOTONIC */

/* Until @seconds after @begin, below 0: for ever. At most 1000: for a wait that a signal misses */
int ms_left(double begin, double seconds);

/* json.c: to standard output; key is NULL inside an array */
void json_open(const char *key, char bracket);
void json_close(char bracket);	/* the outermost one ends the line */
void json_text(const char *key, const char *value);
void json_number(const char *key, uint64_t value);
void json_real(const char *key, double value);
void json_bool(const char *key, bool value);

/* show.c: of all peers, to be given to free() */
uint32_t *read_states(const struct ivshmem_info *info);

/* samples.c: sorts them */
struct summary {
	double min, mean, p50, p90, p99, p999, max;
};

void summarize(uint32_t *ns, size_t count, struct summary *us);

int verb_list(const struct options *o);
int verb_watch(const struct options *o);
int verb_doorbell(const struct options *o);
int verb_state(const struct options *o);
int verb_protocol(const struct options *o);
int verb_read(const struct options *o);
int verb_write(const struct options *o);
int verb_ping(const struct options *o);
int verb_pong(const struct options *o);
int verb_bandwidth(const struct options *o);

#endif
