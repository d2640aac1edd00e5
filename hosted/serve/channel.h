/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between a driver's process and its supervisor: registers and clocks are the
 * supervisor's. A SOCK_SEQPACKET pair; every message of the driver is answered,
 * so what the driver has done is exactly what the supervisor has seen, at
 * whatever point the driver dies.
 */
#ifndef HOSTED_SERVE_CHANNEL_H
#define HOSTED_SERVE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The descriptors that a driver's process starts with: all that it will ever
 * have from outside.
 */
enum handle {
	HANDLE_LISTENER = 3,	/* clients connect here */
	HANDLE_CHANNEL,
	HANDLE_STOP,		/* readable: end */
	HANDLES,
};

enum channel_op {
	CHANNEL_READY,		/* drivers run; carries the eventfd */
	CHANNEL_READ,		/* a: offset, width; value in the reply */
	CHANNEL_WRITE,
	CHANNEL_CLOCK_GET,	/* name; the reply's value is a handle or negative */
	CHANNEL_CLOCK_PUT,	/* a: handle */
	CHANNEL_CLOCK_PREPARE,	/* a: handle, value: on or off */
	CHANNEL_CLOCK_ENABLE,
	CHANNEL_CLOCK_RATE,
};

struct channel_message {
	uint32_t op, a, width, pad;
	uint64_t value;
	char name[32];
};

/* @level: of the interrupt line, after what was done */
struct channel_reply {
	int64_t value;
	uint32_t level, pad;
};

/*
 * The driver's side. Context of channel_open(): the start, before drivers; it
 * grants the registers. channel_ready() tells the supervisor.
 */
int channel_open(int fd, unsigned int irq);
int channel_ready(int eventfd);

#endif
