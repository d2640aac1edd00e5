// SPDX-License-Identifier: GPL-2.0
/* The RTOS's side of protocol 0002; see rtos.h. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtos.h"

#define BELL_GRACE_US	200e3	/* on its way when the peer saw our RESET */

/* A cookie: epoch, sequence and thread. Bit 63 stays 0: it tells signals. */
#define THREAD_BITS	16
#define SEQUENCE_BITS	32
#define EPOCH_MASK	0x7fff

/*
 * It rings for each message it sends and for none that it takes, asks for
 * doorbells after each message taken.
 */
static const struct profile crtos = {
	.name = "crtos",
	.min_vectors = 2,
	.used_event = USED_EVENT_NEVER,
	.sends_to_ready = true,
	.avail_event_each = true,
	.checks_flags = true,
	.clears_section = true,
};

void rtos_init(struct rtos *r, unsigned int calls)
{
	memset(r, 0, sizeof(*r));
	r->limit = STATE_RUN;
	r->calls = calls;
	r->call = calloc(calls, sizeof(*r->call));
	if (!r->call || calls > 1U << THREAD_BITS)
		errx(3, "no memory for %u threads", calls);
}

static int fetch(void *ctx, uint32_t offset, void *buf, uint32_t len)
{
	struct rtos *r = ctx;

	return r->link.ops->fetch(&r->link, offset, buf, len);
}

static void forget_calls(struct rtos *r)
{
	unsigned int i;

	for (i = 0; i < r->calls; i++)
		if (r->call[i].state == CALL_OUT)
			r->call[i].state = CALL_DROPPED;
	r->out = 0;
}

static int set_state(struct rtos *r, uint32_t state)
{
	r->state = state;
	if (state == STATE_RESET) {
		forget_calls(r);
		r->epoch++;
		r->reset_at = now_us();
	}
	if (link_write_reg(&r->link, REG_STATE, state))
		return -1;
	/* Rung while we were still up; where that cannot be told: no harm. */
	if (state == STATE_RESET)
		link_forget(&r->link, VECTOR_MESSAGE);
	return 0;
}

static uint32_t next_state(const struct rtos *r)
{
	switch (r->state) {
	case STATE_RESET:
		return r->peer_state < STATE_READY ? STATE_INIT : STATE_RESET;
	case STATE_INIT:
		return r->peer_state > STATE_RESET ? STATE_READY : STATE_INIT;
	default:
		if (r->peer_state == STATE_RESET)
			return STATE_RESET;
		return r->peer_state >= STATE_READY ? STATE_RUN : r->state;
	}
}

/* A peer that has just become READY shows a ring that it has cleared. */
static int check_ready(struct rtos *r)
{
	char why[128];
	bool clean = ring_peer_clean(&r->ring, why, sizeof(why));
	uint32_t again;

	if (link_peer_state(&r->link, &again))
		return -1;
	if (again == STATE_READY && !clean)
		rule_broken(&r->verdict, RULE_NOT_CLEAN, "%s", why);
	return 0;
}

/* One look, at most one step, as the work item of NuttX has it. */
int rtos_look(struct rtos *r)
{
	uint32_t before = r->peer_state, next;

	if (link_peer_state(&r->link, &r->peer_state))
		return -1;
	/* It has seen our RESET, and rings no more; what it rang before may be on its way. */
	if (before >= STATE_READY && r->peer_state < STATE_READY)
		r->reset_at = now_us();
	if (r->peer_state > STATE_RUN)
		rule_broken(&r->verdict, RULE_STATE_VALUE,
			    "the peer's state is %u, want 0 to 3", r->peer_state);
	if (r->peer_state == STATE_READY && before != STATE_READY && check_ready(r))
		return -1;
	next = next_state(r);
	if (next <= r->limit && next != r->state) {
		if (next == STATE_READY)
			ring_start(&r->ring);
		if (set_state(r, next))
			return -1;
		if (next == STATE_RUN)
			ring_rx_arm(&r->ring);
	}
	if (r->state == STATE_RUN && r->peer_state == STATE_RUN && !r->running) {
		r->runs++;
		ring_check_gaps(&r->ring);
	}
	r->running = r->state == STATE_RUN && r->peer_state == STATE_RUN;
	return 0;
}

int rtos_start(struct rtos *r)
{
	struct remote remote = { .map = r->link.peer, .fetch = fetch, .ctx = r };
	uint64_t size = r->link.output_size;

	r->running = false;
	r->peer_state = STATE_RESET;
	if (size < 2 * PRIORITY_PAGE ||
	    ring_init(&r->ring, &crtos, &r->verdict, r->link.own, remote, size - PRIORITY_PAGE))
		return link_fail(&r->link, "the output section is 0x%llx bytes, want at least 0x%x",
				 (unsigned long long)size, 2 * PRIORITY_PAGE);
	if (link_write_reg(&r->link, REG_INT_CONTROL, 1) || set_state(r, STATE_RESET))
		return -1;
	rtos_switch(r, 0);
	return rtos_look(r);
}

static const char * const state_names[] = { "RESET", "INIT", "READY", "RUN" };

static const char *state_name(uint32_t state)
{
	return state <= STATE_RUN ? state_names[state] : "?";
}

int rtos_wait_running(struct rtos *r, int timeout_ms)
{
	double end = now_us() + timeout_ms * 1e3;

	while (!r->running) {
		if (now_us() > end)
			return link_fail(&r->link,
					 "no link after %d ms: this side is in %s, the peer in %s",
					 timeout_ms, state_name(r->state),
					 state_name(r->peer_state));
		if (rtos_wait(r, 100) < 0)
			return -1;
	}
	return 0;
}

int rtos_reset(struct rtos *r)
{
	if (set_state(r, STATE_RESET))
		return -1;
	r->running = false;
	return rtos_look(r);
}

void rtos_stop(struct rtos *r)
{
	if (r->link.ops)
		link_write_reg(&r->link, REG_STATE, STATE_RESET);
	forget_calls(r);
	r->running = false;
	link_close(&r->link);
	ring_free(&r->ring);
}

bool rtos_busy(const struct rtos *r, unsigned int thread)
{
	return r->call[thread].state == CALL_OUT;
}

void rtos_switch(struct rtos *r, uint64_t priority)
{
	uint8_t *page = r->link.own + r->link.output_size - PRIORITY_PAGE;

	__atomic_store_n((uint64_t *)page, priority, __ATOMIC_RELEASE);
}

static uint64_t cookie(struct rtos *r, unsigned int thread)
{
	return (r->epoch & EPOCH_MASK) << (THREAD_BITS + SEQUENCE_BITS) |
		(r->sequence & ((1ULL << SEQUENCE_BITS) - 1)) << THREAD_BITS | thread;
}

int rtos_request(struct rtos *r, unsigned int thread, struct request *q)
{
	struct call *c = &r->call[thread];
	void *buf;

	if (!r->running)
		return link_fail(&r->link, "no request while the link is down");
	ring_tx_reclaim(&r->ring);
	buf = ring_tx_reserve(&r->ring, sizeof(*q));
	if (!buf)
		return 1;
	r->sequence++;
	if (!q->tcb)
		q->tcb = cookie(r, thread);
	rtos_switch(r, q->priority & 0xffffffff);
	memcpy(buf, q, sizeof(*q));
	c->tcb = q->tcb;
	c->state = CALL_OUT;
	c->sent = now_us();
	r->out++;
	r->requests++;
	ring_tx_commit(&r->ring);
	ring_tx_kick(&r->ring);
	return link_ring(&r->link, VECTOR_MESSAGE);
}

void rtos_forget(struct rtos *r, unsigned int thread)
{
	r->call[thread].state = CALL_DROPPED;
	r->out--;
}

void rtos_give_up(struct rtos *r, unsigned int thread)
{
	rule_broken(&r->verdict, RULE_REPLY_LOST, "no reply to tcb 0x%llx after %.0f ms",
		    (unsigned long long)r->call[thread].tcb,
		    (now_us() - r->call[thread].sent) / 1e3);
	rtos_forget(r, thread);
}

/* What is wrong with a reply that no call waits for */
static void judge(struct rtos *r, uint64_t tcb)
{
	uint64_t epoch = tcb >> (THREAD_BITS + SEQUENCE_BITS);
	uint64_t sequence = tcb >> THREAD_BITS & ((1ULL << SEQUENCE_BITS) - 1);
	unsigned int thread = tcb & ((1U << THREAD_BITS) - 1);
	unsigned long long shown = tcb;

	if (thread >= r->calls || !sequence || sequence > r->sequence)
		rule_broken(&r->verdict, RULE_REPLY_UNKNOWN,
			    "a reply has tcb 0x%llx, which is no request's", shown);
	else if (epoch != (r->epoch & EPOCH_MASK))
		rule_broken(&r->verdict, RULE_REPLY_STALE,
			    "a reply to tcb 0x%llx comes after this side's RESET", shown);
	else
		rule_broken(&r->verdict, RULE_REPLY_TWICE,
			    "another reply to tcb 0x%llx, which has had one", shown);
}

static struct call *find_call(struct rtos *r, uint64_t tcb)
{
	unsigned int thread = tcb & ((1U << THREAD_BITS) - 1);
	unsigned int i;

	if (thread < r->calls && rtos_busy(r, thread) && r->call[thread].tcb == tcb)
		return &r->call[thread];
	/* A caller's own choice of cookie */
	for (i = 0; i < r->calls; i++)
		if (rtos_busy(r, i) && r->call[i].tcb == tcb)
			return &r->call[i];
	return NULL;
}

static void take_reply(struct rtos *r, const struct reply *reply)
{
	struct call *c;

	if (reply->tcb & SIGNAL_BIT) {
		r->signals++;
		r->signal = reply->value;
		r->signal_pid = reply->tcb & ~SIGNAL_BIT;
		if (r->on_signal)
			r->on_signal(r);
		return;
	}
	if (!reply->tcb) {
		r->ignored++;
		return;
	}
	c = find_call(r, reply->tcb);
	if (!c) {
		judge(r, reply->tcb);
		return;
	}
	c->replied = now_us();
	c->value = reply->value;
	c->state = CALL_DONE;
	r->out--;
	r->replies++;
	if (r->on_reply)
		r->on_reply(r, c - r->call);
}

/* One message, 0 when there is none. */
static int take(struct rtos *r)
{
	struct reply reply = { 0, 0 };
	const void *data;
	uint32_t len;

	data = ring_rx_peek(&r->ring, &len);
	if (!data)
		return 0;
	if (len == sizeof(reply))
		memcpy(&reply, data, len);
	else
		rule_broken(&r->verdict, RULE_REPLY_LEN, "a message has %u bytes, want %zu",
			    len, sizeof(reply));
	ring_rx_done(&r->ring);
	take_reply(r, &reply);
	return 1;
}

int rtos_wait(struct rtos *r, int timeout_ms)
{
	int fired = link_wait(&r->link, timeout_ms), n = 0;

	if (fired < 0 || ((fired & FIRED_STATE) && rtos_look(r)))
		return -1;
	/*
	 * A doorbell alone, so one where the two vectors can be told apart. A peer
	 * that has not left its ring since our RESET may be a CPU that stands still.
	 */
	if (fired == FIRED_MESSAGE && r->state < STATE_READY &&
	    (r->state == STATE_INIT || r->peer_state < STATE_READY) &&
	    now_us() - r->reset_at > BELL_GRACE_US)
		rule_broken(&r->verdict, RULE_BELL_EARLY,
			    "the message vector was rung while this side was in %s",
			    state_name(r->state));
	/*
	 * Before the peer is READY, its ring is that of its former life, and a
	 * doorbell is one of before or none at all.
	 */
	if (!(fired & FIRED_MESSAGE) || r->state < STATE_READY || r->peer_state < STATE_READY)
		return 0;
	while (take(r)) {
		n++;
		if (!r->drain)
			break;
	}
	return n;
}

void *rtos_memory(struct rtos *r, uint64_t address, uint64_t len)
{
	uint64_t offset = address - GUEST_BASE;
	uint64_t size = r->link.rw_size < GUEST_SIZE ? r->link.rw_size : GUEST_SIZE;

	if (!r->link.rw || address < GUEST_BASE || offset > size || len > size - offset)
		return NULL;
	return r->link.rw + offset;
}
