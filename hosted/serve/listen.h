/* SPDX-License-Identifier: GPL-2.0 */
/* How the programs here begin to listen, and learn that they shall end. */
#ifndef HOSTED_SERVE_LISTEN_H
#define HOSTED_SERVE_LISTEN_H

/* Microseconds until a shortage may have passed, where no client's end would make room */
#define ACCEPT_US	10000

/**
 * listen_at() - listen for SOCK_SEQPACKET connections of this user
 * @path: of the socket. One that nobody listens on, as a process that was killed
 *	leaves it, is removed; anything else that is there stays.
 * @backlog: connections that may wait
 *
 * Return: a descriptor, close-on-exec and not blocking; -ENAMETOOLONG, -EEXIST
 * where there is something that is no socket, -EADDRINUSE where somebody listens,
 * or what the system says.
 */
int listen_at(const char *path, int backlog);

/**
 * end_signals() - block SIGINT and SIGTERM, before there are threads
 *
 * Return: a signalfd, not blocking, that is readable once one has come, or -1 and errno.
 */
int end_signals(void);

#endif
