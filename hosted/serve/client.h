/* SPDX-License-Identifier: GPL-2.0 */
/* A client of a serial port: requests and replies over its connection. */
#ifndef HOSTED_SERVE_CLIENT_H
#define HOSTED_SERVE_CLIENT_H

#include <stddef.h>

#include "kit/serial.h"

/* Return: a descriptor, or a negative error. */
int client_connect(const char *path);

/* The same, but neither this nor client_send() waits: -EAGAIN. */
int client_try_connect(const char *path);

/* Send a request without waiting for the reply. Return: its id, or an error. */
int client_send(int fd, enum serial_op op, kit_u32 arg, kit_u32 timeout_ms, const void *data,
		size_t length);

/*
 * The next reply, whatever request it belongs to. Return: 1, 0 when there is none
 * now and @wait is not set, -ECONNRESET, -EBADMSG for one that is not as long as it
 * says.
 */
int client_receive(int fd, struct serial_reply *reply, _Bool wait);

/*
 * Ask and wait; replies of other requests are dropped. @reply may be NULL.
 * Return: the reply's status, or an error of the connection.
 */
int client_call(int fd, enum serial_op op, kit_u32 arg, kit_u32 timeout_ms, const void *data,
		size_t length, struct serial_reply *reply);

/* The same with nothing but a number to tell. */
static inline int client_ask(int fd, enum serial_op op, kit_u32 arg)
{
	return client_call(fd, op, arg, SERIAL_FOREVER, NULL, 0, NULL);
}

/* All of it. Return: 0 or an error. */
int client_write(int fd, const void *data, size_t length);

#endif
