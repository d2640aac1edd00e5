// SPDX-License-Identifier: GPL-2.0
/* What tests of the serial driver have in common. */
#include <stdlib.h>
#include <string.h>

#include "uart.h"

uint8_t line_data[1 << 17];
unsigned int line_length, line_breaks;

void moment(void)
{
	if (kit_config()->policy >= KIT_REPLAY)
		kit_advance(1000000);
	else
		kit_idle();
}

void line_sent(void *data, uint8_t ch)
{
	(void)data;
	line_data[line_length++ % sizeof(line_data)] = ch;
}

static void send_break(void *data, bool on)
{
	(void)data;
	line_breaks += on;
}

static enum kit_policy policy_of(const char *name)
{
	if (!name || !strcmp(name, "smp"))
		return KIT_SMP;
	return strcmp(name, "up") ? strcmp(name, "inline") ? KIT_REPLAY : KIT_INLINE : KIT_UP;
}

static int run_body(void *arg)
{
	jmp_buf env, *outer = th.bail;

	/* A failed ASSERT leaves the body, on this stack. */
	th.bail = &env;
	if (!setjmp(env))
		(*(void (**)(void))arg)();
	th.bail = outer;
	return 0;
}

void run_kit(void (*body)(void))
{
	const char *seed = getenv("HOSTED_SEED");
	struct kit_config config = {
		.policy = policy_of(getenv("HOSTED_POLICY")),
		.seed = seed ? strtoull(seed, NULL, 0) : 1,
		.log_level = getenv("HOSTED_VERBOSE") ? 8 : 4,
	};

	EXPECT_EQ(0, kit_run(&config, run_body, &body));
}

void start_drivers(void)
{
	ASSERT_EQ(0, kit_kernel_init());
	ASSERT_EQ(0, kit_modules_init());
}

void end_drivers(void)
{
	kit_modules_exit();
	kit_kernel_exit();
	EXPECT_EQ(0, kit_report());
}

static struct uart_board_config *the_config;
static void (*the_body)(void);

static void with_board(void)
{
	start_drivers();
	the_config->sent = line_sent;
	the_config->send_break = send_break;
	ASSERT_EQ(0, uart_board_add(the_config));
	EXPECT_EQ(1, kit_amba_bound(BOARD_UART));
	run_body(&the_body);
	EXPECT_EQ(0, uart_board_remove());
	EXPECT_EQ(0, serial_parked());
	end_drivers();
}

void run_uart(struct uart_board_config *config, void (*body)(void))
{
	the_config = config;
	the_body = body;
	run_kit(with_board);
}

static void done(struct serial_call *call)
{
	__atomic_store_n(&((struct asked *)call)->answered, 1, __ATOMIC_RELEASE);
}

struct asked *begin_by(long client, enum serial_op op, kit_u32 arg, kit_u32 timeout_ms,
		       const void *data, size_t length)
{
	static kit_u32 id;
	struct asked *a = calloc(1, sizeof(*a));

	a->call.request.op = op;
	a->call.request.id = __atomic_add_fetch(&id, 1, __ATOMIC_RELAXED);
	a->call.request.arg = arg;
	a->call.request.timeout_ms = timeout_ms;
	a->call.request.length = length;
	if (length)
		memcpy(a->call.request.data, data, length);
	a->call.client = (const void *)client;
	a->call.done = done;
	serial_call(&a->call);
	return a;
}

bool is_answered(struct asked *a)
{
	return __atomic_load_n(&a->answered, __ATOMIC_ACQUIRE);
}

int end(struct asked *a, struct serial_reply *reply)
{
	int status;

	if (!EVENTUALLY(is_answered(a))) {
		TH_LOG("request %u (op %u) is not answered", a->call.request.id,
		       a->call.request.op);
		th.failed = true;
		return -ETIMEDOUT;
	}
	status = a->call.reply.status;
	if (reply)
		*reply = a->call.reply;
	free(a);
	return status;
}

int write_all(const void *data, size_t length)
{
	const uint8_t *at = data;
	size_t chunk;
	int status;

	for (; length; length -= status, at += status) {
		chunk = length < SERIAL_DATA ? length : SERIAL_DATA;
		status = end(begin(SERIAL_WRITE, 0, SERIAL_FOREVER, at, chunk), NULL);
		if (status <= 0)
			return status;
	}
	return 0;
}

int read_all(void *data, size_t length)
{
	struct serial_reply reply;
	size_t got = 0;
	int status;

	while (got < length) {
		status = end(begin(SERIAL_READ_DATA, length - got, SOON, NULL, 0), &reply);
		if (status <= 0)
			break;
		memcpy((uint8_t *)data + got, reply.data, status);
		got += status;
	}
	return got;
}

struct serial_counters counters(void)
{
	struct serial_counters c = { 0 };
	struct serial_reply reply;

	if (!end(begin(SERIAL_COUNTERS, 0, 0, NULL, 0), &reply))
		memcpy(&c, reply.data, sizeof(c));
	return c;
}

struct serial_termios termios(void)
{
	struct serial_termios t = { 0 };
	struct serial_reply reply;

	if (!end(begin(SERIAL_GET_TERMIOS, 0, 0, NULL, 0), &reply))
		memcpy(&t, reply.data, sizeof(t));
	return t;
}

int set_termios(const struct serial_termios *t)
{
	return end(begin(SERIAL_SET_TERMIOS, 0, 0, t, sizeof(*t)), NULL);
}

static bool inject_one(uint8_t ch, uint8_t errors)
{
	struct pl010 *p = uart_board_lock();
	bool room = pl010_room(p);

	if (room)
		pl010_receive(p, ch, errors);
	uart_board_unlock();
	return room;
}

void inject(const void *data, size_t length, uint8_t errors)
{
	const uint8_t *at = data;

	for (; length; length--, at++)
		EXPECT_TRUE(EVENTUALLY(inject_one(*at, errors)));
}

void set_lines(uint8_t lines)
{
	pl010_set_lines(uart_board_lock(), lines);
	uart_board_unlock();
}

struct pl010 look(void)
{
	struct pl010 copy = *uart_board_lock();

	uart_board_unlock();
	return copy;
}
