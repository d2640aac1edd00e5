/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PEER_OPTIONS_H
#define PEER_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "profile.h"
#include "usage.h"

struct options {
	const char *socket;
	const char *mode, *argument;
	const struct profile *profile;
	uint64_t count;
	double seconds, wait, rate;
	uint32_t min_size, max_size;	/* 0: the default */
	bool expect_echo, allow_loss, json;
	int expect;			/* a state, or -1 */
	struct in_addr ip;
	uint8_t mac[6], dst[6];
	bool has_mac;
	int recheck;
	uint64_t seed;
};

/* Each returns the exit status. */
int mode_traffic(const struct options *o);
int mode_restart(const struct options *o);
int mode_hold(const struct options *o);
int mode_flap(const struct options *o);
int mode_states(const struct options *o);
int mode_dump(const struct options *o);

#endif
