/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests with amba-pl010.c in this process, and a model of its device.
 * HOSTED_POLICY is smp, up or replay, and HOSTED_SEED a number.
 */
#ifndef HOSTED_TEST_UART_H
#define HOSTED_TEST_UART_H

#include "harness.h"
#include "kit/bus.h"
#include "kit/kit.h"
#include "kit/serial.h"
#include "model/uart_board.h"

#define SOON		60000		/* milliseconds in which what has to come is there */

/* Seconds for a test, which has to come to that on a slow machine, too */
#undef TH_TIMEOUT_DEFAULT
#define TH_TIMEOUT_DEFAULT	240

/* What the line saw of the port */
extern uint8_t line_data[1 << 17];
extern unsigned int line_length;
extern unsigned int line_breaks;
void line_sent(void *data, uint8_t ch);

/*
 * A test whose body runs in the kit, with the driver and its device, which is
 * gone when the body returns; then nothing may be left.
 */
#define UART_TEST_CONFIG(_name, ...)					\
	static void _name##_body(void);					\
	TEST(_name)							\
	{								\
		struct uart_board_config config = { __VA_ARGS__ };	\
									\
		run_uart(&config, _name##_body);			\
	}								\
	static void _name##_body(void)
#define UART_TEST(_name)	UART_TEST_CONFIG(_name, .loop = false)

void run_uart(struct uart_board_config *config, void (*body)(void));
/* The same without anything yet. */
void run_kit(void (*body)(void));
/* For bodies of these: nothing of this program may run then. */
void start_drivers(void);
void end_drivers(void);

void moment(void);

/* Until it is so, or SOON has passed; the value is that of the condition. */
#define EVENTUALLY(_condition) ({					\
	int _left = SOON;						\
	bool _is;							\
									\
	while (!(_is = (_condition)) && _left--)			\
		moment();						\
	_is;								\
})

/* A request, and whether it was answered */
struct asked {
	struct serial_call call;
	int answered;
};

/* Clients are numbers here. */
struct asked *begin_by(long client, enum serial_op op, kit_u32 arg, kit_u32 timeout_ms,
		       const void *data, size_t length);
bool is_answered(struct asked *a);
/* Waits for the answer; frees the request unless @reply is NULL and it is wanted. */
int end(struct asked *a, struct serial_reply *reply);

static inline struct asked *begin(enum serial_op op, kit_u32 arg, kit_u32 timeout_ms,
				  const void *data, size_t length)
{
	return begin_by(1, op, arg, timeout_ms, data, length);
}

static inline int ask(enum serial_op op, kit_u32 arg)
{
	return end(begin(op, arg, SERIAL_FOREVER, NULL, 0), NULL);
}

/* All of it. Return: 0 or an error. */
int write_all(const void *data, size_t length);
/* @length characters. Return: how many, fewer when SOON has passed. */
int read_all(void *data, size_t length);
struct serial_counters counters(void);
struct serial_termios termios(void);
int set_termios(const struct serial_termios *t);
/* As the line. */
void inject(const void *data, size_t length, uint8_t errors);
void set_lines(uint8_t lines);
struct pl010 look(void);		/* a copy of the model */

#endif
