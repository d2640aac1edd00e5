// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "tool.h"

static unsigned int depth;
static bool follows;		/* something precedes on this level */

static void print_string(const char *text)
{
	const unsigned char *c;

	putchar('"');
	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if (*c < 0x20 || *c >= 0x7f)	/* whatever its encoding was */
			printf("\\u%04x", *c);
		else
			putchar(*c);
	}
	putchar('"');
}

static void begin(const char *key)
{
	if (follows)
		fputs(", ", stdout);
	follows = true;
	if (key) {
		print_string(key);
		fputs(": ", stdout);
	}
}

void json_open(const char *key, char bracket)
{
	begin(key);
	putchar(bracket);
	depth++;
	follows = false;
}

void json_close(char bracket)
{
	putchar(bracket);
	follows = --depth;
	if (!depth)
		putchar('\n');
}

void json_text(const char *key, const char *value)
{
	begin(key);
	print_string(value);
}

void json_number(const char *key, uint64_t value)
{
	begin(key);
	printf("%llu", (unsigned long long)value);
}

void json_real(const char *key, double value)
{
	begin(key);
	printf("%.3f", value);
}

void json_bool(const char *key, bool value)
{
	begin(key);
	fputs(value ? "true" : "false", stdout);
}
