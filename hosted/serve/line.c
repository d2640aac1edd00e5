// SPDX-License-Identifier: GPL-2.0
/*
 * The device, and the other end of its line
 *
 * What comes in waits here until a client has it: when the driver dies, what it
 * had read and not handed on, and what is in the device, comes in once more. A
 * driver counts what it reads (serial_counters.rx), so that count, as of the last
 * character of a reply, tells how much a client has.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "kit/files.h"
#include "supervise.h"

#define LINE_MESSAGE	1024
#define MANY		65536		/* waiting characters: no more are taken */

struct entry { uint8_t ch, errors; };

static struct {
	int listener, fd;
	struct entry *entries;
	size_t start, length, room;
	size_t given;			/* of length: the device got them */
	uint32_t base;			/* characters taken when this driver started */
	uint32_t taken;			/* characters that clients have */
	struct serial_counters counted;	/* what the driver counted of these */
	struct serial_counters dead;	/* by drivers that are dead */
	uint64_t next;			/* when the line is free for the next character */
	struct { char letter; uint8_t byte; } *out;	/* the other end has not taken it yet */
	size_t out_length, out_room;
	bool deaf;			/* that was too much: hang up */
} line = { .listener = -1, .fd = -1 };

static void receive(uint8_t ch, uint8_t errors)
{
	if (line.start + line.length == line.room) {
		if (line.start) {
			memmove(line.entries, line.entries + line.start,
				line.length * sizeof(*line.entries));
			line.start = 0;
		} else {
			line.room = line.room ? 2 * line.room : 1024;
			line.entries = realloc(line.entries, line.room * sizeof(*line.entries));
			if (!line.entries)
				abort();
		}
	}
	line.entries[line.start + line.length++] = (struct entry){ ch, errors };
}

static void put(char letter, uint8_t byte)
{
	if (line.fd < 0)
		return;
	if (line.out_length >= MANY) {
		line.deaf = true;
		return;
	}
	if (line.out_length == line.out_room) {
		line.out_room = line.out_room ? 2 * line.out_room : 1024;
		line.out = realloc(line.out, line.out_room * sizeof(*line.out));
		if (!line.out)
			abort();
	}
	line.out[line.out_length].letter = letter;
	line.out[line.out_length++].byte = byte;
}

/* As far as the other end takes it: nobody waits for that. */
static void flush_out(void)
{
	uint8_t message[1 + LINE_MESSAGE];
	size_t done = 0, n;

	while (done < line.out_length) {
		message[0] = line.out[done].letter;
		n = 0;
		do {
			message[1 + n] = line.out[done + n].byte;
			n++;
		} while (message[0] == 'd' && n < LINE_MESSAGE && done + n < line.out_length &&
			 line.out[done + n].letter == 'd');
		if (send(line.fd, message, 1 + n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		done += n;
	}
	if (!done)
		return;
	line.out_length -= done;
	memmove(line.out, line.out + done, line.out_length * sizeof(*line.out));
}

/*
 * Wires
 */

static void interrupt(void *data, bool level)
{
	(void)data;
	if (level && s.irq >= 0)
		kit_eventfd_signal(s.irq);
}

static void loop_back(uint8_t ch, uint8_t errors)
{
	if (!s.line_path && line.length < MANY)
		receive(ch, errors);
}

static void transmit(void *data, uint8_t ch)
{
	(void)data;
	put('d', ch);
	loop_back(ch, 0);
}

static void send_break(void *data, bool on)
{
	(void)data;
	put('b', on);
	if (on)
		loop_back(0, PL010_RSR_BE);
}

static uint64_t now(void *data)
{
	(void)data;
	return now_ns();
}

static const struct pl010_wires wires = { interrupt, transmit, send_break, NULL };
static const struct pl010_wires timed_wires = { interrupt, transmit, send_break, now };

/*
 * What came in
 */

static uint64_t feed(void)
{
	struct entry *e;

	while (line.given < line.length && pl010_room(&s.uart)) {
		if (s.timed && now_ns() < line.next)
			return line.next;
		line.next = now_ns() + (s.timed ? pl010_char_time(&s.uart) : 0);
		e = &line.entries[line.start + line.given++];
		pl010_receive(&s.uart, e->ch, e->errors);
	}
	return PL010_NEVER;
}

static void hang_up(void)
{
	guest_close(line.fd);
	line.fd = -1;
	line.out_length = 0;
	line.deaf = false;
	pl010_set_lines(&s.uart, 0);
}

uint64_t line_run(void)
{
	uint64_t next = pl010_run(&s.uart), feeding = feed();

	flush_out();
	if (line.deaf) {
		fprintf(stderr, "hosted-supervise: the line takes nothing, hanging up\n");
		hang_up();
	}
	return next < feeding ? next : feeding;
}

static void count(struct serial_counters *counters, uint8_t errors)
{
	counters->rx++;
	if (errors & PL010_RSR_BE)
		counters->brk++;
	else if (errors & PL010_RSR_PE)
		counters->parity++;
	else if (errors & PL010_RSR_FE)
		counters->frame++;
}

size_t line_length(void)
{
	return line.length;
}

void line_taken(uint32_t rx)
{
	uint32_t count_now = line.base + rx - line.taken;

	if (count_now > line.given)
		return;		/* older than what is known */
	for (; count_now; count_now--) {
		count(&line.counted, line.entries[line.start].errors);
		line.start++;
		line.length--;
		line.given--;
		line.taken++;
	}
}

void line_taken_all(void)
{
	line_taken(line.taken - line.base + line.given - s.uart.rx_count);
}

/* A new driver counts from 0, and counts once more what it reads once more. */
void line_died(void)
{
	const struct pl010_counts *c = &s.uart.counts;

	line.dead = line.counted;
	line.dead.tx = c->written;
	line.dead.overrun = c->overrun - !!(s.uart.rsr & PL010_RSR_OE);
	line.dead.cts = c->cts;
	line.dead.dsr = c->dsr;
	line.dead.dcd = c->dcd;
	pl010_forget_rx(&s.uart);
	line.given = 0;
	line.base = line.taken;
}

const struct serial_counters *line_counters(void)
{
	return &line.dead;
}

/*
 * The other end
 */

static void take(const uint8_t *message, size_t size)
{
	size_t i;

	if (message[0] == 'm' && size == 2) {
		pl010_set_lines(&s.uart, message[1]);
		return;
	}
	i = message[0] == 'e' ? 2 : 1;
	if (message[0] != 'd' && (message[0] != 'e' || size < 3)) {
		fprintf(stderr, "hosted-supervise: the line says '%c' (%zu bytes)\n", message[0],
			size);
		return;
	}
	for (; i < size; i++)
		receive(message[i], message[0] == 'e' ? message[1] : 0);
}

void line_poll(struct pollfd *fds)
{
	fds[0] = (struct pollfd){ .fd = line.listener, .events = POLLIN };
	if (line.fd >= 0 || guest_crowd())
		fds[0].fd = -1;
	fds[1] = (struct pollfd){ .fd = line.fd };
	fds[1].events = (line.length < MANY ? POLLIN : 0) | (line.out_length ? POLLOUT : 0);
}

void line_serve(const struct pollfd *fds)
{
	uint8_t message[1 + LINE_MESSAGE];
	ssize_t size;

	if (fds[0].revents) {
		line.fd = accept4(line.listener, NULL, NULL, SOCK_CLOEXEC);
		pl010_set_lines(&s.uart, line.fd < 0 ? 0 : PL010_FR_MODEM);
	}
	if (!(fds[1].revents & ~POLLOUT) || line.fd < 0)
		return;
	size = guest_receive(line.fd, message, sizeof(message));
	if (size > 0)
		take(message, size);
	else if (size == 0 || errno != EAGAIN)
		hang_up();
}

int line_init(void)
{
	pl010_init(&s.uart, s.timed ? &timed_wires : &wires, NULL);
	if (!s.line_path) {
		pl010_set_lines(&s.uart, PL010_FR_MODEM);
		return 0;
	}
	line.listener = guest_listen(s.line_path, 1);
	return line.listener < 0 ? line.listener : 0;
}

void line_exit(void)
{
	if (line.listener >= 0)
		unlink(s.line_path);
}
