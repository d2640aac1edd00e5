/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the serial class know of each other. */
#ifndef HOSTED_CLASS_TTY_H
#define HOSTED_CLASS_TTY_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/serial_core.h>
#include <linux/tty.h>

/* One opening, of a client */
struct tty_file {
	struct file file;		/* for drivers; its private_data is the tty */
	struct list_head list;		/* of all; protected by tty_mutex */
	struct tty_struct *tty;
	const void *client;
	unsigned int users;		/* calls; protected by tty_mutex */
	bool opened, closing, hung_up;	/* the first two as well */
};

extern struct mutex tty_mutex;		/* drivers, ttys, openings */

/* The line of the first driver that has it; NULL. With tty_mutex. */
struct tty_driver *tty_find_driver(unsigned int line);

struct tty_file *tty_file_open(unsigned int line, const void *client);
void tty_file_close(struct tty_file *file);
/* What the client has open, for a call, until tty_file_put(); or NULL. */
struct tty_file *tty_file_get(unsigned int line, const void *client);
void tty_file_put(struct tty_file *file);
/*
 * The same for the one that closes it: nobody else gets it any more, and nobody
 * uses it. Of any line where @line is TTY_ANY. May sleep.
 */
#define TTY_ANY		-1L
struct tty_file *tty_file_take(long line, const void *client);

/* Takes up to @max of what was received. @seen: see struct tty_bufhead. */
unsigned int tty_buffer_take(struct tty_port *port, u8 *chars, u8 *flags, unsigned int max,
			     u32 *seen);
unsigned int tty_buffer_used(struct tty_port *port);
void tty_check_throttle(struct tty_struct *tty);

/* Waits for hang-ups and closes that are under way. May sleep. */
void tty_port_settle(struct tty_port *port);

/* Answers what waits for a tty that is closed or hung up. */
extern void (*tty_abandon)(struct tty_struct *tty, int error);

/* class/serial.c */
static inline struct uart_state *uart_state_of_port(struct tty_port *port)
{
	return container_of(port, struct uart_state, port);
}

static inline struct uart_state *uart_state_of(struct tty_struct *tty)
{
	return uart_state_of_port(tty->port);
}

const char *uart_type(struct uart_port *port);
/* What the poller wakes up, while somebody waits: see uart_poll(). */
wait_queue_head_t *uart_poll_queue(struct uart_state *state);
void uart_poll(void);
/* All is sent, the shift register is empty, or there is no port any more. */
bool uart_all_sent(struct uart_state *state);
bool uart_xchar_sent(struct uart_state *state);

#endif
