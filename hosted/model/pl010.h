/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of ARM's PL010 serial port: registers on one side, a line on the
 * other. Not locked; whoever shares one between threads serialises all calls,
 * callbacks are made from inside them.
 */
#ifndef HOSTED_MODEL_PL010_H
#define HOSTED_MODEL_PL010_H

#include <stdbool.h>
#include <stdint.h>

#define PL010_SIZE	0x40		/* bytes of registers */
#define PL010_FIFO	16
#define PL010_UARTCLK	14745600u	/* Hz */
#define PL010_NEVER	UINT64_MAX

enum pl010_register {
	PL010_DR = 0x00, PL010_RSR = 0x04, PL010_LCRH = 0x08, PL010_LCRM = 0x0c,
	PL010_LCRL = 0x10, PL010_CR = 0x14, PL010_FR = 0x18, PL010_IIR = 0x1c,
};

enum {
	PL010_CR_UARTEN = 1 << 0, PL010_CR_MSIE = 1 << 3, PL010_CR_RIE = 1 << 4,
	PL010_CR_TIE = 1 << 5, PL010_CR_RTIE = 1 << 6,

	PL010_FR_CTS = 1 << 0, PL010_FR_DSR = 1 << 1, PL010_FR_DCD = 1 << 2,
	PL010_FR_BUSY = 1 << 3, PL010_FR_RXFE = 1 << 4, PL010_FR_TXFF = 1 << 5,
	PL010_FR_MODEM = PL010_FR_CTS | PL010_FR_DSR | PL010_FR_DCD,

	PL010_IIR_MIS = 1 << 0, PL010_IIR_RIS = 1 << 1, PL010_IIR_TIS = 1 << 2,
	PL010_IIR_RTIS = 1 << 3,

	PL010_RSR_FE = 1 << 0, PL010_RSR_PE = 1 << 1, PL010_RSR_BE = 1 << 2,
	PL010_RSR_OE = 1 << 3,

	PL010_LCRH_BRK = 1 << 0, PL010_LCRH_PEN = 1 << 1, PL010_LCRH_EPS = 1 << 2,
	PL010_LCRH_STP2 = 1 << 3, PL010_LCRH_FEN = 1 << 4, PL010_LCRH_WLEN = 3 << 5,
};

/* What the device is wired to. Each may be NULL. */
struct pl010_wires {
	void (*interrupt)(void *data, bool level);	/* only when it changes */
	void (*transmit)(void *data, uint8_t ch);	/* has left the shift register */
	void (*send_break)(void *data, bool on);
	/* Nanoseconds, real or virtual. NULL: no character takes any time. */
	uint64_t (*now)(void *data);
};

/* What has happened since pl010_init(); the driver's counters must agree. */
struct pl010_counts {
	uint64_t arrived;	/* characters from the line, lost ones too */
	uint64_t popped;	/* read from DR */
	uint64_t written;	/* to DR, lost ones too */
	uint64_t sent;		/* out on the line */
	uint64_t frame, parity, brk;	/* of those popped, counted as the driver does */
	uint64_t overrun;	/* times OE went on */
	uint64_t lost_rx, lost_tx;	/* FIFO full, or not enabled */
	uint64_t cts, dsr, dcd;	/* changes */
	uint64_t bad_access;	/* no such register, size or alignment */
};

struct pl010 {
	const struct pl010_wires *wires;
	void *data;
	struct pl010_counts counts;

	struct { uint8_t ch, errors; } rx[PL010_FIFO];
	uint8_t tx[PL010_FIFO];
	unsigned int rx_head, rx_count, tx_head, tx_count;
	bool shifting;			/* shift register holds a character */
	uint8_t shift;
	uint64_t shift_end;		/* when it will have left */
	uint64_t rx_timeout;		/* when RTIS goes on */

	uint8_t rsr, last, cr, lines;	/* last: what DR reads as when empty */
	uint8_t lcr[3], latched[3];	/* H, M, L; a write to H latches all */
	bool modem_changed, level;
	uint32_t clock;			/* Hz, 0 while it is off */
};

void pl010_init(struct pl010 *p, const struct pl010_wires *wires, void *data);

/*
 * Register accesses of 1, 2 or 4 bytes. Registers are 8 bits wide: the rest of
 * a wider read is zero, of a wider write ignored.
 */
uint32_t pl010_read(struct pl010 *p, unsigned int offset, unsigned int size);
void pl010_write(struct pl010 *p, unsigned int offset, unsigned int size, uint32_t value);

/*
 * UARTCLK runs at @hz, or is off: 0. Without it nothing moves on the line; the
 * registers are of the bus' clock.
 */
void pl010_set_clock(struct pl010 *p, uint32_t hz);

/*
 * A character arrives from the line. @errors: PL010_RSR_FE, _PE, _BE.
 * Return: whether it found room (if not, it is lost as on real hardware).
 */
bool pl010_receive(struct pl010 *p, uint8_t ch, uint8_t errors);

/* How many characters can arrive now and find room. */
unsigned int pl010_room(const struct pl010 *p);

/* What has arrived and was not read is forgotten, but not OE. */
void pl010_forget_rx(struct pl010 *p);

/* The modem lines are now @lines: PL010_FR_CTS, _DSR, _DCD. */
void pl010_set_lines(struct pl010 *p, uint8_t lines);

/* Do what is due. Return: when to call again at the latest, or PL010_NEVER. */
uint64_t pl010_run(struct pl010 *p);

/* Nanoseconds that a character takes with the latched settings. */
uint64_t pl010_char_time(const struct pl010 *p);

#endif
