// SPDX-License-Identifier: GPL-2.0
/*
 * A model of ARM's PL010 serial port.
 *
 * The FIFOs are 16 deep while LCRH.FEN is set, else 1. TIS means that at least
 * 8 places are free, because Linux' driver writes 8 characters per interrupt
 * and does not look at TXFF in between. Without a clock to ask (wires->now is
 * NULL), a character leaves when it is written, and the receive timeout is over
 * at once.
 */
#include <string.h>

#include "pl010.h"

#define NSEC_PER_SEC	1000000000ull
#define TIMEOUT_BITS	32	/* of silence, until RTIS */

enum { LCRH, LCRM, LCRL };

static unsigned int depth(const struct pl010 *p)
{
	return p->latched[LCRH] & PL010_LCRH_FEN ? PL010_FIFO : 1;
}

static bool running(const struct pl010 *p)
{
	return p->clock && p->cr & PL010_CR_UARTEN;
}

static bool timed(const struct pl010 *p)
{
	return p->wires->now;
}

static uint64_t now(const struct pl010 *p)
{
	return timed(p) ? p->wires->now(p->data) : 0;
}

static uint64_t bits_time(const struct pl010 *p, unsigned int bits)
{
	uint64_t divisor = (p->latched[LCRM] & 0xf) << 8 | p->latched[LCRL];

	return p->clock ? bits * 16 * (divisor + 1) * NSEC_PER_SEC / p->clock : 0;
}

uint64_t pl010_char_time(const struct pl010 *p)
{
	uint8_t h = p->latched[LCRH];
	unsigned int bits = 1 + 5 + (h >> 5 & 3) + 1;	/* start, data, stop */

	bits += !!(h & PL010_LCRH_PEN) + !!(h & PL010_LCRH_STP2);
	return bits_time(p, bits);
}

static uint8_t pending(const struct pl010 *p)
{
	uint8_t iir = 0;

	if (p->modem_changed && p->cr & PL010_CR_MSIE)
		iir |= PL010_IIR_MIS;
	if (p->rx_count >= (depth(p) + 1) / 2 && p->cr & PL010_CR_RIE)
		iir |= PL010_IIR_RIS;
	if (p->tx_count <= depth(p) / 2 && p->cr & PL010_CR_TIE)
		iir |= PL010_IIR_TIS;
	if (p->rx_count && now(p) >= p->rx_timeout && p->cr & PL010_CR_RTIE)
		iir |= PL010_IIR_RTIS;
	return iir;
}

static void update_interrupt(struct pl010 *p)
{
	bool level = pending(p);

	if (level == p->level)
		return;
	p->level = level;
	if (p->wires->interrupt)
		p->wires->interrupt(p->data, level);
}

static void restart_timeout(struct pl010 *p)
{
	p->rx_timeout = timed(p) ? now(p) + bits_time(p, TIMEOUT_BITS) : 0;
}

static void load_shifter(struct pl010 *p, uint64_t start)
{
	p->shift = p->tx[p->tx_head];
	p->tx_head = (p->tx_head + 1) % PL010_FIFO;
	p->tx_count--;
	p->shifting = true;
	p->shift_end = start + (timed(p) ? pl010_char_time(p) : 0);
}

/* A gap after the last character must not shorten the next one. */
static void run_transmitter(struct pl010 *p)
{
	uint64_t at = now(p);

	while (running(p)) {
		if (!p->shifting) {
			if (!p->tx_count)
				return;
			load_shifter(p, at);
		}
		if (p->shift_end > at)
			return;
		p->shifting = false;
		p->counts.sent++;
		if (p->wires->transmit)
			p->wires->transmit(p->data, p->shift);
		if (p->tx_count)
			load_shifter(p, p->shift_end);
	}
}

uint64_t pl010_run(struct pl010 *p)
{
	uint64_t next = PL010_NEVER;

	run_transmitter(p);
	update_interrupt(p);
	if (!running(p) || !timed(p))
		return next;
	if (p->shifting)
		next = p->shift_end;
	if (p->rx_count && p->rx_timeout > now(p) && p->rx_timeout < next)
		next = p->rx_timeout;
	return next;
}

static uint8_t pop(struct pl010 *p)
{
	uint8_t errors;

	p->rsr &= PL010_RSR_OE;
	if (!p->rx_count)
		return p->last;
	p->last = p->rx[p->rx_head].ch;
	errors = p->rx[p->rx_head].errors;
	p->rsr |= errors;
	p->rx_head = (p->rx_head + 1) % PL010_FIFO;
	p->rx_count--;
	restart_timeout(p);

	p->counts.popped++;
	if (errors & PL010_RSR_BE)
		p->counts.brk++;
	else if (errors & PL010_RSR_PE)
		p->counts.parity++;
	else if (errors & PL010_RSR_FE)
		p->counts.frame++;
	return p->last;
}

static void push(struct pl010 *p, uint8_t ch)
{
	run_transmitter(p);
	p->counts.written++;
	if (p->tx_count >= depth(p)) {
		p->counts.lost_tx++;
		return;
	}
	p->tx[(p->tx_head + p->tx_count++) % PL010_FIFO] = ch;
}

static uint8_t flags(const struct pl010 *p)
{
	uint8_t fr = p->lines;

	if (p->shifting || p->tx_count)
		fr |= PL010_FR_BUSY;
	if (!p->rx_count)
		fr |= PL010_FR_RXFE;
	if (p->tx_count >= depth(p))
		fr |= PL010_FR_TXFF;
	return fr;
}

static void latch(struct pl010 *p)
{
	bool was = p->latched[LCRH] & PL010_LCRH_BRK, is = p->lcr[LCRH] & PL010_LCRH_BRK;

	memcpy(p->latched, p->lcr, sizeof(p->latched));
	if (was != is && p->wires->send_break)
		p->wires->send_break(p->data, is);
}

static bool valid(struct pl010 *p, unsigned int offset, unsigned int size)
{
	bool ok = (size == 1 || size == 2 || size == 4) && offset % 4 == 0 &&
		  offset <= PL010_IIR;

	p->counts.bad_access += !ok;
	return ok;
}

uint32_t pl010_read(struct pl010 *p, unsigned int offset, unsigned int size)
{
	uint32_t value = 0;

	if (!valid(p, offset, size))
		return 0;
	run_transmitter(p);
	switch (offset) {
	case PL010_DR:
		value = pop(p);
		break;
	case PL010_RSR:
		value = p->rsr;
		break;
	case PL010_LCRH:
		value = p->lcr[LCRH];
		break;
	case PL010_LCRM:
		value = p->lcr[LCRM];
		break;
	case PL010_LCRL:
		value = p->lcr[LCRL];
		break;
	case PL010_CR:
		value = p->cr;
		break;
	case PL010_FR:
		value = flags(p);
		break;
	case PL010_IIR:
		value = pending(p);
		break;
	}
	update_interrupt(p);
	return value;
}

void pl010_write(struct pl010 *p, unsigned int offset, unsigned int size, uint32_t value)
{
	if (!valid(p, offset, size))
		return;
	switch (offset) {
	case PL010_DR:
		push(p, value);
		break;
	case PL010_RSR:
		p->rsr = 0;
		break;
	case PL010_LCRH:
		p->lcr[LCRH] = value & 0x7f;
		latch(p);
		break;
	case PL010_LCRM:
		p->lcr[LCRM] = value;
		break;
	case PL010_LCRL:
		p->lcr[LCRL] = value;
		break;
	case PL010_CR:
		p->cr = value;
		break;
	case PL010_IIR:
		p->modem_changed = false;
		break;
	}
	run_transmitter(p);
	update_interrupt(p);
}

void pl010_set_clock(struct pl010 *p, uint32_t hz)
{
	p->clock = hz;
	run_transmitter(p);
	update_interrupt(p);
}

bool pl010_receive(struct pl010 *p, uint8_t ch, uint8_t errors)
{
	unsigned int slot = (p->rx_head + p->rx_count) % PL010_FIFO;

	p->counts.arrived++;
	if (!running(p)) {
		p->counts.lost_rx++;
		return false;
	}
	if (p->rx_count >= depth(p)) {
		p->counts.lost_rx++;
		p->counts.overrun += !(p->rsr & PL010_RSR_OE);
		p->rsr |= PL010_RSR_OE;
		return false;
	}
	p->rx[slot].ch = ch;
	p->rx[slot].errors = errors & (PL010_RSR_FE | PL010_RSR_PE | PL010_RSR_BE);
	p->rx_count++;
	restart_timeout(p);
	update_interrupt(p);
	return true;
}

unsigned int pl010_room(const struct pl010 *p)
{
	return running(p) && p->rx_count < depth(p) ? depth(p) - p->rx_count : 0;
}

void pl010_forget_rx(struct pl010 *p)
{
	p->rx_count = 0;
	p->rsr &= PL010_RSR_OE;
	update_interrupt(p);
}

void pl010_set_lines(struct pl010 *p, uint8_t lines)
{
	uint8_t delta = (p->lines ^ lines) & PL010_FR_MODEM;

	p->lines = lines & PL010_FR_MODEM;
	p->counts.cts += !!(delta & PL010_FR_CTS);
	p->counts.dsr += !!(delta & PL010_FR_DSR);
	p->counts.dcd += !!(delta & PL010_FR_DCD);
	p->modem_changed |= delta;
	update_interrupt(p);
}

void pl010_init(struct pl010 *p, const struct pl010_wires *wires, void *data)
{
	*p = (struct pl010){ .wires = wires, .data = data };
}
