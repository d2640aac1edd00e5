// SPDX-License-Identifier: GPL-2.0
/* Attacks on the ring that protocols 0001 and 0002 share; see attacks.h. */
#include <endian.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>

#include "attacks.h"

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

uint32_t any(void)
{
	attack_options.seed = attack_options.seed * 6364136223846793005 + 1442695040888963407;
	return attack_options.seed >> 33;
}

/* The own section, as the format has it */
static struct desc *descs(struct target *t)
{
	return (struct desc *)t->ring->own;
}

static volatile uint16_t *avail(struct target *t)
{
	return (uint16_t *)(t->ring->own + t->ring->l.avail);
}

static volatile uint16_t *used(struct target *t)
{
	return (uint16_t *)(t->ring->own + t->ring->l.used);
}

static volatile uint32_t *used_entry(struct target *t, uint16_t index)
{
	return (uint32_t *)(t->ring->own + t->ring->l.used + 4) +
	       2 * (index % t->ring->l.qlen);
}

static void publish(volatile uint16_t *ring, uint16_t index)
{
	atomic_thread_fence(memory_order_seq_cst);
	ring[1] = htole16(index);
}

/* Offer one frame by a descriptor of any content. */
void offer(struct target *t, uint64_t addr, uint32_t len, uint16_t flags)
{
	uint16_t index = t->ring->at.tx_avail++;

	descs(t)[0] = (struct desc){
		htole64(addr), htole32(len), htole16(flags), 0
	};
	avail(t)[2 + index % t->ring->l.qlen] = 0;
	publish(avail(t), index + 1);
	t->bell(t);
}

/* What is offered too much is in order otherwise, so that only the jump is wrong. */
static void avail_jump(struct target *t)
{
	descs(t)[0] = (struct desc){ htole64(t->ring->l.data), htole32(100), 0, 0 };
	for (uint32_t i = 0; i < t->ring->l.qlen; i++)
		avail(t)[2 + i] = 0;
	publish(avail(t), t->ring->at.tx_avail + t->ring->l.qlen + 1);
	t->bell(t);
}

static void avail_back(struct target *t)
{
	publish(avail(t), t->ring->at.tx_avail - 1);
	t->bell(t);
}

/* A descriptor behind the table, where the data is, and a good one. */
static void avail_id(struct target *t)
{
	uint16_t id = t->ring->l.data / sizeof(struct desc);

	descs(t)[id] = (struct desc){ htole64(t->ring->l.data), htole32(100), 0, 0 };
	avail(t)[2 + t->ring->at.tx_avail % t->ring->l.qlen] = htole16(id);
	publish(avail(t), t->ring->at.tx_avail + 1);
	t->bell(t);
}

static void addr_low(struct target *t)
{
	offer(t, t->ring->l.data - 1, 100, 0);
}

static void addr_high(struct target *t)
{
	offer(t, t->ring->l.size, 100, 0);
}

static void addr_wrap(struct target *t)
{
	offer(t, UINT64_MAX - 50, 100, 0);
}

static void len_zero(struct target *t)
{
	offer(t, t->ring->l.data, 0, 0);
}

static void len_huge(struct target *t)
{
	offer(t, t->ring->l.data, UINT32_MAX, 0);
}

static void len_over(struct target *t)
{
	offer(t, t->ring->l.size - 64, 65, 0);
}

static void flags_next(struct target *t)
{
	offer(t, t->ring->l.data, 100, 1);
}

static void flags_indirect(struct target *t)
{
	offer(t, t->ring->l.data, 100, 4);
}

static void return_frame(struct target *t, uint32_t id_change, uint32_t len)
{
	uint16_t index = t->ring->at.rx_used;
	volatile uint32_t *entry = used_entry(t, index);

	entry[0] = htole32(t->ring->at.rx_id + id_change);
	entry[1] = htole32(len);
	publish(used(t), index + 1);
	t->bell(t);
}

static void used_id(struct target *t)
{
	t->wait_for_frame(t);
	return_frame(t, 1, 1);
}

static void used_id_huge(struct target *t)
{
	t->wait_for_frame(t);
	return_frame(t, 0x80000000, 1);
}

static void used_len(struct target *t)
{
	t->wait_for_frame(t);
	return_frame(t, 0, 1514);
}

/* As above: a driver that takes its descriptors in turn finds each where it is due. */
static void used_jump(struct target *t)
{
	for (uint32_t i = 0; i < t->ring->l.qlen; i++) {
		used_entry(t, i)[0] = htole32(i);
		used_entry(t, i)[1] = htole32(1);
	}
	publish(used(t), t->ring->at.rx_used + t->ring->l.qlen + 1);
	t->bell(t);
}

static void used_back(struct target *t)
{
	publish(used(t), t->ring->at.rx_used - 1);
	t->bell(t);
}

/* Event indices decide on doorbells only. */
static void events(struct target *t)
{
	for (unsigned int i = 0; i < 65536; i += 61) {
		avail(t)[2 + t->ring->l.qlen] = htole16(i);
		used(t)[2 + 4 * t->ring->l.qlen] = htole16(i);
		if (i % 16 == 0)
			t->bell(t);
	}
	/* As it was: every frame that is sent and returned wants a doorbell. */
	avail(t)[2 + t->ring->l.qlen] = htole16(t->ring->at.tx_used);
	used(t)[2 + 4 * t->ring->l.qlen] = htole16(t->ring->at.rx_avail);
}

static atomic_bool racing;

/* Changes what the other side may be reading, as fast as it goes. */
static void *race(void *data)
{
	struct target *t = data;
	uint32_t space = t->ring->l.size - t->ring->l.data;

	while (racing) {
		struct desc *d = &descs(t)[any() % 4];

		d->addr = htole64(any() % 4 ? t->ring->l.data + any() % space : any());
		d->len = htole32(any() % 4 ? any() % 2000 : any());
		d->flags = htole16(any() % 64 ? 0 : any());
		avail(t)[2 + any() % t->ring->l.qlen] = htole16(any() % 64 ? any() % 4 : any());
		used_entry(t, any())[any() % 2] = htole32(any() % 8 ? 1 : any());
		publish(avail(t), any() % 64 ? t->ring->at.tx_avail + any() % 8 : any());
		if (any() % 64 == 0)
			publish(used(t), any());
	}
	return NULL;
}

static pthread_t racer;

void race_start(struct target *t)
{
	racing = true;
	if (pthread_create(&racer, NULL, race, t))
		errx(EXIT_LINK, "cannot start a thread");
}

void race_stop(void)
{
	racing = false;
	pthread_join(racer, NULL);
}

const struct ring_attack ring_attacks[] = {
	{ "avail-jump", avail_jump, true, "avail index further ahead than the ring is long" },
	{ "avail-back", avail_back, true, "avail index goes back by one" },
	{ "avail-id", avail_id, true, "avail entry names a descriptor that does not exist" },
	{ "addr-low", addr_low, true, "descriptor points below the data" },
	{ "addr-high", addr_high, true, "descriptor points behind the section" },
	{ "addr-wrap", addr_wrap, true, "descriptor's address and length overflow" },
	{ "len-zero", len_zero, true, "descriptor of length 0" },
	{ "len-huge", len_huge, true, "descriptor of length 4294967295" },
	{ "len-over", len_over, true, "frame ends one byte behind the section" },
	{ "flags-next", flags_next, true, "descriptor with a flag: chained" },
	{ "flags-indirect", flags_indirect, true, "descriptor with a flag: indirect" },
	{ "used-id", used_id, true, "returns another descriptor than is due" },
	{ "used-id-huge", used_id_huge, true, "returns a descriptor that does not exist" },
	{ "used-len", used_len, true, "returns a frame with a length other than 1" },
	{ "used-jump", used_jump, true, "used index ahead of all that was sent" },
	{ "used-back", used_back, true, "used index goes back by one" },
	{ "events", events, false, "event indices all over the place" },
	{ }
};
