/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a client can ask a serial port for: the messages that travel over a
 * SOCK_SEQPACKET connection, one request or reply each, in native byte order,
 * and how hosted programs hand them to the class. Seen by drivers' side, the
 * host's and clients; class/requests.c does the work.
 */
#ifndef HOSTED_KIT_SERIAL_H
#define HOSTED_KIT_SERIAL_H

#include "kit.h"

#define SERIAL_DATA	2048		/* bytes after a header at most */
#define SERIAL_READ	(SERIAL_DATA / 2)
#define SERIAL_FOREVER	0xffffffffu

/**
 * enum serial_op - requests; the reply's status is 0 or a negative errno value
 * where nothing else is said
 * @SERIAL_INFO: reply: struct serial_info
 * @SERIAL_OPEN: every connection opens for itself; needed for all below but
 *	SUSPEND and RESUME
 * @SERIAL_CLOSE: waits until all is sent, when it is the last (30 s at most)
 * @SERIAL_READ_DATA: up to @arg characters, at most SERIAL_READ. Waits for the
 *	first until @timeout_ms. Status: how many, 0 when time is over. Reply:
 *	characters, then as many flags (enum serial_flag) unless all are 0
 * @SERIAL_WRITE: data. Status: how many were taken, in order. Waits for room
 *	until @timeout_ms
 * @SERIAL_SET_TERMIOS: data: struct serial_termios; takes effect at once
 * @SERIAL_GET_TERMIOS: reply: struct serial_termios, as the driver has set it
 * @SERIAL_SUSPEND: as when the machine goes to sleep
 * @SERIAL_RESUME: and wakes up
 * @SERIAL_DISCARD: @arg: 1: what was received, 2: what is to be sent, 3: both
 * @SERIAL_XCHAR: @arg: a character that goes before all others; the reply comes
 *	when it is in the device
 * @SERIAL_STOP: send nothing more
 * @SERIAL_START: go on
 * @SERIAL_BREAK: @arg: 1: begin, 0: end
 * @SERIAL_DRAIN: wait until all is sent, the shift register too, until @timeout_ms:
 *	-ETIMEDOUT
 * @SERIAL_COUNTERS: reply: struct serial_counters
 * @SERIAL_WAIT_COUNTERS: @arg: which (bit n: the nth of serial_counters). Waits
 *	until one of them differs from those in the data, or, without data, from
 *	those at the time of the request. Reply: struct serial_counters
 * @SERIAL_WAIT_BREAK: the same for breaks that are received
 * @SERIAL_GET_MODEM: status: enum serial_modem
 * @SERIAL_SET_MODEM: @arg: lines to set, upper half: lines to clear
 * @SERIAL_CANCEL: @arg: id of a request of this connection, which then is
 *	answered with -EINTR, if it was not
 * @SERIAL_STATUS: a supervisor's; reply: text
 */
enum serial_op {
	SERIAL_INFO, SERIAL_OPEN, SERIAL_CLOSE, SERIAL_READ_DATA, SERIAL_WRITE,
	SERIAL_SET_TERMIOS, SERIAL_GET_TERMIOS, SERIAL_SUSPEND, SERIAL_RESUME,
	SERIAL_DISCARD, SERIAL_XCHAR, SERIAL_STOP, SERIAL_START, SERIAL_BREAK,
	SERIAL_DRAIN, SERIAL_COUNTERS, SERIAL_WAIT_COUNTERS, SERIAL_WAIT_BREAK,
	SERIAL_GET_MODEM, SERIAL_SET_MODEM, SERIAL_CANCEL, SERIAL_STATUS, SERIAL_OPS,
};

enum serial_flag {
	SERIAL_NORMAL, SERIAL_BREAK_FLAG, SERIAL_FRAME, SERIAL_PARITY, SERIAL_OVERRUN,
};

enum serial_modem {
	SERIAL_DTR = 0x002, SERIAL_RTS = 0x004, SERIAL_CTS = 0x020, SERIAL_DCD = 0x040,
	SERIAL_RNG = 0x080, SERIAL_DSR = 0x100, SERIAL_LOOP = 0x8000,
};

/* Like struct termios2 of Linux programs, numbers included */
struct serial_termios {
	kit_u32 iflag, oflag, cflag, lflag;
	kit_u8 line, cc[19];
	kit_u32 ispeed, ospeed;
};

struct serial_counters {
	kit_u32 cts, dsr, rng, dcd, rx, tx, frame, overrun, parity, brk, buf_overrun;
};

#define SERIAL_COUNTER(name) \
	(1u << __builtin_offsetof(struct serial_counters, name) / sizeof(kit_u32))
#define SERIAL_COUNTER_BRK	(1u << 9)

struct serial_info {
	char name[16], driver[16], type[16];
	kit_u32 line, clock, fifo;
};

/*
 * @port: which line of the driver
 * @id: the client's choice, for the reply and SERIAL_CANCEL
 */
struct serial_request {
	kit_u32 op, id, port, arg, timeout_ms, length;
	kit_u8 data[SERIAL_DATA];
};

/* @rx: serial_counters.rx when the last character of this reply came in */
struct serial_reply {
	kit_u32 id;
	int status;
	kit_u32 rx, length;
	kit_u8 data[SERIAL_DATA];
};

#define SERIAL_REQUEST_HEAD	__builtin_offsetof(struct serial_request, data)
#define SERIAL_REPLY_HEAD	__builtin_offsetof(struct serial_reply, data)

/**
 * struct serial_call - a request that is worked on: the reply token
 * @request: what is asked for; @request.length was checked
 * @reply: filled in by the class
 * @client: who asks; compared only
 * @done: called once, from any context, with a driver's locks held: it must not
 *	sleep. The call is the host's again.
 */
struct serial_call {
	struct serial_request request;
	struct serial_reply reply;
	const void *client;
	void (*done)(struct serial_call *call);
};

/**
 * serial_call() - do what a client asks for
 *
 * Context: may sleep. Some calls wait for something without sleeping: then
 * @done comes later.
 */
void serial_call(struct serial_call *call);

/**
 * serial_client_gone() - a client has vanished
 *
 * Its parked calls are answered with -EINTR, its openings closed, but for those
 * that a serial_call() is still at, which the host has to tell of it again then.
 * Context: may sleep.
 */
void serial_client_gone(const void *client);

/** serial_parked() - calls that wait without a stack. Context: any. */
unsigned int serial_parked(void);

#endif
