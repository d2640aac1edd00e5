// SPDX-License-Identifier: GPL-2.0
/*
 * Clients ask for anything, in any order, while the line does what it likes; the
 * device is the model. It must see no access that it does not have, no character
 * for which it has no room, and its counters must be those of the driver.
 */
#include <stdlib.h>
#include <string.h>

#include "model/uart_board.h"
#include "uart.h"

void target_init(void)
{
}

static void line(uint8_t op)
{
	struct pl010 *p = uart_board_lock();

	if (op & 8)
		pl010_set_lines(p, op & 7);
	else
		pl010_receive(p, take(), op & 7);
	uart_board_unlock();
}

static void operate(uint8_t op)
{
	if (op < 128)
		request(op % SERIAL_OPS, 1 + op / SERIAL_OPS % 3);
	else if (op < 224)
		line(op);
	else
		kit_advance((op - 223) * 1000000ull);
	kit_idle();
}

void target_run(void)
{
	struct uart_board_config config = { 0 };
	struct pl010_counts counts;
	long client;

	if (uart_board_add(&config))
		abort();
	request(SERIAL_OPEN, 1);
	while (input_left())
		operate(take());
	for (client = 1; client <= 3; client++)
		serial_client_gone((const void *)client);
	counts = uart_board_lock()->counts;
	uart_board_unlock();
	if (counts.bad_access || counts.lost_tx)
		kit_die("%llu bad accesses, %llu characters without room",
			(unsigned long long)counts.bad_access,
			(unsigned long long)counts.lost_tx);
	if (uart_board_remove())
		kit_die("the clock is still in use");
	forget_calls();
}
