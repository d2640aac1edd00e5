/* SPDX-License-Identifier: GPL-2.0 */
/* Results, as one JSON object or as lines to read. */
#ifndef PEER_REPORT_H
#define PEER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "rules.h"

void report_begin(bool json);
void report_text(const char *name, const char *value);
void report_number(const char *name, double value);
void report_count(const char *name, uint64_t value);
void report_verdict(const struct verdict *v);
void report_end(void);

#endif
