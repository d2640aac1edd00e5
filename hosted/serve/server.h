/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver's server: takes clients' requests from SOCK_SEQPACKET connections and
 * hands them to the class. Its thread is kit_serve()'s, so that no request that
 * sleeps delays another. A client that vanishes takes its requests along.
 */
#ifndef HOSTED_SERVE_SERVER_H
#define HOSTED_SERVE_SERVER_H

/**
 * server_run() - serve until told to stop
 * @listener: where clients connect
 * @stop: becomes readable when it is time to end
 *
 * Context: thread 0. Return: 0 when @stop was readable, all clients are gone and
 * all requests answered, or a negative error.
 */
int server_run(int listener, int stop);

#endif
