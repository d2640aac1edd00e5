// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "rules.h"

static const char * const names[RULE_COUNT] = {
	[RULE_USED_ID] = "used-id",
	[RULE_USED_LEN] = "used-len",
	[RULE_USED_ORDER] = "used-order",
	[RULE_USED_AHEAD] = "used-ahead",
	[RULE_USED_FLAGS] = "used-flags",
	[RULE_AVAIL_ID] = "avail-id",
	[RULE_AVAIL_AHEAD] = "avail-ahead",
	[RULE_AVAIL_FLAGS] = "avail-flags",
	[RULE_DESC_REUSE] = "desc-reuse",
	[RULE_DESC_FLAGS] = "desc-flags",
	[RULE_DESC_RANGE] = "desc-range",
	[RULE_FRAME_SHORT] = "frame-short",
	[RULE_FRAME_LONG] = "frame-long",
	[RULE_GAP] = "gap",
	[RULE_NOT_CLEAN] = "not-clean",
	[RULE_STATE_VALUE] = "state-value",
	[RULE_INIT_EARLY] = "init-early",
	[RULE_READY_EARLY] = "ready-early",
	[RULE_RUN_EARLY] = "run-early",
	[RULE_STATE_WANTED] = "state-wanted",
	[RULE_NO_DOORBELL] = "no-doorbell",
	[RULE_NO_STATE_IRQ] = "no-state-interrupt",
	[RULE_PAYLOAD] = "payload",
	[RULE_REPLY_LEN] = "reply-length",
	[RULE_REPLY_UNKNOWN] = "reply-unknown",
	[RULE_REPLY_TWICE] = "reply-twice",
	[RULE_REPLY_STALE] = "reply-stale",
	[RULE_REPLY_LOST] = "reply-lost",
	[RULE_BELL_EARLY] = "doorbell-early",
};

const char *rule_name(enum rule rule)
{
	return names[rule];
}

void rule_broken(struct verdict *v, enum rule which, const char *fmt, ...)
{
	va_list ap;

	v->broken[which]++;
	if (v->total++)
		return;
	va_start(ap, fmt);
	vsnprintf(v->first, sizeof(v->first), fmt, ap);
	va_end(ap);
}
