/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs have in common on their command lines: exit status, numbers. */
#ifndef PEER_USAGE_H
#define PEER_USAGE_H

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXIT_OK,
	EXIT_BROKEN,	/* the other side broke a rule, or did not do what it has to */
	EXIT_USAGE,
	EXIT_LINK,	/* the link cannot be used */
};

static inline double number(const char *name, const char *text, double max)
{
	char *end;
	double value = strtod(text, &end);

	/* Not-a-number is neither below nor above. */
	if (end == text || *end || !(value >= 0 && value <= max))
		errx(EXIT_USAGE, "--%s is '%s', want a number from 0 to %.0f", name, text, max);
	return value;
}

/*
 * Reads a whole number, decimal or with 0x, where text begins. Returns where it
 * ends, or NULL when there is none up to max.
 */
static inline const char *scan_integer(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	/* strtoull() alone would take a sign, and turn a negative number into a large one. */
	return isdigit((unsigned char)*text) && !errno && *value <= max ? end : NULL;
}

static inline uint64_t integer(const char *name, const char *text, uint64_t max)
{
	uint64_t value;
	const char *end = scan_integer(text, max, &value);

	if (!end || *end)
		errx(EXIT_USAGE, "--%s is '%s', want a whole number from 0 to %llu", name, text,
		     (unsigned long long)max);
	return value;
}

#endif
