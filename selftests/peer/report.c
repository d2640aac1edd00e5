// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "report.h"

static bool json;
static const char *separator;

static void name_of(const char *name)
{
	if (json)
		printf("%s\"%s\": ", separator, name);
	else
		printf("%-18s ", name);
	separator = ", ";
}

void report_begin(bool as_json)
{
	json = as_json;
	separator = "";
	if (json)
		putchar('{');
}

void report_text(const char *name, const char *value)
{
	name_of(name);
	/* The texts are our own: neither quotes nor control characters. */
	printf(json ? "\"%s\"" : "%s\n", value);
}

void report_number(const char *name, double value)
{
	name_of(name);
	printf(json ? "%.3f" : "%.3f\n", value);
}

void report_count(const char *name, uint64_t value)
{
	name_of(name);
	printf(json ? "%llu" : "%llu\n", (unsigned long long)value);
}

void report_verdict(const struct verdict *v)
{
	const char *sep = "";
	int i;

	name_of("broken");
	printf(json ? "{" : "%llu\n", (unsigned long long)v->total);
	for (i = 0; i < RULE_COUNT; i++) {
		if (!v->broken[i])
			continue;
		printf(json ? "%s\"%s\": %llu" : "%s  %s: %llu\n", sep,
		       rule_name(i), (unsigned long long)v->broken[i]);
		sep = json ? ", " : "";
	}
	if (json)
		putchar('}');
	if (v->total)
		report_text("first_broken", v->first);
}

void report_end(void)
{
	if (json)
		puts("}");
	fflush(stdout);
}
