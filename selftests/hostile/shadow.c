// SPDX-License-Identifier: GPL-2.0
/*
 * Attacks on protocol 0002: an RTOS that breaks its rules, while proxies serve
 * --slot. Where an attack leaves the link up, each request still has to get
 * exactly one reply; after any of them, twenty calls have to work as ever.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks.h"
#include "rtos.h"

#define PREFIX		"shadow-"
#define NR_GETPID	39
#define NR_UNKNOWN	100000
#define THREADS		256
#define IN_FLIGHT	24	/* what fits the shortest ring with room to spare */
#define REPLY_MS	10000
#define SETTLE_MS	100

struct victim {
	struct target target;	/* first */
	struct rtos r;
	uint64_t want;		/* what replies must be, where wants */
	bool wants;
	uint64_t others;	/* replies that were not */
};

static struct victim victim;

static void die(void)
{
	errx(EXIT_LINK, "%s", victim.r.link.error);
}

static void bell(struct target *t)
{
	(void)t;
	if (link_ring(&victim.r.link, VECTOR_MESSAGE))
		die();
}

static int step(int timeout_ms)
{
	int n = rtos_wait(&victim.r, timeout_ms);

	if (n < 0)
		die();
	return n;
}

static void on_reply(struct rtos *r, unsigned int thread)
{
	if (victim.wants && r->call[thread].value != victim.want)
		victim.others++;
}

static uint64_t any_slot(void)
{
	return attack_options.slot[any() % attack_options.slots];
}

/* A thread that has no request out, THREADS if each has one */
static unsigned int free_thread(void)
{
	unsigned int thread = 0;

	while (thread < THREADS && rtos_busy(&victim.r, thread))
		thread++;
	return thread;
}

/* Sends a request of some thread that has none out, once the ring has room. */
static void request(uint64_t number, uint64_t slot, uint64_t tcb, uint64_t priority)
{
	struct request q = { .number = number, .tcb = tcb, .priority = priority, .slot = slot };
	unsigned int thread = free_thread();
	int ret;

	if (thread == THREADS)
		errx(EXIT_BROKEN, "%d requests wait for a reply", THREADS);
	while ((ret = rtos_request(&victim.r, thread, &q)) > 0)
		step(1);
	if (ret < 0)
		die();
}

/* Until at most so many wait; those that wait too long are lost. */
static void settle(unsigned int out)
{
	double end = now_us() + REPLY_MS * 1e3;
	unsigned int i;

	while (victim.r.out > out && now_us() < end)
		step(10);
	for (i = 0; i < THREADS && victim.r.out > out; i++)
		if (rtos_busy(&victim.r, i))
			rtos_give_up(&victim.r, i);
}

static void until_running(void)
{
	if (rtos_wait_running(&victim.r, RUN_MS))
		errx(EXIT_BROKEN, "%s", victim.r.link.error);
}

/* As ever: what the first slot's proxy says must not change. */
static void ping(void)
{
	static uint64_t pid;
	int i;

	for (i = 0; i < 20; i++) {
		request(NR_GETPID, attack_options.slot[0], 0, 1ULL << 32 | 100);
		settle(0);
		if (!pid)
			pid = victim.r.call[0].value;
		if (victim.r.call[0].value != pid || (int64_t)pid <= 0)
			errx(EXIT_BROKEN, "getpid is %lld, want %lld, and above 0",
			     (long long)victim.r.call[0].value, (long long)pid);
	}
}

/* A reply that is not taken, for attacks on the used ring */
static void wait_for_frame(struct target *t)
{
	double end = now_us() + REPLY_MS * 1e3;
	uint32_t len;

	request(NR_GETPID, attack_options.slot[0], 0, 0);
	while (!ring_rx_peek(t->ring, &len)) {
		if (now_us() > end)
			errx(EXIT_LINK, "the other side sends no reply");
		if (link_wait(&victim.r.link, 10) < 0)
			die();
	}
}

/* --- requests ------------------------------------------------------------- */

static void expect_replies(uint64_t value)
{
	victim.wants = true;
	victim.want = value;
}

static bool is_known(uint64_t slot)
{
	unsigned int i;

	for (i = 0; i < attack_options.slots; i++)
		if (slot == attack_options.slot[i])
			return true;
	return attack_options.has_dead_slot && slot == attack_options.dead_slot;
}

/* Each has one reply: that there is no such slot. */
static void to_wrong_slots(uint64_t (*wrong)(void))
{
	int i;

	expect_replies(-ESRCH);
	for (i = 0; i < 2000; i++) {
		uint64_t slot = wrong();

		if (is_known(slot))
			continue;
		request(NR_GETPID, slot, 0, 0);
		settle(IN_FLIGHT - 1);
	}
	settle(0);
}

static uint64_t bad_slot(void)
{
	uint64_t slot = any();

	switch (any() % 4) {
	case 0:
		return slot << 32 | any();
	case 1:
		return slot & 0xffff;
	case 2:
		return UINT64_MAX - slot;
	default:
		return slot;
	}
}

static void bad_slots(struct target *t)
{
	(void)t;
	to_wrong_slots(bad_slot);
}

/* Another generation, or bits that the RTOS should not have kept */
static uint64_t stale_slot(void)
{
	uint64_t slot = any_slot();

	if (any() % 4 == 0)
		return slot | (1ULL + any() % 0xffff) << SLOT_BITS;
	return slot + ((any() % 2 ? 1ULL + any() % 100 : -1ULL) << 16);
}

static void stale_slots(struct target *t)
{
	(void)t;
	to_wrong_slots(stale_slot);
}

/* The same cookie for all that are out, and for all that follow */
static void same_tcb(struct target *t)
{
	int i;

	(void)t;
	for (i = 0; i < 1000; i++) {
		request(NR_GETPID, any_slot(), i < 500 ? 0x7f0000001000 : any() % 3 + 1, 0);
		settle(IN_FLIGHT - 1);
	}
	settle(0);
}

/* All that may be a message to the RTOS */
static uint64_t messages(void)
{
	struct rtos *r = &victim.r;

	return r->replies + r->ignored + r->signals + r->verdict.broken[RULE_REPLY_UNKNOWN] +
		r->verdict.broken[RULE_REPLY_TWICE] + r->verdict.broken[RULE_REPLY_STALE];
}

/* Until so many have come; a few less while requests go on */
static void wait_messages(uint64_t want)
{
	double end = now_us() + REPLY_MS * 1e3;

	while (messages() < want && now_us() < end)
		step(10);
}

/* And not one more */
static void expect_messages(uint64_t want)
{
	double end;

	wait_messages(want);
	for (end = now_us() + 100e3; now_us() < end; )
		step(10);
	if (messages() != want)
		errx(EXIT_BROKEN, "%llu messages came, want %llu", (unsigned long long)messages(),
		     (unsigned long long)want);
}

/* Cookies that look like signals; each is echoed, whatever that does to the RTOS. */
static void odd_tcbs(struct target *t)
{
	uint64_t before = messages(), n;

	(void)t;
	for (n = 1; n <= 1000; n++) {
		request(NR_GETPID, any_slot(),
			n % 2 ? SIGNAL_BIT | any() : UINT64_MAX - any() % 16, 0);
		rtos_forget(&victim.r, 0);
		if (n >= IN_FLIGHT)
			wait_messages(before + n - IN_FLIGHT + 1);
	}
	expect_messages(before + 1000);
	memset(&victim.r.verdict, 0, sizeof(victim.r.verdict));
}

static void priorities(struct target *t)
{
	int i;

	(void)t;
	for (i = 0; i < 2000; i++) {
		request(NR_GETPID, any_slot(), 0, (uint64_t)any() << 32 | any());
		rtos_switch(&victim.r, (uint64_t)any() << 32 | any());
		settle(IN_FLIGHT - 1);
	}
	settle(0);
}

/* More than any queue takes, to a proxy that reads none */
static void flood(struct target *t)
{
	unsigned int i;
	double end;

	(void)t;
	if (!attack_options.has_dead_slot)
		errx(EXIT_USAGE, "want --dead-slot");
	expect_replies(-EAGAIN);
	for (i = 0; i < 5000; i++) {
		request(NR_GETPID, attack_options.dead_slot, 0, 0);
		/* What the queue has taken waits on. */
		end = now_us() + REPLY_MS * 1e3;
		while (victim.r.out > THREADS - IN_FLIGHT && now_us() < end)
			step(10);
	}
	end = now_us() + REPLY_MS * 1e3;
	while (victim.r.replies < 5000 - THREADS && now_us() < end)
		step(10);
	while (step(200))
		;
	if (victim.r.out < 2 || victim.r.replies < 5000 - THREADS)
		errx(EXIT_BROKEN, "%u requests wait and %llu were refused, want some and all else",
		     victim.r.out, (unsigned long long)victim.r.replies);
	if (rtos_reset(&victim.r))
		die();
}

/*
 * As much work as the ring has room for, and doorbells flat out; while it is
 * nobody's turn, they go to a vector that does not exist.
 */
static void requests(struct target *t)
{
	double end = now_us() + attack_options.seconds * 1e6;
	struct request q = { .number = NR_GETPID, .slot = stale_slot() };
	unsigned int thread, n = 0;
	int ret;

	(void)t;
	while (is_known(q.slot))
		q.slot = stale_slot();
	take_turns(false);
	expect_replies(-ESRCH);
	while (now_us() < end) {
		thread = free_thread();
		q.tcb = 0;
		ret = nobodys_turn() || thread == THREADS ? 1 : rtos_request(&victim.r, thread, &q);
		if (ret > 0)
			ret = link_ring(&victim.r.link, nobodys_turn() ? UINT16_MAX :
						n++ % victim.r.link.client.vectors);
		if (ret < 0)
			die();
		step(0);
	}
}

/* No reply is taken for a while, and then all. */
static void keep(struct target *t)
{
	double end = now_us() + attack_options.seconds * 1e6;
	unsigned int thread = 0;

	(void)t;
	while (now_us() < end && thread < THREADS - IN_FLIGHT) {
		struct request q = { .number = NR_GETPID, .slot = any_slot() };
		int ret = rtos_request(&victim.r, thread, &q);

		if (ret < 0)
			die();
		if (!ret)
			thread++;
		else
			bell(t);
	}
	while (now_us() < end)
		bell(t);
	settle(0);
}

/* --- the handshake -------------------------------------------------------- */

static void bells(unsigned int n)
{
	while (n--)
		if (link_ring(&victim.r.link, any() % victim.r.link.client.vectors))
			die();
}

static void look(void)
{
	if (rtos_look(&victim.r))
		die();
}

static void garbage(void)
{
	uint32_t i;

	for (i = 0; i < victim.r.link.output_size; i++)
		victim.r.link.own[i] = any();
}

/* Doorbells in each state before RUN, with all kinds of rings behind them */
static void early(struct target *t)
{
	struct rtos *r = &victim.r;
	uint32_t state;

	(void)t;
	for (state = STATE_RESET; state < STATE_RUN; state++) {
		r->limit = state;
		if (state == STATE_RESET && rtos_reset(r))
			die();
		look();
		bells(500);
		if (state < STATE_READY)
			garbage();
		bells(500);
		step(100);
	}
	r->limit = STATE_RUN;
	look();
}

/* Gone in the middle of replies, and back: none of the old ones may come. */
static void resets(struct target *t)
{
	double end = now_us() + attack_options.seconds * 1e6;

	(void)t;
	while (now_us() < end) {
		int n = any() % IN_FLIGHT;
		double pause = now_us() + any() % 3000;

		while (n--)
			request(NR_GETPID, any_slot(), 0, 0);
		while (now_us() < pause)
			step(0);
		if (rtos_reset(&victim.r))
			die();
		until_running();
	}
}

static void states(struct target *t)
{
	static const uint32_t values[] = { 0, 1, 2, 3, 4, 0x80000000, UINT32_MAX };
	double end = now_us() + attack_options.seconds * 1e6;

	(void)t;
	while (now_us() < end) {
		if (link_write_reg(&victim.r.link, REG_STATE, values[any() % 7]))
			die();
		bells(any() % 4);
	}
	if (rtos_reset(&victim.r))
		die();
}

static void doorbells(struct target *t)
{
	double end = now_us() + attack_options.seconds * 1e6;

	(void)t;
	while (now_us() < end)
		bells(100);
}

/* --- messages ------------------------------------------------------------- */

static void wait_for_reset(uint64_t runs, uint32_t len)
{
	double end = now_us() + RUN_MS * 1e3;

	while (victim.r.runs == runs && now_us() < end)
		step(10);
	if (victim.r.runs == runs)
		errx(EXIT_BROKEN, "no reset after a message of %u bytes", len);
	until_running();
}

static void lengths(struct target *t)
{
	const uint32_t all = t->ring->l.size - t->ring->l.data;
	const uint32_t len[] = { 0, 1, 8, 72, 79, 81, 88, 160, 65536, all, all + 1, UINT32_MAX };
	unsigned int i;

	for (i = 0; i < sizeof(len) / sizeof(len[0]); i++) {
		uint64_t runs = victim.r.runs;

		offer(t, t->ring->l.data, len[i], 0);
		wait_for_reset(runs, len[i]);
	}
}

/* Over as many resets as that takes */
static void races(struct target *t)
{
	double end = now_us() + attack_options.seconds * 1e6;

	while (now_us() < end) {
		if (victim.r.running) {
			race_start(t);
			for (int i = 0; i < 50; i++)
				bell(t);
			race_stop();
		}
		step(10);
	}
	if (rtos_reset(&victim.r))
		die();
}

static atomic_bool changing;

/*
 * Rewrites what requests say. Calls that proxies must not execute are not among
 * it: those are not what is attacked.
 */
static void *change(void *data)
{
	uint8_t *words = victim.r.ring.own + victim.r.ring.l.data;
	uint32_t n = victim.r.ring.l.data_len / 128, state = 1;

	(void)data;
	while (changing) {
		struct request *q;

		state = state * 1664525 + 1013904223;
		q = (struct request *)(words + (state >> 8) % n * 128);
		q->number = state & 0x10000 ? NR_UNKNOWN + (state >> 20) : NR_GETPID;
		q->tcb = (uint64_t)state << 20 | state;
		q->priority = (uint64_t)state << 32 | state >> 4;
		q->slot = state & 0x30000 ? attack_options.slot[state % attack_options.slots] :
			state;
	}
	return NULL;
}

/* Each request is answered once, whoever it was for when it was read. */
static void words(struct target *t)
{
	double end = now_us() + attack_options.seconds * 1e6;
	uint64_t before = messages(), n = 0;
	pthread_t thread;

	(void)t;
	changing = true;
	if (pthread_create(&thread, NULL, change, NULL))
		errx(EXIT_LINK, "cannot start a thread");
	while (now_us() < end) {
		request(NR_GETPID, any_slot(), 0, 0);
		rtos_forget(&victim.r, 0);
		if (++n >= IN_FLIGHT)
			wait_messages(before + n - IN_FLIGHT + 1);
	}
	changing = false;
	pthread_join(thread, NULL);
	expect_messages(before + n);
	memset(&victim.r.verdict, 0, sizeof(victim.r.verdict));
}

static const struct ring_attack attacks[] = {
	{ "bad-slots", bad_slots, false, "requests to slots that do not exist" },
	{ "stale-slots", stale_slots, false, "requests to other generations of slots" },
	{ "same-tcb", same_tcb, false, "many requests at a time with the same tcb" },
	{ "odd-tcbs", odd_tcbs, false, "tcbs that look like signals" },
	{ "priorities", priorities, false, "policies and priorities that do not exist" },
	{ "flood", flood, true, "thousands of requests to --dead-slot" },
	{ "requests", requests, false, "requests and doorbells flat out, for --seconds" },
	{ "keep-replies", keep, false, "no reply is taken for --seconds" },
	{ "lengths", lengths, true, "messages that are not 80 bytes" },
	{ "words", words, false, "requests change while they are read, for --seconds" },
	{ "early", early, true, "doorbells in RESET, INIT and READY, garbage in the ring" },
	{ "resets", resets, true, "RESET in the middle of replies, for --seconds" },
	{ "doorbells", doorbells, false, "doorbells flat out, for --seconds" },
	{ "states", states, true, "states and doorbells flat out, for --seconds" },
	{ "races", races, true, "everything changes while it is read, for --seconds" },
	{ }
};

void shadow_list(void (*tell)(const char *name, bool resets, const char *what))
{
	const struct ring_attack *both[] = { ring_attacks, attacks }, *a;
	char name[64];
	int i;

	for (i = 0; i < 2; i++)
		for (a = both[i]; a->name; a++) {
			snprintf(name, sizeof(name), PREFIX "%s", a->name);
			tell(name, a->resets, a->what);
		}
}

/* The handshake alone: taking a message would mend what was written to the used ring. */
static void step_handshake(int timeout_ms)
{
	int fired = link_wait(&victim.r.link, timeout_ms);

	if (fired < 0 || ((fired & FIRED_STATE) && rtos_look(&victim.r)))
		die();
}

static uint64_t watch(uint64_t runs, bool until_reset)
{
	double end = now_us() + (until_reset ? RUN_MS : STAY_MS) * 1e3;

	while (now_us() < end && !(until_reset && victim.r.runs != runs)) {
		if (until_reset)
			step_handshake(50);
		else
			step(50);
	}
	return victim.r.runs - runs;
}

static void join(void)
{
	victim.target = (struct target){ &victim.r.ring, bell, wait_for_frame };
	rtos_init(&victim.r, THREADS);
	victim.r.drain = true;
	victim.r.on_reply = on_reply;
	if (link_open_socket(&victim.r.link, attack_options.socket, 10) || rtos_start(&victim.r))
		die();
	until_running();
}

static int run(const struct ring_attack *a, bool exact)
{
	uint64_t seed = attack_options.seed, runs, n;
	double start;

	join();
	ping();
	/* Time for the other side to see that its last reply was taken */
	while (step(SETTLE_MS))
		;
	runs = victim.r.runs;
	start = now_us();
	a->apply(&victim.target);
	n = watch(runs, a->resets);
	until_running();
	printf("{\"attack\": \"" PREFIX "%s\", \"seed\": %llu, \"resets\": %llu, \"ms\": %.1f}\n",
	       a->name, (unsigned long long)seed, (unsigned long long)n, (now_us() - start) / 1e3);
	if (!exact)
		memset(&victim.r.verdict, 0, sizeof(victim.r.verdict));
	victim.wants = false;
	settle(0);
	ping();
	rtos_stop(&victim.r);
	if (victim.others)
		warnx("%s: %llu replies were not %lld", a->name, (unsigned long long)victim.others,
		      (long long)victim.want);
	else if (victim.r.verdict.total)
		warnx("%s: %s", a->name, victim.r.verdict.first);
	else if (!!n != a->resets)
		warnx("%s: the link was reset %llu times, want %s", a->name,
		      (unsigned long long)n, a->resets ? "at least 1" : "0");
	else
		return EXIT_OK;
	return EXIT_BROKEN;
}

int shadow_attack(const char *name)
{
	const struct ring_attack *a;

	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return -1;
	name += strlen(PREFIX);
	if (!attack_options.slots)
		errx(EXIT_USAGE, "want --slot for an attack on protocol 0002");
	for (a = ring_attacks; a->name; a++)
		if (!strcmp(a->name, name))
			return run(a, false);
	for (a = attacks; a->name; a++)
		if (!strcmp(a->name, name))
			return run(a, a->apply != races && a->apply != states);
	return -1;
}
