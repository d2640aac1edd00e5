/* SPDX-License-Identifier: GPL-2.0 */
/* The counters as JSON, and the control socket that hands them out */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdio.h>

#include "event.h"
#include "link.h"

#define CONTROL_CLIENTS	8

struct control_client {
	struct source src;
	struct link *link;
	uint64_t order;		/* of the clients' arrival */
	char line[64];
	size_t len;
};

struct control {
	struct source listener;
	struct link *link;
	uint64_t arrived;
	struct control_client clients[CONTROL_CLIENTS];
};

void control_init(struct control *ctl, struct link *link);	/* not listening */
void print_stats(FILE *f, const struct link *link);

/* A rate from 0 to 1, or in percent: "0.01", "1%". Returns whether it is. */
bool parse_rate(const char *text, double *rate);

#endif
