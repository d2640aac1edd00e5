/* SPDX-License-Identifier: GPL-2.0 */
/* Moves data between a descriptor and a serial port, in both directions. */
#ifndef HOSTED_SERVE_PUMP_H
#define HOSTED_SERVE_PUMP_H

#include <stdbool.h>

#include "client.h"

struct pump {
	int port;			/* connection */
	int reading, writing, setting;	/* ids of requests; 0: none */
	size_t length;			/* to write; what of it was taken goes */
	unsigned char data[SERIAL_DATA];
};

/* Ask for data unless that was done. Return: 0 or an error. */
int pump_read(struct pump *p);

/* There is no data under way: new may be put to @data, then pump_write(). */
static inline bool pump_idle(const struct pump *p)
{
	return !p->length;
}

/* Sent once the settings that are on their way have been made. */
int pump_write(struct pump *p, size_t length);

/*
 * Take a reply, if there is one. Return: 1 when it has data for the reader, whose
 * length is @reply->status; 0; or an error.
 */
int pump_reply(struct pump *p, struct serial_reply *reply);

/* A terminal of the user's. Return: exit status. */
int terminal_run(int port);

/* A pseudo-terminal, named @link; @format: cflag of a termios. Return: exit status. */
int pty_run(int port, const char *link, kit_u32 format);

#endif
