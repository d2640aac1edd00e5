// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "payload.h"

#define MAGIC	0x71657369	/* "iseq" */

struct tag {
	uint32_t magic;
	uint32_t stream;
	uint64_t seq;
	uint32_t len;
	uint32_t sum;
};

static const uint8_t ethertype[2] = { 0x88, 0xb5 };

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Of everything behind the tag; four lanes, so that it keeps up with memcpy. */
static uint32_t checksum(const struct tag *t, const uint8_t *p, uint32_t len)
{
	uint64_t sum[4] = { t->stream, t->seq, t->len, 1 }, word[4];

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		int i;

		memcpy(word, p, sizeof(word));
		for (i = 0; i < 4; i++)
			sum[i] = (sum[i] ^ word[i]) * 0x9e3779b97f4a7c15 + i;
	}
	memset(word, 0, sizeof(word));
	memcpy(word, p, len);
	return mix(mix(sum[0] ^ word[0]) + mix(sum[1] ^ word[1]) * 3 +
		   mix(sum[2] ^ word[2]) * 5 + mix(sum[3] ^ word[3]) * 7);
}

void payload_fill(uint8_t *frame, uint32_t len, const uint8_t dst[6],
		  const uint8_t src[6], uint32_t stream, uint64_t seq)
{
	struct tag t = { MAGIC, stream, seq, len, 0 };
	uint8_t *body = frame + 14 + sizeof(t);
	uint32_t left = len - 14 - sizeof(t);
	uint64_t word = mix(seq + ((uint64_t)stream << 32));
	uint32_t i;

	for (i = 0; i + 8 <= left; i += 8, word += 0x9e3779b97f4a7c15)
		memcpy(body + i, &word, 8);
	memcpy(body + i, &word, left - i);
	t.sum = checksum(&t, body, left);
	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	memcpy(frame + 12, ethertype, 2);
	memcpy(frame + 14, &t, sizeof(t));
}

/* Moves the window up to seq, which arrived. */
static void arrive(struct payload_stats *s, uint64_t seq)
{
	uint64_t skipped = seq - s->next;

	if (s->resync)
		s->lost_at_restart += skipped;
	else
		s->lost += skipped;
	s->window = skipped < 63 ? s->window << (skipped + 1) | 1 : 1;
	s->next = seq + 1;
}

static void track(struct payload_stats *s, const struct tag *t)
{
	if (!s->frames || t->stream != s->stream) {
		s->stream = t->stream;
		s->next = 0;
		s->window = 0;
	}
	s->frames++;
	if (t->seq >= s->next) {
		arrive(s, t->seq);
	} else if (s->next - t->seq > 64 ||
		   s->window >> (s->next - t->seq - 1) & 1) {
		s->doubled++;
	} else {
		s->reordered++;
		s->lost--;
		s->window |= 1ULL << (s->next - t->seq - 1);
	}
	s->resync = false;
}

void payload_check(struct payload_stats *s, const uint8_t *frame, uint32_t len)
{
	struct tag t;

	if (len < PAYLOAD_MIN_FRAME || memcmp(frame + 12, ethertype, 2)) {
		s->foreign++;
		return;
	}
	memcpy(&t, frame + 14, sizeof(t));
	if (t.magic != MAGIC) {
		s->foreign++;
		return;
	}
	if (t.len != len || t.sum != checksum(&t, frame + 14 + sizeof(t),
					      len - 14 - sizeof(t))) {
		s->changed++;
		return;
	}
	track(s, &t);
}
