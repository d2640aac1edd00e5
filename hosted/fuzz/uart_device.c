// SPDX-License-Identifier: GPL-2.0
/*
 * The device lies: every register reads as the input says. When it has nothing
 * left to say, all is 0, so that who waits for the device ends.
 */
#include <stdlib.h>

#include "model/uart_board.h"
#include "uart.h"

static kit_u64 read_register(void *device, kit_u64 offset, unsigned int width)
{
	(void)device, (void)offset, (void)width;
	return take();
}

static void write_register(void *device, kit_u64 offset, unsigned int width, kit_u64 value)
{
	(void)device, (void)offset, (void)width, (void)value;
}

static const struct kit_device_ops registers = { read_register, write_register };

static int find(void *data, const char *device, const char *name)
{
	(void)data, (void)device, (void)name;
	return 0;
}

static void put(void *data, int clock)
{
	(void)data;
	(void)clock;
}

static int change(void *data, int clock, bool on)
{
	(void)data, (void)clock, (void)on;
	return 0;
}

static unsigned long rate(void *data, int clock)
{
	(void)data;
	(void)clock;
	return PL010_UARTCLK;
}

static const struct kit_clock_ops clocks = { find, put, change, change, rate };

static const struct kit_device uart = {
	.name = BOARD_UART, .id = BOARD_AMBA_ID, .phys = BOARD_PHYS, .size = PL010_SIZE,
	.irqs = { BOARD_IRQ },
};

void target_init(void)
{
	kit_clocks(&clocks, NULL);
	if (kit_grant_device(BOARD_PHYS, PL010_SIZE, BOARD_UART, &registers, NULL))
		abort();
}

/* An interrupt most of the time: that is where registers are read. */
void target_run(void)
{
	uint8_t op;

	if (kit_amba_add(&uart))
		abort();
	request(SERIAL_OPEN, 1);
	while (input_left()) {
		op = take();
		if (op < 192)
			kit_irq_raise(BOARD_IRQ);
		else if (op < 224)
			request(op % SERIAL_OPS, 1);
		else
			kit_advance((op - 223) * 1000000ull);
		kit_idle();
	}
	serial_client_gone((const void *)1);
	kit_amba_remove(BOARD_UART);
	forget_calls();
}
