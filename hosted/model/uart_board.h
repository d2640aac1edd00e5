/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PL010 in the driver's own process: registers, interrupt, clock, AMBA device.
 * For tests, fuzzing and debugging; with hosted-supervise all that is outside.
 */
#ifndef HOSTED_MODEL_UART_BOARD_H
#define HOSTED_MODEL_UART_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "pl010.h"

#define BOARD_UART	"uart@80808000"	/* name of the device */
#define BOARD_PHYS	0x80808000ull
#define BOARD_IRQ	20		/* below those that the kit hands out */
#define BOARD_AMBA_ID	0x00041010

/**
 * struct uart_board_config - how to wire it
 * @timed: characters take their time
 * @loop: what is sent is received, too; CTS, DSR and DCD are on
 * @sent: told of each character on the line, with the board locked; may be NULL
 * @send_break: told when a break begins and ends; may be NULL
 * @data: for them
 */
struct uart_board_config {
	bool timed, loop;
	void (*sent)(void *data, uint8_t ch);
	void (*send_break)(void *data, bool on);
	void *data;
};

/* Context: a thread of the kit, may sleep. Return: 0 or a negative error. */
int uart_board_add(const struct uart_board_config *config);

/* Takes the device away from its driver. Return: clock users that were left. */
unsigned int uart_board_remove(void);

/* The model, for whoever is at the other end of the line. Must not sleep. */
struct pl010 *uart_board_lock(void);
void uart_board_unlock(void);

extern struct clock uart_board_clock;

#endif
