// SPDX-License-Identifier: GPL-2.0
/*
 * What is to be sent, while drivers come and go
 *
 * The stream holds all characters that clients have handed over and that the
 * device has not got. A character leaves it when the driver writes it to DR,
 * which the supervisor sees, for the device is here. So a new driver is given
 * exactly the rest. One request that changes the stream is under way at a time:
 * else nobody could tell in which order the driver took two of them.
 *
 * A character with priority is not in the stream. The one that does not continue
 * the stream is it. Where the last that does can only have been it, that is put back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "supervise.h"

/* No driver takes so much that it does not write to the device: no more is offered. */
#define MOST	65536

static struct {
	uint8_t *data;
	size_t start, length, room;
	struct pending *busy;		/* a write or discard under way */
	bool cancelled;			/* it shall give way to a discard */
	struct pending *xchar_busy;
	int xchar;			/* -1: none under way, or it is in the device */
	bool taken_for_next;		/* it, or one like it, was the last written */

	struct client *resending;	/* by whose connection; NULL: not under way */
	kit_u32 resend_id;
	size_t resent, offered;		/* of length: what the driver has; of that, last */
} stream = { .xchar = -1 };

size_t stream_length(void)
{
	return stream.length;
}

bool stream_uses(const struct client *client)
{
	return stream.resending == client || (stream.busy && stream.busy->client == client) ||
	       (stream.xchar_busy && stream.xchar_busy->client == client);
}

static void append(const uint8_t *data, size_t length)
{
	if (stream.start && stream.start + stream.length + length > stream.room) {
		memmove(stream.data, stream.data + stream.start, stream.length);
		stream.start = 0;
	}
	if (stream.length + length > stream.room) {
		stream.room = 2 * (stream.length + length);
		stream.data = realloc(stream.data, stream.room);
		if (!stream.data)
			abort();
	}
	memcpy(stream.data + stream.start + stream.length, data, length);
	stream.length += length;
}

void stream_written(uint8_t ch)
{
	stream.taken_for_next = false;
	/* The driver does not have what it was not given again. */
	if (stream.length && stream.data[stream.start] == ch &&
	    (stream.resent || !stream.resending)) {
		stream.start++;
		stream.length--;
		stream.resent -= !!stream.resent;
		stream.taken_for_next = stream.xchar == ch;
	} else if (stream.xchar == ch) {
		stream.xchar = -1;
	}
}

void stream_clear(void)
{
	stream.length = 0;
	stream.resent = 0;
	stream.taken_for_next = false;
}

static bool is_discard(const struct pending *p)
{
	return p->request.op == SERIAL_DISCARD && p->request.arg & 2;
}

static bool begin_xchar(struct pending *p)
{
	if (stream.xchar_busy)
		return false;
	stream.xchar_busy = p;
	/* A 0 is not sent. */
	stream.xchar = (uint8_t)p->request.arg ?: -1;
	stream.taken_for_next = false;
	return true;
}

static void end_xchar(bool sent)
{
	uint8_t ch = stream.xchar;

	if (sent && stream.taken_for_next) {
		append(&ch, 1);
		memmove(stream.data + stream.start + 1, stream.data + stream.start,
			stream.length - 1);
		stream.data[stream.start] = ch;
		stream.resent += !!stream.resending;
	}
	stream.xchar_busy = NULL;
	stream.xchar = -1;
}

/* Or has its client gone, or cancelled it, since it made others give way? */
static bool discard_waits(void)
{
	const struct pending *p;

	for (p = s.pending; p && (p->sent || !is_discard(p)); p = p->next)
		;
	return p;
}

/* What is discarded anyway need not find room first. */
static void cancel_busy(void)
{
	struct client *client = stream.busy ? stream.busy->client : stream.resending;
	kit_u32 id = stream.busy ? stream.busy->request.id : stream.resend_id;

	if (!stream.cancelled)
		client_send(client->up, SERIAL_CANCEL, id, 0, NULL, 0);
	stream.cancelled = true;
}

bool stream_begin(struct pending *p)
{
	if (p->request.op == SERIAL_XCHAR)
		return begin_xchar(p);
	if (p->request.op != SERIAL_WRITE && !is_discard(p))
		return true;
	if (p->request.op == SERIAL_WRITE && stream.length > MOST)
		return false;
	if (stream.busy || stream.resending) {
		if (is_discard(p) && !(stream.busy && is_discard(stream.busy)))
			cancel_busy();
		return false;
	}
	stream.busy = p;
	stream.cancelled = false;
	if (p->request.op == SERIAL_WRITE)
		append(p->request.data, p->request.length);
	return true;
}

/* The driver may have written what it says that it did not take, or all was cleared. */
static void take_off(size_t *from, size_t count)
{
	*from -= count < *from ? count : *from;
}

/* The driver took less than it was offered: the stream's end, for one is under way. */
static bool write_answered(struct pending *p, struct serial_reply *reply)
{
	kit_u32 taken = reply->status > 0 ? reply->status : 0;

	take_off(&stream.length, p->request.length - taken);
	if (!stream.cancelled || reply->status > 0)
		return true;
	if (discard_waits())
		reply->status = p->request.length;
	else if (reply->status == -EINTR && !p->cancelled)
		return false;
	return true;
}

bool stream_answered(struct pending *p, struct serial_reply *reply)
{
	if (stream.xchar_busy == p)
		end_xchar(!reply->status);
	if (stream.busy != p)
		return true;
	stream.busy = NULL;
	if (p->request.op == SERIAL_WRITE)
		return write_answered(p, reply);
	if (!reply->status)
		stream_clear();
	return true;
}

/*
 * What the stream has of a write will be sent, so that counts as taken. A
 * character with priority was sent, or is asked for again.
 */
void stream_died(void)
{
	struct pending *p = stream.busy, *x = stream.xchar_busy;

	stream.busy = NULL;
	stream.xchar_busy = NULL;
	stream.resending = NULL;
	stream.resent = 0;
	if (p && p->request.op == SERIAL_WRITE) {
		client_answer(p, p->request.length, NULL);
	} else if (p) {
		stream_clear();
		client_answer(p, 0, NULL);
	}
	if (x && stream.xchar < 0)
		client_answer(x, 0, NULL);
	stream.xchar = -1;
}

static struct client *any_client(void)
{
	struct client *client;

	for (client = s.clients; client; client = client->next)
		if (client->open && client->up >= 0)
			return client;
	return NULL;
}

void stream_resend(void)
{
	struct client *client = any_client();
	size_t length = stream.length - stream.resent;
	int id;

	stream.resending = NULL;
	if (!length || !client)
		return;
	if (length > SERIAL_DATA)
		length = SERIAL_DATA;
	id = client_send(client->up, SERIAL_WRITE, 0, SERIAL_FOREVER,
			 stream.data + stream.start + stream.resent, length);
	if (id < 0)
		return;
	stream.resending = client;
	stream.resend_id = id;
	stream.cancelled = false;
	stream.offered = length;
	stream.resent += length;
}

/* What was not taken is offered again, unless that was cancelled and it is discarded next. */
bool stream_resent(const struct serial_reply *reply)
{
	size_t taken = reply->status > 0 ? reply->status : 0;

	if (!stream.resending || reply->id != stream.resend_id)
		return false;
	if (taken > stream.offered)
		taken = stream.offered;
	take_off(&stream.resent, stream.offered - taken);
	if (stream.cancelled ? !discard_waits() : reply->status > 0)
		stream_resend();
	else
		stream.resending = NULL;
	return true;
}
