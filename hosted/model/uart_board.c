// SPDX-License-Identifier: GPL-2.0
/*
 * A PL010 in the driver's own process
 *
 * One lock serialises the model; it is inside all locks of drivers, and the kit's,
 * so that another thread may run while it is held. A thread lets time pass, where
 * characters take time.
 */
#include <string.h>

#include "kit/bus.h"
#include "kit/kit.h"
#include "uart_board.h"

static struct {
	struct uart_board_config config;
	struct kit_spin lock;
	struct pl010 uart;
	bool changed;			/* the interrupt, with KIT_INLINE */
	struct kit_thread *clockwork;
	bool stop;
} board;

static void clock_changed(struct clock *clock)
{
	pl010_set_clock(uart_board_lock(), clock_running(clock) ? clock->rate : 0);
	uart_board_unlock();
}

struct clock uart_board_clock = {
	.name = "UARTCLK", .rate = PL010_UARTCLK, .changed = clock_changed,
};

struct pl010 *uart_board_lock(void)
{
	kit_spin_lock(&board.lock);
	return &board.uart;
}

/*
 * Something may be due earlier now. With KIT_INLINE the handler runs when the
 * line is raised, here, and will want the lock.
 */
void uart_board_unlock(void)
{
	bool changed = board.changed, level = board.uart.level;

	board.changed = false;
	kit_spin_unlock(&board.lock);
	if (changed)
		kit_irq_level(BOARD_IRQ, level);
	if (board.clockwork)
		kit_unpark(board.clockwork);
}

static kit_u64 read_register(void *device, kit_u64 offset, unsigned int width)
{
	kit_u64 value;

	(void)device;
	value = pl010_read(uart_board_lock(), offset, width);
	uart_board_unlock();
	return value;
}

static void write_register(void *device, kit_u64 offset, unsigned int width, kit_u64 value)
{
	(void)device;
	pl010_write(uart_board_lock(), offset, width, value);
	uart_board_unlock();
}

static const struct kit_device_ops registers = { read_register, write_register };

static void interrupt(void *data, bool level)
{
	(void)data;
	board.changed = kit_policy == KIT_INLINE;
	if (!board.changed)
		kit_irq_level(BOARD_IRQ, level);
}

static void transmit(void *data, uint8_t ch)
{
	(void)data;
	if (board.config.loop)
		pl010_receive(&board.uart, ch, 0);
	if (board.config.sent)
		board.config.sent(board.config.data, ch);
}

static void send_break(void *data, bool on)
{
	(void)data;
	if (board.config.loop && on)
		pl010_receive(&board.uart, 0, PL010_RSR_BE);
	if (board.config.send_break)
		board.config.send_break(board.config.data, on);
}

static uint64_t now(void *data)
{
	(void)data;
	return kit_now();
}

static const struct pl010_wires wires = { interrupt, transmit, send_break, NULL };
static const struct pl010_wires timed_wires = { interrupt, transmit, send_break, now };

/* Runs the model when something is due. */
static int clockwork(void *arg)
{
	uint64_t next;

	while (!__atomic_load_n(&board.stop, __ATOMIC_ACQUIRE)) {
		kit_spin_lock(&board.lock);
		next = pl010_run(&board.uart);
		kit_spin_unlock(&board.lock);
		kit_park(next);
	}
	return (void)arg, 0;
}

static const struct kit_device uart = {
	.name = BOARD_UART, .id = BOARD_AMBA_ID, .phys = BOARD_PHYS, .size = PL010_SIZE,
	.irqs = { BOARD_IRQ },
};

int uart_board_add(const struct uart_board_config *config)
{
	int err;

	board.config = *config;
	board.stop = false;
	pl010_init(&board.uart, config->timed ? &timed_wires : &wires, NULL);
	if (config->loop)
		pl010_set_lines(&board.uart, PL010_FR_MODEM);
	kit_clocks(&clock_only, &uart_board_clock);
	err = kit_grant_device(BOARD_PHYS, PL010_SIZE, BOARD_UART, &registers, NULL);
	if (!err && config->timed)
		err = kit_thread_create(KIT_OTHER, "pl010", clockwork, NULL, &board.clockwork);
	if (!err)
		err = kit_amba_add(&uart);
	if (err)
		uart_board_remove();
	return err;
}

unsigned int uart_board_remove(void)
{
	struct kit_thread *thread = board.clockwork;

	kit_amba_remove(BOARD_UART);
	kit_grant_revoke(BOARD_PHYS);
	__atomic_store_n(&board.stop, true, __ATOMIC_RELEASE);
	if (thread) {
		kit_unpark(thread);
		kit_thread_join(thread);
		board.clockwork = NULL;
	}
	return clock_drop(&uart_board_clock, 0);
}
