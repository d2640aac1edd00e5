// SPDX-License-Identifier: GPL-2.0
/* Memory and doorbells, once: read, write, doorbell */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* The section, and of it what --offset and --length say */
static uint8_t *range(struct ivshmem *dev, const struct options *o, bool write, size_t *length)
{
	uint64_t offset = OR(o->offset, 0);
	struct ivshmem_section section;

	must(ivshmem_section(dev, o->args[1], &section));
	if (write && !section.writable)
		failed("section %s is read-only for us, want rw or output", o->args[1]);
	if (offset > section.size)
		failed("--offset is %llu, section %s has %zu bytes", (unsigned long long)offset,
		       o->args[1], section.size);
	*length = section.size - offset;
	if (GIVEN(o->length) && o->length > *length)
		failed("--length is %llu, section %s has %zu bytes from there on",
		       (unsigned long long)o->length, o->args[1], *length);
	*length = OR(o->length, *length);
	return (uint8_t *)section.data + offset;
}

static void dump(uint64_t offset, const uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (i % 16 == 0)
			printf("%08llx", (unsigned long long)(offset + i));
		printf(" %02x%s", data[i], i % 16 == 15 || i + 1 == length ? "\n" : "");
	}
}

static void show_json(const struct options *o, const char *device, const uint8_t *data,
		      size_t length)
{
	char *hex = malloc(2 * length + 1);
	size_t i;

	if (!hex)
		failed("out of memory");
	*hex = '\0';
	for (i = 0; i < length; i++)
		sprintf(hex + 2 * i, "%02x", data[i]);
	json_open(NULL, '{');
	json_text("device", device);
	json_text("section", o->args[1]);
	json_number("offset", OR(o->offset, 0));
	json_number("length", length);
	json_text("hex", hex);
	json_close('}');
	free(hex);
}

int verb_read(const struct options *o)
{
	struct ivshmem *dev = open_device(o);
	const uint8_t *data;
	size_t length;

	data = range(dev, o, false, &length);
	if (o->json)
		show_json(o, dev->info.name, data, length);
	else if (o->hex)
		dump(OR(o->offset, 0), data, length);
	else
		fwrite(data, 1, length, stdout);
	/* A failure to write is noticed at the end. */
	fflush(stdout);
	ivshmem_close(dev);
	return 0;
}

/* All of standard input, or nothing: it must not be more than @limit. */
static size_t read_input(uint8_t **data, size_t limit)
{
	size_t length = 0, room = 0, got;

	*data = NULL;
	do {
		if (length == room) {
			room = room ? 2 * room : 65536;
			*data = realloc(*data, room);
		}
		if (!*data)
			failed("out of memory");
		got = fread(*data + length, 1, room - length, stdin);
		length += got;
	} while (got && length <= limit);
	if (ferror(stdin))
		failed("cannot read standard input");
	return length;
}

int verb_write(const struct options *o)
{
	struct ivshmem *dev = open_device(o);
	uint8_t *section, *data;
	size_t room, length;

	section = range(dev, o, true, &room);
	if (o->data) {
		data = (uint8_t *)o->data;
		length = strlen(o->data);
	} else {
		length = read_input(&data, room);
	}
	if (length > room)
		failed("found %s%zu bytes to write, section %s has room for %zu",
		       o->data ? "" : "at least ", length, o->args[1], room);
	memcpy(section, data, length);
	if (!o->data)
		free(data);
	ivshmem_close(dev);
	return 0;
}

int verb_doorbell(const struct options *o)
{
	uint32_t peer = parse_number("peer", o->args[1], 0, 65535);
	uint32_t vector = parse_number("vector", o->args[2], 0, 65535);
	uint64_t i, count = OR(o->count, 1);
	struct ivshmem *dev = open_device(o);

	if (peer >= dev->info.max_peers)
		failed("peer is %u, %s has peers 0 to %u", peer, dev->info.name,
		       dev->info.max_peers - 1);
	if (vector >= dev->info.vectors)
		failed("vector is %u, %s has vectors 0 to %u", vector, dev->info.name,
		       dev->info.vectors - 1);
	for (i = 0; i < count && !stopped; i++)
		ivshmem_doorbell(dev, peer, vector);
	ivshmem_close(dev);
	return 0;
}
