// SPDX-License-Identifier: GPL-2.0
/* What both ways to the link share, and the one by socket; see link.h. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "link.h"

double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

int link_fail(struct link *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->error, sizeof(l->error), fmt, ap);
	va_end(ap);
	return -1;
}

void link_close(struct link *l)
{
	if (l->ops)
		l->ops->close(l);
	l->ops = NULL;
}

int link_write_reg(struct link *l, uint32_t reg, uint32_t value)
{
	return l->ops->write_reg(l, reg, value);
}

int link_ring(struct link *l, uint16_t vector)
{
	l->doorbells++;
	return l->ops->ring(l, vector);
}

int link_peer_state(struct link *l, uint32_t *state)
{
	return l->ops->peer_state(l, state);
}

int link_wait(struct link *l, int timeout_ms)
{
	return l->ops->wait(l, timeout_ms);
}

void link_forget(struct link *l, unsigned int vector)
{
	l->ops->forget(l, vector);
}

/* ret of a client's function */
static int by_client(struct link *l, int ret)
{
	if (ret)
		memcpy(l->error, l->client.error, sizeof(l->error));
	return ret;
}

static int socket_write_reg(struct link *l, uint32_t reg, uint32_t value)
{
	return by_client(l, client_write_reg(&l->client, reg, value));
}

static int socket_ring(struct link *l, uint16_t vector)
{
	return by_client(l, client_ring(&l->client, l->peer_id, vector));
}

static int socket_peer_state(struct link *l, uint32_t *state)
{
	return by_client(l, client_peer_state(&l->client, l->peer_id, state));
}

static int socket_fetch(struct link *l, uint32_t offset, void *buf, uint32_t len)
{
	uint64_t section = l->client.output[l->peer_id].offset;

	return by_client(l, client_read_shm(&l->client, section + offset, buf, len));
}

static int socket_wait(struct link *l, int timeout_ms)
{
	struct client *c = &l->client;
	struct pollfd fd[3] = {
		{ c->irq_fd[VECTOR_STATE], POLLIN, 0 },
		{ c->irq_fd[VECTOR_MESSAGE], POLLIN, 0 },
		{ c->sock, POLLIN, 0 },
	};
	int fired = 0, i;

	if (poll(fd, 3, timeout_ms) < 0)
		return errno == EINTR ? 0 : link_fail(l, "poll: %s", strerror(errno));
	for (i = 0; i < 2; i++)
		if (fd[i].revents && client_take_irq(c, i)) {
			l->interrupts++;
			fired |= 1 << i;
		}
	if (fd[2].revents && client_gone(c))
		return link_fail(l, "the link closed the connection");
	return fired;
}

static void socket_forget(struct link *l, unsigned int vector)
{
	client_take_irq(&l->client, vector);
}

static void socket_close(struct link *l)
{
	client_leave(&l->client);
}

static const struct link_ops socket_ops = {
	.write_reg = socket_write_reg,
	.ring = socket_ring,
	.peer_state = socket_peer_state,
	.fetch = socket_fetch,
	.wait = socket_wait,
	.forget = socket_forget,
	.close = socket_close,
};

static int check_client(struct link *l)
{
	struct client *c = &l->client;

	if (c->max_peers != 2)
		return link_fail(l, "the link has %u peers, want 2", c->max_peers);
	if (c->intx || c->irqs < 2)
		return link_fail(l, "the device has %u %s vectors, want at least 2 of MSI-X",
				 c->vectors, c->intx ? "INTx" : "MSI-X");
	if (c->protocol != 2)
		return link_fail(l, "the link's protocol is %u, want 2", c->protocol);
	if (!c->output[c->id].map)
		return link_fail(l, "the output section of 0x%llx bytes cannot be mapped",
				 (unsigned long long)c->output[c->id].size);
	return 0;
}

int link_open_socket(struct link *l, const char *path, int seconds)
{
	double end = now_us() + seconds * 1e6;
	struct client *c = &l->client;

	memset(l, 0, sizeof(*l));
	/* A peer that has just left may not be gone yet. */
	while (client_join(c, path, 2)) {
		if (!c->no_answer || now_us() > end)
			return by_client(l, -1);
		usleep(1000);
	}
	l->ops = &socket_ops;
	l->id = c->id;
	l->peer_id = !c->id;
	if (check_client(l)) {
		link_close(l);
		return -1;
	}
	l->output_size = c->output[l->id].size;
	l->own = c->output[l->id].map;
	l->peer = c->output[l->peer_id].map;
	l->rw = c->rw.map;
	l->rw_size = c->rw.map ? c->rw.size : 0;
	return 0;
}
