// SPDX-License-Identifier: GPL-2.0
/* A peer of a protocol 0001 link; see peer.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

#define IDLE_MS		1000	/* without an interrupt: look for missing ones */
#define GRACE_MS	2000	/* an interrupt that late is not missing */

double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static int fetch(void *ctx, uint32_t offset, void *buf, uint32_t len)
{
	struct peer *p = ctx;

	return client_read_shm(&p->client,
			       p->client.output[p->hs.peer_id].offset + offset,
			       buf, len);
}

static int refuse(struct peer *p, const char *what, unsigned int found,
		  const char *want)
{
	snprintf(p->client.error, sizeof(p->client.error), "%s %u, want %s",
		 what, found, want);
	client_leave(&p->client);
	return -1;
}

static int check_link(struct peer *p, const struct profile *prof)
{
	struct client *c = &p->client;

	if (c->max_peers != 2)
		return refuse(p, "the link's peers are", c->max_peers, "2");
	if (c->protocol != 1)
		return refuse(p, "the link's protocol is", c->protocol, "1");
	if (c->intx && !prof->intx)
		return refuse(p, "INTx vectors are", 1, "MSI-X in this profile");
	if (c->vectors < prof->min_vectors)
		return refuse(p, "MSI-X vectors are", c->vectors,
			      "at least 2 in this profile");
	if (!c->output[c->id].map)
		return refuse(p, "the output section cannot be mapped; its ID is",
			      c->id, "a mappable one");
	return 0;
}

static int join(struct peer *p, const char *socket, int seconds)
{
	double end = now_ms() + seconds * 1e3;

	/* A peer that has just left may not be gone yet. */
	while (client_join(&p->client, socket, 2)) {
		if (!p->client.no_answer || now_ms() > end)
			return -1;
		p->refused++;
		usleep(1000);
	}
	return 0;
}

int peer_open(struct peer *p, const char *socket, const struct profile *prof,
	      int seconds)
{
	struct remote remote = { .fetch = fetch, .ctx = p };
	struct client *c = &p->client;
	uint32_t other;

	memset(p, 0, sizeof(*p));
	if (join(p, socket, seconds) || check_link(p, prof))
		return -1;
	other = !c->id;
	p->data_vector = c->irqs > 1;
	p->hs = (struct handshake){
		.client = c, .prof = prof, .ring = &p->ring,
		.verdict = &p->verdict, .peer_id = other, .limit = STATE_RUN,
	};
	remote.map = c->output[other].map;
	if (ring_init(&p->ring, prof, &p->verdict, c->output[c->id].map,
		      remote, c->output[c->id].size))
		return refuse(p, "the output section's bytes are",
			      c->output[c->id].size, "enough for a ring");
	return 0;
}

int peer_start(struct peer *p)
{
	memset(&p->verdict, 0, sizeof(p->verdict));
	if (handshake_start(&p->hs))
		return -1;
	p->data_due = true;
	return 0;
}

void peer_close(struct peer *p)
{
	client_leave(&p->client);
	ring_free(&p->ring);
}

int peer_kick(struct peer *p)
{
	bool tx = ring_tx_kick(&p->ring), rx = ring_rx_kick(&p->ring);

	if (!tx && !rx)
		return 0;
	return client_ring(&p->client, p->hs.peer_id, p->data_vector);
}

static int look(struct peer *p, bool force)
{
	int ret = handshake_look(&p->hs, force);

	if (ret > 0)
		p->data_due = true;
	return ret;
}

/* Waits for vectors; 1: state or data due, 2: other input, 0: none, -1: gone. */
static int poll_vectors(struct peer *p, int timeout_ms, int extra_fd)
{
	struct pollfd fd[4] = {
		{ p->client.sock, POLLIN, 0 }, { extra_fd, POLLIN, 0 },
	};
	/* Zephyr, and a peer with one vector, look at both on any. */
	bool both = p->client.irqs == 1 || p->hs.prof->avail_event_each;
	bool state = false;
	unsigned int i;
	int n;

	for (i = 0; i < p->client.irqs; i++)
		fd[2 + i] = (struct pollfd){ p->client.irq_fd[i], POLLIN, 0 };
	n = poll(fd, 2 + p->client.irqs, timeout_ms);
	if (n <= 0)
		return n < 0 && errno != EINTR ? -1 : 0;
	for (i = 0; i < p->client.irqs; i++) {
		if (!fd[2 + i].revents || !client_take_irq(&p->client, i))
			continue;
		p->interrupts++;
		if (i == 0 || both)
			state = true;
		if (i == p->data_vector || both)
			p->data_due = true;
	}
	if (state && look(p, false) < 0)
		return -1;
	if (fd[0].revents && client_gone(&p->client)) {
		snprintf(p->client.error, sizeof(p->client.error),
			 "the link closed the connection");
		return -1;
	}
	if (state || p->data_due)
		return 1;
	return fd[1].revents ? 2 : 0;
}

/* What an interrupt should have announced; NULL when nothing is pending. */
static const char *unannounced(struct peer *p, enum rule *rule)
{
	uint32_t state;

	*rule = RULE_NO_STATE_IRQ;
	if (!p->hs.silent &&
	    !client_peer_state(&p->client, p->hs.peer_id, &state) &&
	    state != p->hs.peer)
		return "the peer's state changed";
	*rule = RULE_NO_DOORBELL;
	if (handshake_may_receive(&p->hs) && ring_rx_unannounced(&p->ring))
		return "the peer offered frames past avail_event";
	if (handshake_may_receive(&p->hs) && ring_tx_unannounced(&p->ring))
		return "the peer returned frames past used_event";
	return NULL;
}

/*
 * The device looks at each of its ends in turn: having answered twice, it has
 * done what the peer had told it before.
 */
static int wait_for_device(struct peer *p)
{
	uint32_t id;

	return client_read_reg(&p->client, REG_ID, &id) ||
	       client_read_reg(&p->client, REG_ID, &id) ? -1 : 0;
}

/* After a silence: 1 when something was found that is due. */
static int check_silence(struct peer *p)
{
	enum rule rule;
	const char *what = unannounced(p, &rule);
	double end;
	int ret;

	if (p->recheck_ms) {
		if (!what && p->hs.running)
			return 0;
		p->rechecks_found += !!what;
		p->data_due = true;
		ret = look(p, true);
		return what ? 1 : ret;
	}
	if (!what)
		return 0;
	end = now_ms() + GRACE_MS;
	ret = wait_for_device(p) ?: poll_vectors(p, GRACE_MS, -1);
	if (ret || now_ms() < end)	/* a signal: not silent for long enough */
		return ret;
	what = unannounced(p, &rule);
	if (!what)
		return 0;
	rule_broken(&p->verdict, rule, "%s, and no interrupt came", what);
	p->data_due = true;
	return look(p, true) < 0 ? -1 : 1;
}

int peer_wait(struct peer *p, int timeout_ms, int extra_fd)
{
	int idle = p->recheck_ms ? p->recheck_ms : IDLE_MS;
	int ret;

	if (timeout_ms < 0 || timeout_ms > idle)
		timeout_ms = idle;
	ret = poll_vectors(p, timeout_ms, extra_fd);
	if (ret || !timeout_ms) {
		p->quiet_since = 0;
		return ret;
	}
	if (!p->quiet_since)
		p->quiet_since = now_ms() - timeout_ms;
	if (now_ms() - p->quiet_since < idle)
		return 0;
	p->quiet_since = 0;
	return check_silence(p);
}

int peer_wait_running(struct peer *p, int timeout_ms)
{
	double end = now_ms() + timeout_ms;

	while (!p->hs.running) {
		if (now_ms() > end) {
			snprintf(p->client.error, sizeof(p->client.error),
				 "no link after %d ms: this side is in %s, the peer in %s",
				 timeout_ms, state_name(p->hs.state),
				 state_name(p->hs.peer));
			return 1;
		}
		if (peer_wait(p, IDLE_MS, -1) < 0)
			return -1;
	}
	return 0;
}
