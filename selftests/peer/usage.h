/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs have in common on their command lines: exit status, numbers. */
#ifndef PEER_USAGE_H
#define PEER_USAGE_H

#include <err.h>
#include <stdint.h>
#include <stdlib.h>

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

	if (end == text || *end || value < 0 || value > max)
		errx(EXIT_USAGE, "--%s is '%s', want a number from 0 to %.0f", name, text, max);
	return value;
}

static inline uint64_t integer(const char *name, const char *text, double max)
{
	double value = number(name, text, max);

	if (value != (uint64_t)value)
		errx(EXIT_USAGE, "--%s is '%s', want a whole number", name, text);
	return value;
}

#endif
