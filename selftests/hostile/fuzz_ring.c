// SPDX-License-Identifier: GPL-2.0
/*
 * Messages as the format has them, with some fields changed; their return; and a
 * thread that changes what the other side may be reading. See fuzz.h.
 */
#include <endian.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "attacks.h"
#include "fuzz.h"
#include "rtos.h"

#define NR_GETPID	39
#define NR_UNKNOWN	100000
#define MAX_FRAME	1514
#define GIANT		(65536 + 18)	/* longer than any that Linux takes */
#define FLIPS		20000	/* of one value, until the race goes to another */

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct desc *descs(struct fuzz *f)
{
	return (struct desc *)f->own;
}

static volatile uint16_t *own16(struct fuzz *f, uint32_t offset)
{
	return (volatile uint16_t *)(f->own + offset);
}

static volatile uint32_t *own32(struct fuzz *f, uint32_t offset)
{
	return (volatile uint32_t *)(f->own + offset);
}

static uint32_t avail_entry(const struct fuzz *f, uint16_t index)
{
	return f->l.avail + 4 + 2 * (index % f->l.qlen);
}

static uint32_t used_entry(const struct fuzz *f, uint16_t index)
{
	return f->l.used + 4 + 8 * (index % f->l.qlen);
}

static void publish(struct fuzz *f, uint32_t offset, uint16_t index)
{
	atomic_thread_fence(memory_order_seq_cst);
	*own16(f, offset) = htole16(index);
}

static uint16_t peer16(struct fuzz *f, uint32_t offset)
{
	uint16_t value;

	peer_bytes(f, offset, &value, sizeof(value));
	return le16toh(value);
}

static uint64_t field(struct fuzz *f, unsigned int target, const char *name, uint64_t value)
{
	return changed(draw_change(f, target, name), value);
}

void ring_begin(struct fuzz *f, bool old)
{
	if (!old)
		memset(f->own, 0, f->l.data);
	f->avail = 0;
	f->used = 0;
	f->head = f->l.data;
	f->last = f->l.data;
}

/*
 * Ethernet: who has the other side's address; or a header of any kind, and noise.
 * All keep the ring's rules, though some are no frames. Data takes MAX_FRAME.
 */
static uint32_t frame(struct fuzz *f, uint8_t *data)
{
	static const uint8_t arp[] = {
		255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 2, 10, 11, 0, 2, 0, 0, 0, 0, 0, 0, 10, 11, 0, 1
	};
	static const uint16_t types[] = { 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0, 46, 0x8863 };
	uint32_t kind = draw(&f->rng, 8), len = 14 + draw(&f->rng, MAX_FRAME - 13);
	uint16_t type = htobe16(types[draw(&f->rng, 8)]);
	uint64_t noise = draw64(&f->rng);
	uint32_t i;

	memset(data, 0, MAX_FRAME);
	memcpy(data, arp, sizeof(arp));
	if (kind == 0)
		return 60;
	if (kind == 1)
		return len % 14 + 1;
	if (kind == 2 && len % 8 == 0 && f->l.data_len > GIANT + MAX_FRAME)
		return GIANT + len;
	for (i = 14; i + 8 <= len; i += 8) {
		noise = noise * 6364136223846793005 + 1442695040888963407;
		memcpy(data + i, &noise, sizeof(noise));
	}
	memcpy(data + 12, &type, sizeof(type));
	/* IP version and header length as they should be, more often than by chance */
	if (kind < 6)
		data[14] = type == htobe16(0x86dd) ? 0x60 : 0x45;
	return len;
}

/* Of calls that proxies must not execute there are none: those are not attacked. */
static uint32_t request(struct fuzz *f, uint8_t *data)
{
	uint32_t unknown = draw(&f->rng, 1 << 20), slot = draw(&f->rng, UINT32_MAX);
	uint32_t slots = attack_options.slots;
	struct request q = { .number = unknown % 2 ? NR_GETPID : NR_UNKNOWN + unknown };

	q.tcb = field(f, TARGET_SHADOW, "tcb", 1ULL << 32 | draw(&f->rng, UINT32_MAX));
	q.priority = field(f, TARGET_SHADOW, "priority", 1ULL << 32 | draw(&f->rng, 100));
	q.slot = slots ? attack_options.slot[slot % slots] : slot;
	q.slot = field(f, TARGET_SHADOW, "slot", q.slot);
	memcpy(data, &q, sizeof(q));
	return sizeof(q);
}

/* Is there a descriptor? Where the other side returns none, messages are not sent. */
static bool has_room(struct fuzz *f)
{
	return (uint16_t)(f->avail - peer16(f, f->l.used + 2)) < f->l.qlen;
}

/* One message after the other; some as far back as can be, as bounds are there. */
static uint32_t place(struct fuzz *f, uint32_t size)
{
	uint32_t begin;

	if (!draw(&f->rng, 4))
		return f->l.size - size;
	if (f->l.size - f->head < size)
		f->head = f->l.data;
	begin = f->head;
	f->head = begin + (size + 63) / 64 * 64;
	if (f->head >= f->l.size)
		f->head = f->l.data;
	return begin;
}

static void message(struct fuzz *f)
{
	uint8_t data[MAX_FRAME + 8];
	uint32_t size = f->c.protocol == 2 ? request(f, data) : frame(f, data);
	uint32_t begin = place(f, size);
	uint16_t id = draw(&f->rng, 8) ? f->avail % f->l.qlen : draw(&f->rng, f->l.qlen);
	struct change other_id = draw_change(f, TARGET_RING, "descriptor");
	uint64_t addr = field(f, TARGET_RING, "address", begin);
	uint32_t len = field(f, TARGET_RING | TARGET_SHADOW, "length", size);
	uint16_t flags = field(f, TARGET_RING, "flags", 0);

	if (!has_room(f))
		return;
	memcpy(f->own + begin, data, size < MAX_FRAME ? size : MAX_FRAME);
	descs(f)[id] = (struct desc){ htole64(addr), htole32(len), htole16(flags), 0 };
	*own16(f, avail_entry(f, f->avail)) = htole16(changed(other_id, id));
	/* What the race changes of it lies in the section. */
	f->last = (begin < f->l.size - sizeof(struct request) ? begin :
		   f->l.size - sizeof(struct request)) & ~7U;
	f->avail++;
}

void act_send(struct fuzz *f)
{
	uint32_t n = 1 + draw(&f->rng, 8);
	struct change index;

	say(f, "send %u", n);
	while (n--)
		message(f);
	index = draw_change(f, TARGET_RING, "avail index");
	publish(f, f->l.avail + 2, changed(index, f->avail));
}

/*
 * How many there are to return is not for the draws to know, so it is drawn which
 * one, if there are that many, is returned wrongly.
 */
void act_take(struct fuzz *f)
{
	uint32_t which = draw(&f->rng, 4), n;
	struct change id = draw_change(f, TARGET_RING, "used id");
	struct change len = draw_change(f, TARGET_RING, "used length");
	struct change index = draw_change(f, TARGET_RING, "used index");
	uint16_t avail = peer16(f, f->l.avail + 2);

	say(f, "take");
	/* More than that, and its ring is not the one that was being taken from. */
	if ((uint16_t)(avail - f->used) > f->l.qlen)
		avail = f->used;
	for (n = 0; f->used != avail; n++, f->used++) {
		uint32_t entry = used_entry(f, f->used);
		uint16_t head = peer16(f, avail_entry(f, f->used));

		*own32(f, entry) = htole32(n == which ? changed(id, head) : head);
		*own32(f, entry + 4) = htole32(n == which ? changed(len, 1) : 1);
	}
	publish(f, f->l.used + 2, changed(index, f->used));
}

/* Event indices and flags: asked for, never, or anything */
void act_events(struct fuzz *f)
{
	uint16_t used_event = draw(&f->rng, 65536), avail_event = draw(&f->rng, 65536);
	uint16_t flags = draw(&f->rng, 4) ? 0 : draw(&f->rng, 65536);
	bool right = draw(&f->rng, 2);

	say(f, "events: %s, flags 0x%x", right ? "right" : "any", flags);
	if (right) {
		used_event = f->avail - 1;
		avail_event = f->used;
	}
	*own16(f, f->l.used_event) = htole16(used_event);
	*own16(f, f->l.avail_event) = htole16(avail_event);
	*own16(f, f->l.avail) = htole16(flags);
	*own16(f, f->l.used) = htole16(flags);
}

/*
 * Noise anywhere in the section, though not in requests, where it could make a
 * call that proxies must not execute
 */
void act_scribble(struct fuzz *f)
{
	uint32_t end = f->c.protocol == 2 ? f->l.data : f->l.size;
	uint32_t at = draw(&f->rng, end), n = 1 + draw(&f->rng, 32);
	struct change noise = draw_change(f, TARGET_RING, "noise");

	if (noise.how == CHANGE_NONE)
		return;
	say(f, "scribble %u at 0x%x", n, at);
	for (; n-- && at < end; at++)
		f->own[at] = draw(&f->rng, 256);
}

/* --- the race ------------------------------------------------------------- */

static atomic_bool racing;
static pthread_t racer;
static struct {
	struct fuzz *f;
	struct rng rng;
} race;

struct spot {
	uint32_t offset;
	unsigned int bytes;
};

/* A word of a request that was sent lately; not a pointer, nor the call's number */
static struct spot any_word(struct fuzz *f, struct rng *r)
{
	static const uint8_t word[] = { 7, 8, 9, 9 };

	return (struct spot){ f->last + 8 * word[draw(r, sizeof(word))], 8 };
}

/* Where the other side reads next, or has just read */
static struct spot any_spot(struct fuzz *f, struct rng *r)
{
	uint16_t avail = f->avail - draw(r, 4), used = f->used + draw(r, 4) - 2;
	uint32_t desc = 16 * (avail % f->l.qlen);

	switch (draw(r, 12)) {
	case 0:
		return (struct spot){ desc, 8 };
	case 1:
	case 2:
		return (struct spot){ desc + 8, 4 };
	case 3:
		return (struct spot){ desc + 12, 2 };
	case 4:
		return (struct spot){ avail_entry(f, avail), 2 };
	case 5:
		return (struct spot){ f->l.avail + 2, 2 };
	case 6:
		return (struct spot){ f->l.used + 2, 2 };
	case 7:
		return (struct spot){ used_entry(f, used), 4 };
	case 8:
		return (struct spot){ used_entry(f, used) + 4, 4 };
	case 9:
		return (struct spot){ draw(r, 2) ? f->l.used_event : f->l.avail_event, 2 };
	default:
		if (f->c.protocol == 2)
			return any_word(f, r);
		return (struct spot){ f->last + 8 * draw(r, 4), 8 };
	}
}

static uint64_t load(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, bytes);
	return value;
}

static void store(uint8_t *at, unsigned int bytes, uint64_t value)
{
	if (bytes == 2)
		*(volatile uint16_t *)at = value;
	else if (bytes == 4)
		*(volatile uint32_t *)at = value;
	else
		*(volatile uint64_t *)at = value;
}

static void *run_race(void *unused)
{
	struct fuzz *f = race.f;
	uint32_t n, pause;

	while (racing) {
		struct spot spot = any_spot(f, &race.rng);
		uint8_t *at = f->own + spot.offset;
		uint64_t value = load(at, spot.bytes);
		uint64_t other = changed(any_change(f, &race.rng), value);
		bool leave = !draw(&race.rng, 8);

		pause = draw(&race.rng, 64);
		for (n = draw(&race.rng, FLIPS); n && racing; n--) {
			store(at, spot.bytes, n % 2 ? other : value);
			for (uint32_t i = 0; i < pause; i++)
				atomic_signal_fence(memory_order_seq_cst);
		}
		store(at, spot.bytes, leave ? other : value);
	}
	return unused;
}

void race_begin(struct fuzz *f)
{
	race.f = f;
	race.rng.state = draw64(&f->rng);
	if (!f->racing || !f->l.qlen)
		return;
	racing = true;
	if (pthread_create(&racer, NULL, run_race, NULL))
		errx(EXIT_LINK, "cannot start a thread");
}

void race_end(void)
{
	if (racing) {
		racing = false;
		pthread_join(racer, NULL);
	}
}
