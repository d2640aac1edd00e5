/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Models of three small devices of ARM's: PL030, a clock; SP805, a watchdog;
 * PL050, a keyboard's port. Time is what a test says it is.
 */
#ifndef HOSTED_MODEL_PRIMECELLS_H
#define HOSTED_MODEL_PRIMECELLS_H

#include <stdbool.h>
#include <stdint.h>

struct pl030 {
	uint32_t time, match, control;
	bool pending;
};

struct sp805 {
	uint32_t load, value, control;
	bool pending, locked, reset;	/* reset: it has bitten */
	unsigned int refused;		/* writes while locked */
};

struct pl050 {
	uint8_t control, divisor;
	uint8_t in[16], out[16];
	unsigned int nin, nout;
	bool busy;			/* the keyboard takes nothing */
};

#define RTC_DEVICE	"rtc@10017000"
#define WATCHDOG_DEVICE	"watchdog@10010000"
#define KEYBOARD_DEVICE	"kmi@10006000"

extern struct pl030 pl030;
extern struct sp805 sp805;
extern struct pl050 pl050;

/* Adds all three; the clock of two of them runs at @hz. Return: 0 or an error. */
int primecells_add(unsigned long hz);
/* Return: uses of the clock that are left. */
unsigned int primecells_remove(void);
unsigned int primecells_clock_users(void);

void pl030_tick(unsigned int seconds);
void sp805_tick(uint32_t cycles);
void pl050_type(uint8_t scancode);

#endif
