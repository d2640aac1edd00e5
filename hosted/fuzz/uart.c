// SPDX-License-Identifier: GPL-2.0
/* Runs a serial driver on inputs, from probe to remove, and sees that nothing is left. */
#include <stdlib.h>
#include <string.h>

#include "uart.h"

#define CALLS	64

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));

static const uint8_t *input, *input_end;

static struct asked {
	struct serial_call call;
	unsigned int done;
} calls[CALLS];
static unsigned int ncalls;

uint8_t take(void)
{
	return input < input_end ? *input++ : 0;
}

uint16_t take16(void)
{
	uint8_t low = take();

	return low | take() << 8;
}

size_t input_left(void)
{
	return input_end - input;
}

static void done(struct serial_call *call)
{
	((struct asked *)call)->done++;
}

static void fill(struct serial_request *r)
{
	size_t i;

	switch (r->op) {
	case SERIAL_SET_TERMIOS:
		r->length = sizeof(struct serial_termios);
		break;
	case SERIAL_WAIT_COUNTERS:
	case SERIAL_WAIT_BREAK:
		r->length = r->arg & 1 ? sizeof(struct serial_counters) : 0;
		break;
	default:
		r->length = take();
	}
	for (i = 0; i < r->length && input < input_end; i++)
		r->data[i] = *input++;
	memset(r->data + i, 0, r->length - i);
}

void request(enum serial_op op, long client)
{
	struct asked *a = &calls[ncalls];

	if (ncalls == CALLS)
		return;
	a->done = 0;
	a->call.request.op = op;
	a->call.request.id = ncalls;
	a->call.request.port = 0;
	a->call.request.arg = take16();
	a->call.request.timeout_ms = op == SERIAL_CLOSE ? 0 : take();
	if (a->call.request.timeout_ms > 200)
		a->call.request.timeout_ms = SERIAL_FOREVER;
	fill(&a->call.request);
	a->call.client = (const void *)client;
	a->call.done = done;
	a->call.parked = NULL;
	ncalls++;
	serial_call(&a->call);
}

void forget_calls(void)
{
	unsigned int i;

	for (i = 0; i < ncalls; i++)
		if (calls[i].done != 1)
			kit_die("request %u (op %u) was answered %u times", i,
				calls[i].call.request.op, calls[i].done);
	ncalls = 0;
}

static int run_input(const uint8_t *data, size_t size)
{
	kit_size bytes = kit_alloc_bytes();

	input = data;
	input_end = data + size;
	target_run();
	kit_idle();
	if (serial_parked() || kit_alloc_bytes() != bytes || kit_balance(KIT_WHAT_IRQ) ||
	    kit_balance(KIT_WHAT_REGION) || kit_balance(KIT_WHAT_CLOCK) ||
	    kit_balance(KIT_WHAT_PREPARE) || kit_balance(KIT_WHAT_MAP))
		kit_die("%u requests, %ld bytes, %ld interrupts, %ld regions, %ld clocks are left",
			serial_parked(), (long)(kit_alloc_bytes() - bytes),
			kit_balance(KIT_WHAT_IRQ), kit_balance(KIT_WHAT_REGION),
			kit_balance(KIT_WHAT_CLOCK));
	kit_data_restore();
	return 0;
}

struct arguments {
	int argc;
	char **argv;
};

static int fuzz(void *arg)
{
	struct arguments *a = arg;

	if (kit_kernel_init() || kit_modules_init())
		abort();
	kit_data_snapshot();
	target_init();
	return LLVMFuzzerRunDriver(&a->argc, &a->argv, run_input);
}

int main(int argc, char **argv)
{
	struct kit_config config = { .policy = KIT_INLINE, .seed = 1, .log_level = 1 };
	struct arguments a = { argc, argv };

	return kit_run(&config, fuzz, &a);
}
