// SPDX-License-Identifier: GPL-2.0
/* Requests to a serial driver, made of what the input says */
#include <string.h>

#include "uart.h"

#define CALLS	64

static struct asked {
	struct serial_call call;
	unsigned int done;
} calls[CALLS];
static unsigned int ncalls;

static void done(struct serial_call *call)
{
	((struct asked *)call)->done++;
}

static void fill(struct serial_request *r)
{
	size_t i;

	switch (r->op) {
	case SERIAL_SET_TERMIOS:
		r->length = sizeof(struct serial_termios);
		break;
	case SERIAL_WAIT_COUNTERS:
	case SERIAL_WAIT_BREAK:
		r->length = r->arg & 1 ? sizeof(struct serial_counters) : 0;
		break;
	default:
		r->length = take();
	}
	for (i = 0; i < r->length && input_left(); i++)
		r->data[i] = take();
	memset(r->data + i, 0, r->length - i);
}

void request(enum serial_op op, long client)
{
	struct asked *a = &calls[ncalls];

	if (ncalls == CALLS)
		return;
	a->done = 0;
	a->call.request.op = op;
	a->call.request.id = ncalls;
	a->call.request.port = 0;
	a->call.request.arg = take16();
	a->call.request.timeout_ms = op == SERIAL_CLOSE ? 0 : take();
	if (a->call.request.timeout_ms > 200)
		a->call.request.timeout_ms = SERIAL_FOREVER;
	fill(&a->call.request);
	a->call.client = (const void *)client;
	a->call.done = done;
	ncalls++;
	serial_call(&a->call);
}

void forget_calls(void)
{
	unsigned int i;

	for (i = 0; i < ncalls; i++)
		if (calls[i].done != 1)
			kit_die("request %u (op %u) was answered %u times", i,
				calls[i].call.request.op, calls[i].done);
	ncalls = 0;
	if (serial_parked())
		kit_die("%u requests are left", serial_parked());
}
