// SPDX-License-Identifier: GPL-2.0
/*
 * Rounds of an attack that is drawn from a seed: climb the handshake as one has
 * to, break rules for a while, fall back to RESET and look at what the other
 * side has left. See fuzz.h.
 *
 * Each climb is a test, too: the other side has to come up with a peer that
 * keeps to the rules, whatever it was before.
 */
#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/random.h>

#include "attacks.h"
#include "fuzz.h"
#include "rtos.h"

#define MAX_ACTIONS	48	/* in a round */
#define JOIN_S		10
#define TIMES		100000	/* to climb that are kept */
/*
 * The link has to be up, or down, within that: where each read is trapped, a long
 * frame alone may take a second, and many on a machine that has others to serve.
 */
#define PATIENCE_MS	30000

static struct fuzz fuzz;

/* Splitmix64: seeds that differ by one give streams that have nothing in common. */
uint64_t draw64(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t draw(struct rng *r, uint32_t below)
{
	return draw64(r) % below;
}

void say(struct fuzz *f, const char *fmt, ...)
{
	va_list ap;

	if (!f->log)
		return;
	fprintf(f->log, "%llu.%u ", (unsigned long long)f->round, f->action);
	va_start(ap, fmt);
	vfprintf(f->log, fmt, ap);
	va_end(ap);
	fputc('\n', f->log);
}

static void where(struct fuzz *f)
{
	fprintf(stderr, "ivshmem-attack: seed %llu, round %llu, action %u%s: ",
		(unsigned long long)attack_options.seed, (unsigned long long)f->round, f->action,
		f->racing ? ", racing" : "");
}

void failed(struct fuzz *f, const char *fmt, ...)
{
	va_list ap;

	race_end();
	where(f);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_BROKEN);
}

void lost(struct fuzz *f)
{
	race_end();
	where(f);
	fprintf(stderr, "%s\n", f->c.error);
	exit(EXIT_LINK);
}

static double now_ms(void)
{
	return now_us() / 1e3;
}

static void must(struct fuzz *f, int ret)
{
	if (ret)
		lost(f);
}

/* --- changes of values ---------------------------------------------------- */

struct change any_change(struct fuzz *f, struct rng *r)
{
	const uint64_t bounds[] = {
		0, 1, UINT16_MAX, UINT32_MAX, UINT64_MAX, INT32_MAX, 0x80000000, f->l.qlen,
		f->l.data, f->l.data - 1, f->l.size, f->l.size - 1,
	};
	uint32_t how = draw(r, 8), bit = draw(r, 4) ? draw(r, 17) : draw(r, 64);
	uint64_t any = draw64(r);

	switch (how) {
	case 0:
	case 1:
		return (struct change){ CHANGE_XOR, 1ULL << bit };
	case 2:
		return (struct change){ CHANGE_ADD, 1 + any % 4 };
	case 3:
		return (struct change){ CHANGE_ADD, -(1 + any % 4) };
	case 4:
		return (struct change){ CHANGE_ADD, any % 2 ? f->l.qlen + any % 3 : f->l.size };
	case 5:
		return (struct change){ CHANGE_SET, any };
	default:
		return (struct change){ CHANGE_SET,
			bounds[any % (sizeof(bounds) / sizeof(bounds[0]))] };
	}
}

uint64_t changed(struct change change, uint64_t value)
{
	switch (change.how) {
	case CHANGE_XOR:
		return value ^ change.by;
	case CHANGE_ADD:
		return value + change.by;
	case CHANGE_SET:
		return change.by;
	default:
		return value;
	}
}

struct change draw_change(struct fuzz *f, unsigned int target, const char *name)
{
	static const char how[] = " ^+=";
	struct change change = any_change(f, &f->rng);
	bool turn = f->rate && !draw(&f->rng, f->rate);

	if (!turn || !(f->target & target))
		return (struct change){ CHANGE_NONE, 0 };
	say(f, "  %s %c 0x%llx", name, how[change.how], (unsigned long long)change.by);
	return change;
}

/* --- the link ------------------------------------------------------------- */

void peer_bytes(struct fuzz *f, uint64_t offset, void *buf, size_t len)
{
	const struct section *section = &f->c.output[f->other];

	if (section->map)
		memcpy(buf, (const uint8_t *)section->map + offset, len);
	else
		must(f, client_read_shm(&f->c, section->offset + offset, buf, len));
}

void bell(struct fuzz *f)
{
	must(f, client_ring(&f->c, f->other, f->vector));
}

static uint32_t peer_state(struct fuzz *f)
{
	uint32_t state;

	must(f, client_peer_state(&f->c, f->other, &state));
	return state;
}

static void set_state(struct fuzz *f, uint32_t state)
{
	f->up = false;
	must(f, client_write_state(&f->c, state));
}

/* An interrupt, or a moment. */
static void wait_a_moment(struct fuzz *f)
{
	struct pollfd fd[2] = { { .events = POLLIN }, { .events = POLLIN } };
	unsigned int i, n = f->c.irqs < 2 ? f->c.irqs : 2;

	for (i = 0; i < n; i++)
		fd[i].fd = f->c.irq_fd[i];
	poll(fd, n, 5);
	for (i = 0; i < n; i++)
		client_take_irq(&f->c, i);
}

/* Own section, layout and the like; the link may be another than before. */
static void look_around(struct fuzz *f)
{
	uint64_t size = f->c.output[f->c.id].size;

	f->other = !f->c.id;
	f->vector = f->c.irqs > 1;
	f->own = f->c.output[f->c.id].map;
	if (f->c.protocol != 1 && f->c.protocol != 2)
		return;
	if (f->c.max_peers != 2 || !f->own || size <= PRIORITY_PAGE ||
	    layout_of(&f->l, f->c.protocol == 2 ? size - PRIORITY_PAGE : size))
		errx(EXIT_LINK, "%u peers, output sections of 0x%llx bytes: no ring of two",
		     f->c.max_peers, (unsigned long long)size);
}

static void join(struct fuzz *f)
{
	double end = now_ms() + JOIN_S * 1e3;

	/* Who has just left may not be gone yet. */
	while (client_join(&f->c, attack_options.socket, 2)) {
		if (!f->c.no_answer || now_ms() > end)
			lost(f);
		usleep(1000);
	}
	look_around(f);
	must(f, client_set_interrupts(&f->c, true));
}

static uint32_t next_state(uint32_t own, uint32_t peer)
{
	switch (own) {
	case STATE_RESET:
		return peer < STATE_READY ? STATE_INIT : STATE_RESET;
	case STATE_INIT:
		return peer > STATE_RESET ? STATE_READY : STATE_INIT;
	default:
		if (peer == STATE_RESET)
			return STATE_RESET;
		return peer >= STATE_READY ? STATE_RUN : own;
	}
}

/* From RESET up to a state, by the rules, and for RUN until the other side is there. */
static void climb(struct fuzz *f, uint32_t goal)
{
	uint32_t own = STATE_RESET, peer = peer_state(f), next;
	/* Drawn once, however often it takes. */
	struct change old = draw_change(f, TARGET_RING, "old ring");
	double begin = now_ms();

	say(f, "climb to %u", goal);
	set_state(f, STATE_RESET);
	while (own != goal || (goal == STATE_RUN && peer != STATE_RUN)) {
		if (now_ms() - begin > PATIENCE_MS)
			failed(f, "no link within %d ms: this side in %u, other in %u", PATIENCE_MS,
			       own, peer);
		peer = peer_state(f);
		if (peer > STATE_RUN)
			failed(f, "the other side's state is 0x%x, want at most 3", peer);
		next = f->l.qlen ? next_state(own, peer) : goal;
		/* Every other time it is given the time to be READY first. */
		if (own == STATE_INIT && peer == STATE_INIT && f->round % 2)
			next = own;
		if (own == STATE_INIT && peer == STATE_READY)
			section_is_clear(f);
		if (next == STATE_READY && own != next)
			ring_begin(f, old.how != CHANGE_NONE);
		if (next != own)
			set_state(f, own = next);
		else
			wait_a_moment(f);
		if (!f->l.qlen)
			return;
	}
	if (goal != STATE_RUN)
		return;
	f->up = true;
	f->up_ms[f->ups++ % TIMES] = now_ms() - begin;
}

/* Nothing was changed, by no action that breaks a rule anyway, and no race. */
static bool kept_rules(const struct fuzz *f)
{
	return !f->rate && !f->racing && f->target & (TARGET_RING | TARGET_SHADOW);
}

/* The end of a round. Who has been up since the climb has a section that stands still now. */
static void fall(struct fuzz *f)
{
	bool up = f->up && f->l.qlen;
	double begin = now_ms();

	if (up && kept_rules(f) && peer_state(f) != STATE_RUN)
		failed(f, "all rules were kept, and the other side is in %u", peer_state(f));
	set_state(f, STATE_RESET);
	while (up && peer_state(f) > STATE_INIT) {
		if (now_ms() - begin > PATIENCE_MS)
			failed(f, "in RESET for %d ms, and the other side still in %u", PATIENCE_MS,
			       peer_state(f));
		wait_a_moment(f);
	}
	if (up)
		section_is_sane(f);
}

/* --- actions -------------------------------------------------------------- */

static void act_bells(struct fuzz *f)
{
	uint32_t n = 1 + draw(&f->rng, 32);

	say(f, "ring %u times", n);
	while (n--) {
		uint16_t vector = draw(&f->rng, 4) ? f->vector : draw(&f->rng, 65536);

		must(f, client_ring(&f->c, draw(&f->rng, 16) ? f->other : draw(&f->rng, 65536),
				    draw(&f->rng, 4) ? vector : 0));
	}
}

static void act_pause(struct fuzz *f)
{
	usleep(draw(&f->rng, 5000));
}

static void act_climb(struct fuzz *f)
{
	climb(f, draw(&f->rng, 4) ? STATE_RUN : draw(&f->rng, STATE_RUN));
}

/* A state that may be wrong now, without a look at the other side's. */
static void act_step(struct fuzz *f)
{
	uint32_t state = draw(&f->rng, STATE_RUN + 1);

	say(f, "step to %u", state);
	set_state(f, state);
}

static void act_states(struct fuzz *f)
{
	static const uint32_t odd[] = { 4, 0x80000000, 0x80000003, UINT32_MAX };
	uint32_t n = 1 + draw(&f->rng, 64);
	bool ring = draw(&f->rng, 2);

	say(f, "%u states%s", n, ring ? ", with doorbells" : "");
	while (n--) {
		uint32_t state = draw(&f->rng, 4) ? draw(&f->rng, 4) : odd[draw(&f->rng, 4)];

		set_state(f, state);
		if (ring)
			bell(f);
	}
}

/* A crash, and a new start where it was */
static void act_leave(struct fuzz *f)
{
	uint32_t pause = draw(&f->rng, 3000);

	if (f->racing)
		return;
	say(f, "leave, and join again");
	f->up = false;
	client_leave(&f->c);
	usleep(pause);
	join(f);
}

static void act_reset(struct fuzz *f)
{
	say(f, "reset of the device");
	f->up = false;
	must(f, client_reset(&f->c));
	must(f, client_set_interrupts(&f->c, true));
}

static void act_interrupts(struct fuzz *f)
{
	bool on = draw(&f->rng, 2);

	say(f, "interrupts %s", on ? "on" : "off");
	must(f, client_set_interrupts(&f->c, on));
}

/* Nothing in the section is promised before READY; nor ever without a ring. */
static void act_garbage(struct fuzz *f)
{
	bool rw = draw(&f->rng, 2) && !f->l.qlen;
	struct section *s = rw ? &f->c.rw : &f->c.output[f->c.id];
	uint64_t size = f->c.protocol == 2 ? f->l.data : s->size;
	struct rng rng = { draw64(&f->rng) };
	uint64_t at;

	say(f, "garbage");
	for (at = 0; s->map && at < size; at += 8)
		*(volatile uint64_t *)((uint8_t *)s->map + at) = draw64(&rng);
}

static void act_priority(struct fuzz *f)
{
	uint64_t priority = draw64(&f->rng) >> draw(&f->rng, 64);

	say(f, "priority 0x%llx", (unsigned long long)priority);
	*(volatile uint64_t *)(f->own + f->l.size) = priority;
}

#define RING		TARGET_RING
#define HANDSHAKE	TARGET_HANDSHAKE
#define STATE		TARGET_STATE
#define SHADOW		TARGET_SHADOW
#define ALL		(RING | HANDSHAKE | STATE | SHADOW)

static const struct action {
	void (*act)(struct fuzz *f);
	unsigned int targets;
	bool ring;		/* only where there is one */
} actions[] = {
	/* As often as they are here */
	{ act_send, RING | HANDSHAKE | SHADOW, true },
	{ act_send, ALL, true },
	{ act_send, RING | SHADOW, true },
	{ act_take, RING | SHADOW, true },
	{ act_take, ALL, true },
	{ act_events, RING, true },
	{ act_scribble, RING, true },
	{ act_bells, ALL, false },
	{ act_pause, ALL, false },
	{ act_pause, ALL, false },
	{ act_climb, HANDSHAKE, false },
	{ act_climb, HANDSHAKE, false },
	{ act_step, HANDSHAKE, false },
	{ act_leave, HANDSHAKE, false },
	{ act_reset, HANDSHAKE, false },
	{ act_interrupts, HANDSHAKE, false },
	{ act_garbage, HANDSHAKE, false },
	{ act_states, STATE, false },
	{ act_states, STATE, false },
	{ act_priority, SHADOW, true },
};

static void act(struct fuzz *f)
{
	const struct action *a;
	bool ring = draw(&f->rng, 2);

	do
		a = &actions[draw(&f->rng, sizeof(actions) / sizeof(actions[0]))];
	while (!(a->targets & f->target) || (a->ring && !f->l.qlen));
	a->act(f);
	if (ring)
		bell(f);
	f->actions++;
}

static unsigned int draw_target(struct fuzz *f, unsigned int targets)
{
	/* As often as they are here */
	static const uint8_t all[] = {
		RING, RING, RING, RING, SHADOW, SHADOW, HANDSHAKE, HANDSHAKE, STATE
	};
	unsigned int target;

	do
		target = all[draw(&f->rng, sizeof(all))];
	while (!(target & targets));
	return target;
}

/* Nothing is read any more until the next climb. Only time tells, so not without a race. */
static bool is_over(struct fuzz *f)
{
	return f->racing && f->l.qlen && f->up && peer_state(f) != STATE_RUN;
}

static void run_round(struct fuzz *f, unsigned int targets)
{
	static const uint32_t rates[] = { 0, 100, 60, 30, 20, 10, 5, 2 };
	uint32_t goal, n;

	f->rng.state = attack_options.seed;
	f->rng.state = draw64(&f->rng) + f->round;
	f->action = 0;
	f->target = draw_target(f, targets);
	f->rate = rates[draw(&f->rng, sizeof(rates) / sizeof(rates[0]))];
	/* The race breaks enough, and each broken rule costs the time to come up again. */
	if (f->racing && draw(&f->rng, 4))
		f->rate = 0;
	goal = draw(&f->rng, 8) ? STATE_RUN : draw(&f->rng, STATE_RUN);
	/* Much of what follows a broken rule is in vain. */
	n = 1 + draw(&f->rng, f->rate && f->rate < 12 ? 4 * f->rate : MAX_ACTIONS);
	say(f, "target %u, changes 1 in %u, %u actions", f->target, f->rate, n);
	climb(f, goal);
	race_begin(f);
	for (f->action = 1; f->action <= n && !is_over(f); f->action++)
		act(f);
	race_end();
	fall(f);
}

/* --- the program ---------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report_number(const char *name, uint64_t value)
{
	printf(", \"%s\": %llu", name, (unsigned long long)value);
}

static void report(struct fuzz *f, uint64_t rounds)
{
	size_t n = f->ups < TIMES ? f->ups : TIMES;

	qsort(f->up_ms, n, sizeof(*f->up_ms), by_value);
	printf("{\"attack\": \"fuzz\", \"racing\": %s", f->racing ? "true" : "false");
	report_number("seed", attack_options.seed);
	report_number("rounds", rounds);
	report_number("actions", f->actions);
	report_number("ups", f->ups);
	report_number("cleared", f->cleared);
	report_number("sections", f->sections);
	report_number("skipped", f->skipped);
	printf(", \"up_ms_median\": %.1f, \"up_ms_max\": %.1f}\n", n ? f->up_ms[n / 2] : 0,
	       n ? f->up_ms[n - 1] : 0);
}

static unsigned int parse_targets(const struct fuzz *f, const char *name)
{
	static const char * const names[] = { "ring", "handshake", "state", "shadow" };
	unsigned int have = HANDSHAKE | STATE, i;

	if (f->l.qlen)
		have |= RING;
	if (f->c.protocol == 2)
		have |= SHADOW;
	if (!name || !strcmp(name, "all"))
		return have;
	for (i = 0; i < 4; i++)
		if (!strcmp(name, names[i]) && have & 1U << i)
			return 1U << i;
	errx(EXIT_USAGE, "a link of protocol %u has no target \"%s\", see --help", f->c.protocol,
	     name);
}

static void prepare(struct fuzz *f)
{
	join(f);
	f->up_ms = calloc(TIMES, sizeof(*f->up_ms));
	f->copy = malloc(f->c.output[f->other].size + 1);
	if (!f->up_ms || !f->copy)
		errx(EXIT_LINK, "no memory");
}

static void choose_seed(void)
{
	uint32_t seed;

	if (attack_options.has_seed)
		return;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		err(EXIT_LINK, "no seed");
	attack_options.seed = seed;
}

static void open_log(struct fuzz *f)
{
	if (!attack_options.log)
		return;
	f->log = fopen(attack_options.log, "w");
	if (!f->log)
		err(EXIT_USAGE, "%s", attack_options.log);
	setvbuf(f->log, NULL, _IOLBF, 0);
}

/*
 * Doorbells flat out with the link up: to all vectors, or, while it is nobody's
 * turn, to one that does not exist, which costs this side, the device and the
 * machine the same, and the other side nothing.
 */
int flood_attack(bool turns)
{
	struct fuzz *f = &fuzz;
	uint64_t n = 0;
	double begin;

	if (turns)
		take_turns(true);
	prepare(f);
	climb(f, STATE_RUN);
	begin = now_ms();
	while (now_ms() - begin < attack_options.seconds * 1e3)
		for (int i = 0; i < 100; i++, n++)
			must(f, client_ring(&f->c, f->other,
					    nobodys_turn() ? UINT16_MAX : n % f->c.vectors));
	printf("{\"attack\": \"%s\", \"doorbells\": %llu, \"ms\": %.1f}\n",
	       turns ? "flood-turns" : "flood", (unsigned long long)n, now_ms() - begin);
	set_state(f, STATE_RESET);
	client_leave(&f->c);
	return EXIT_OK;
}

int fuzz_attack(void)
{
	struct fuzz *f = &fuzz;
	uint64_t first = attack_options.round, rounds = attack_options.rounds;
	unsigned int targets;
	double end;

	choose_seed();
	/* Now: nobody may be there to tell it at the end. */
	fprintf(stderr, "seed %llu\n", (unsigned long long)attack_options.seed);
	f->racing = attack_options.racing;
	open_log(f);
	prepare(f);
	targets = parse_targets(f, attack_options.target);
	end = now_ms() + attack_options.seconds * 1e3;
	for (f->round = first; rounds ? f->round - first < rounds : now_ms() < end; f->round++)
		run_round(f, targets);
	report(f, f->round - first);
	set_state(f, STATE_RESET);
	client_leave(&f->c);
	return EXIT_OK;
}
