/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A supervisor: keeps clients, the device and its line while a driver's process
 * may die at any point
 *
 *	hosted-supervise.c	options, the loop, clients
 *	restart.c		the driver's process: start, death, what it is told again
 *	stream.c		what is to be sent and what came in, so that none is lost
 *	line.c			the device, and the other end of its line
 *
 * One thread, and one that closes what might wait, see guest.h. Clients' requests are
 * forwarded over a connection of their own to the driver and kept until they are answered.
 */
#ifndef HOSTED_SERVE_SUPERVISE_H
#define HOSTED_SERVE_SUPERVISE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "client.h"
#include "model/clock.h"
#include "model/pl010.h"

struct client {
	struct client *next;
	int fd;				/* -1: gone, but something is still on its way */
	int up;				/* to the driver; -1: not now */
	bool open;			/* has the port open, as far as was answered */
	bool blocked;			/* the driver has enough to read from it */
	unsigned int pending;		/* requests */
};

/* A request that was not answered yet */
struct pending {
	struct pending *next;
	struct client *client;
	kit_u32 id;			/* the client's; request.id is ours */
	bool sent, cancelled;
	struct serial_request request;
};

/* What the driver is told again after a restart */
struct settings {
	bool has_termios, stopped, breaking, suspended;
	struct serial_termios termios;
	kit_u32 modem_set, modem_clear;
};

struct supervisor {
	const char *socket, *line_path;	/* line_path NULL: looped back */
	char **command;			/* the driver's program, and its arguments */
	bool timed, verbose;
	unsigned int hang_ms;
	unsigned int most_failures;	/* in a row, until drivers are held back */
	uint64_t soon_ns;		/* who fails later is not one of the row */

	struct client *clients;
	struct pending *pending, **last_pending;
	struct settings settings;

	pid_t pid;
	int channel, stop, irq, pidfd, listener, signals;
	bool up;			/* the driver takes requests */
	bool full;			/* whoever connects waits until a client has gone */
	bool ready, killed;		/* it has said so; it does not deserve to live */
	bool closed;			/* something that only its end explains */
	bool broken;			/* there will be no driver any more */
	char driver_path[108];

	uint64_t start_at;		/* there is no driver until then; 0: there is */
	uint64_t connect_at;		/* no attempt before; 0: there was none that failed */
	uint64_t started_at, ready_at;	/* this one; 0: it is not ready */
	uint64_t died_at, restart_ns, restart_max_ns, ping_at;
	unsigned int deaths, restarts, failures, hangs, probe_id;
	bool worked;			/* there was one that was ready */
	struct client probe;		/* asks whether the driver still lives */
	struct clock clock;
	struct pl010 uart;
};

extern struct supervisor s;

uint64_t now_ns(void);

/* hosted-supervise.c */
void client_answer(struct pending *p, int status, const struct serial_reply *reply);
void forward_all(void);
/* What the driver says there, up to @most replies: it may say more without end. */
void replies_from(struct client *client, unsigned int most);
void closed_by_driver(int *fd);
void ping_in(uint64_t ns);
bool any_open(void);

/* restart.c */
int driver_start(void);
void driver_restart(void);
void driver_died(void);
int connect_up(struct client *client);
void driver_kill(const char *why);
void channel_serve(void);
void driver_end(void);

/* stream.c: what is to be sent, in order */

/* Is it this request's turn? If so it now is the one under way. */
bool stream_begin(struct pending *p);
/* Return: false where it has to be asked for again. */
bool stream_answered(struct pending *p, struct serial_reply *reply);
/* The driver wrote a character to the device. */
void stream_written(uint8_t ch);
/* Nobody has the port open any more. */
void stream_clear(void);
/* The driver died: settles what was under way. */
void stream_died(void);
/* A new one runs: what was taken and is not in the device goes first. */
void stream_resend(void);
/* Is this the reply to that? */
bool stream_resent(const struct serial_reply *reply);
/* The client must stay until it is answered. */
bool stream_uses(const struct client *client);
size_t stream_length(void);

/* line.c */
int line_init(void);
void line_exit(void);
/* Fills in LINE_FDS of them. */
void line_poll(struct pollfd *fds);
void line_serve(const struct pollfd *fds);
/* Feeds and runs the device. Return: when to call again at the latest. */
uint64_t line_run(void);
/* Characters that came in and up to this count of the driver's are with a client. */
void line_taken(uint32_t rx);
/* So are all that the driver has read. */
void line_taken_all(void);
void line_died(void);
/* What came in and no client has. */
size_t line_length(void);
/* What is to be added to the counters of the driver that runs. */
const struct serial_counters *line_counters(void);

#define LINE_FDS	2

/*
 * Messages on the line's socket (SOCK_SEQPACKET), either way: a letter, then
 * data. "d": characters. To the device, "e": errors (a byte of PL010_RSR_*),
 * characters. "m": a byte, modem lines (PL010_FR_*). From the device, "b": a
 * byte, whether it sends a break.
 */

#endif
