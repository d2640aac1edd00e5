// SPDX-License-Identifier: GPL-2.0
/*
 * The log: one write for each line, so that lines of several threads and
 * processes do not mix
 */
#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define LINE_MAX	1024
#define FRAMES		24

void (*kit_log_hook)(int level, const char *text);

static int fd = 2, max_level = 7;

void log_init(void)
{
	void *frame;

	fd = kit_config()->log_fd;
	max_level = kit_config()->log_level;
	/* The first one loads a library, which a process that is shut in cannot do. */
	backtrace(&frame, 1);
}

static void write_line(int level, const char *text, int len)
{
	kit_u64 now = kit_now() / 1000;
	char line[LINE_MAX + 64];
	int n;

	n = snprintf(line, sizeof(line), "<%d>[%5llu.%06llu] %.*s\n", level, now / 1000000,
		     now % 1000000, len < LINE_MAX ? len : LINE_MAX, text);
	if (write(fd, line, n) < 0)
		return;	/* There is nowhere to say so. */
}

void kit_log_text(int level, const char *text, kit_size len)
{
	while (len && text[len - 1] == '\n')
		len--;
	if (kit_log_hook)
		kit_log_hook(level, text);
	if (level <= max_level)
		write_line(level, text, len);
}

void kit_vlog(int level, const char *fmt, kit_va_list args)
{
	char text[LINE_MAX];
	int n;

	if (level > max_level && !kit_log_hook)
		return;
	n = vsnprintf(text, sizeof(text), fmt, args);
	kit_log_text(level, text, n < LINE_MAX ? n : LINE_MAX - 1);
}

void kit_log(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	kit_vlog(level, fmt, args);
	va_end(args);
}

void kit_backtrace(int level)
{
	void *frames[FRAMES];
	int n = backtrace(frames, FRAMES);

	/* Without memory, as what is wrong may be that, or this a signal handler. */
	if (level <= max_level && n > 1)
		backtrace_symbols_fd(frames + 1, n - 1, fd);
}

static void log_thread(void)
{
	struct kit_thread *self = kit_current();
	unsigned int i;

	kit_log(2, "thread %d (%s, %s): preemption off %u, irqs %u, bh %u, hardirq %u, softirq %u",
		self->slot, thread_kind(self->kind), self->name, self->preempt, self->irqs_off,
		self->bh_off, self->hardirq, self->softirq);
	for (i = 0; i < self->nheld && i < KIT_HELD_MAX; i++)
		kit_log(2, "  holds %s (%p)", self->held[i].name, self->held[i].lock);
}

void kit_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	kit_vlog(2, fmt, args);
	va_end(args);
	/* An overflow is told from the thread's signal stack. */
	if (kit_is_thread())
		log_thread();
	kit_backtrace(2);
	abort();
}
