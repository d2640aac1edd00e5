// SPDX-License-Identifier: GPL-2.0
/* Registers and clocks that are another process'. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "fd.h"
#include "kit/bus.h"
#include "kit/kit.h"
#include "model/uart_board.h"

static struct {
	int fd;
	unsigned int irq;
	pthread_mutex_t lock;		/* one message at a time; inside drivers' locks */
} channel = { .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

/* Without a supervisor there is nothing left to do. */
static _Noreturn void lost(void)
{
	_exit(1);
}

static int64_t ask(const struct channel_message *message, int pass_fd)
{
	struct iovec iov = { (void *)message, sizeof(*message) };
	struct channel_reply reply;
	ssize_t size;

	pthread_mutex_lock(&channel.lock);
	if (fd_send(channel.fd, &iov, 1, pass_fd, 0) != sizeof(*message))
		lost();
	do {
		size = recv(channel.fd, &reply, sizeof(reply), 0);
	} while (size < 0 && errno == EINTR);
	if (size != sizeof(reply))
		lost();
	kit_irq_level(channel.irq, reply.level);
	pthread_mutex_unlock(&channel.lock);
	return reply.value;
}

static int64_t ask_simple(enum channel_op op, uint32_t a, uint32_t width, uint64_t value)
{
	struct channel_message message = { .op = op, .a = a, .width = width, .value = value };

	return ask(&message, -1);
}

static kit_u64 read_register(void *device, kit_u64 offset, unsigned int width)
{
	(void)device;
	return ask_simple(CHANNEL_READ, offset, width, 0);
}

static void write_register(void *device, kit_u64 offset, unsigned int width, kit_u64 value)
{
	(void)device;
	ask_simple(CHANNEL_WRITE, offset, width, value);
}

static const struct kit_device_ops registers = { read_register, write_register };

static int clock_find(void *data, const char *device, const char *name)
{
	struct channel_message message = { .op = CHANNEL_CLOCK_GET };

	(void)data;
	snprintf(message.name, sizeof(message.name), "%s", name ? name : device ? device : "");
	return ask(&message, -1);
}

static void clock_release(void *data, int handle)
{
	(void)data;
	ask_simple(CHANNEL_CLOCK_PUT, handle, 0, 0);
}

static int prepare(void *data, int handle, _Bool on)
{
	(void)data;
	return ask_simple(CHANNEL_CLOCK_PREPARE, handle, 0, on);
}

static int enable(void *data, int handle, _Bool on)
{
	(void)data;
	return ask_simple(CHANNEL_CLOCK_ENABLE, handle, 0, on);
}

static unsigned long rate(void *data, int handle)
{
	(void)data;
	return ask_simple(CHANNEL_CLOCK_RATE, handle, 0, 0);
}

static const struct kit_clock_ops clocks = { clock_find, clock_release, prepare, enable, rate };

int channel_open(int fd, unsigned int irq)
{
	channel.fd = fd;
	channel.irq = irq;
	kit_clocks(&clocks, NULL);
	return kit_grant_device(BOARD_PHYS, PL010_SIZE, BOARD_UART, &registers, NULL);
}

int channel_ready(int eventfd)
{
	struct channel_message message = { .op = CHANNEL_READY };

	return ask(&message, eventfd);
}
