// SPDX-License-Identifier: GPL-2.0
/*
 * What the other side leaves in its output section is what it sent, and what the
 * ring takes; all else is 0, or memory of that side has got out. See fuzz.h.
 */
#include <endian.h>
#include <string.h>

#include "fuzz.h"
#include "handshake.h"

#define REPLY_LEN	16	/* of a message to the RTOS */

static uint16_t get16(const struct fuzz *f, uint32_t offset)
{
	uint16_t value;

	memcpy(&value, f->copy + offset, sizeof(value));
	return le16toh(value);
}

static uint32_t get32(const struct fuzz *f, uint32_t offset)
{
	return get16(f, offset) | (uint32_t)get16(f, offset + 2) << 16;
}

/* Up to end, which is not looked at. */
static void must_be_zero(struct fuzz *f, const char *what, uint32_t from, uint32_t end)
{
	for (; from < end; from++)
		if (f->copy[from])
			failed(f, "%s: byte 0x%x of the other side's section is 0x%02x, want 0",
			       what, from, f->copy[from]);
}

static void fetch(struct fuzz *f)
{
	peer_bytes(f, 0, f->copy, f->c.output[f->other].size);
}

/* The other side is READY, and this side is not yet. */
void section_is_clear(struct fuzz *f)
{
	uint32_t state;

	fetch(f);
	/* Not if it has gone on meanwhile. */
	if (client_peer_state(&f->c, f->other, &state))
		lost(f);
	if (state == STATE_READY) {
		must_be_zero(f, "at READY", 0, f->l.size);
		f->cleared++;
	}
}

/* Marks in place: from here on a 0 in the copy is also what was sent. */
static void check_message(struct fuzz *f, uint32_t id)
{
	uint64_t addr = get32(f, 16 * id) | (uint64_t)get32(f, 16 * id + 4) << 32;
	uint32_t len = get32(f, 16 * id + 8);

	if (addr < f->l.data || addr >= f->l.size || !len || len > f->l.size - addr ||
	    get32(f, 16 * id + 12))
		failed(f, "descriptor %u: %u bytes at 0x%llx, the rest 0x%x, want 0x%x..0x%x, 0",
		       id, len, (unsigned long long)addr, get32(f, 16 * id + 12), f->l.data,
		       f->l.size);
	if (f->c.protocol == 2 && len != REPLY_LEN)
		failed(f, "descriptor %u has %u bytes, want %u", id, len, REPLY_LEN);
	memset(f->copy + addr, 0, len);
}

static void check_returned(struct fuzz *f, uint32_t entry)
{
	uint32_t id = get32(f, entry), len = get32(f, entry + 4);

	if (id >= f->l.qlen || len != 1)
		failed(f, "used entry at 0x%x has id 0x%x and length %u, want below 0x%x and 1",
		       entry, id, len, f->l.qlen);
}

/*
 * The other side has left RUN, and does nothing until this one leaves RESET.
 * Where more was sent than the ring is long, what was sent cannot be told any
 * more.
 */
void section_is_sane(struct fuzz *f)
{
	const struct layout *l = &f->l;
	uint32_t avail, used, i;

	fetch(f);
	avail = get16(f, l->avail + 2);
	used = get16(f, l->used + 2);
	if (get16(f, l->avail) || get16(f, l->used))
		failed(f, "flags are 0x%x and 0x%x, want 0", get16(f, l->avail),
		       get16(f, l->used));
	must_be_zero(f, "behind used_event", l->used_event + 2, l->used);
	must_be_zero(f, "behind avail_event", l->avail_event + 2, l->data);
	for (i = 0; i < l->qlen && i < used; i++)
		check_returned(f, l->used + 4 + 8 * i);
	must_be_zero(f, "used entries", l->used + 4 + 8 * i, l->avail_event);
	must_be_zero(f, "behind the ring", l->size, f->c.output[f->other].size);
	if (avail > l->qlen) {
		f->skipped++;
		return;
	}
	for (i = 0; i < avail; i++) {
		if (get16(f, l->avail + 4 + 2 * i) >= l->qlen)
			failed(f, "avail entry %u names descriptor %u, want below %u", i,
			       get16(f, l->avail + 4 + 2 * i), l->qlen);
		check_message(f, get16(f, l->avail + 4 + 2 * i));
	}
	must_be_zero(f, "descriptors", 16 * i, l->avail);
	must_be_zero(f, "avail entries", l->avail + 4 + 2 * i, l->used_event);
	must_be_zero(f, "what was not sent", l->data, l->size);
	f->sections++;
}
