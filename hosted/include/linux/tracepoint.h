/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints write a line to the log while hosted_trace is set, which
 * kit_param_set("trace", "1") does. One pass of the preprocessor is enough for that.
 */
#ifndef _LINUX_TRACEPOINT_H
#define _LINUX_TRACEPOINT_H

#include <linux/printk.h>
#include <linux/types.h>

extern bool hosted_trace;

#define TP_PROTO(args...)		args
#define TP_ARGS(args...)		args
#define TP_STRUCT__entry(args...)	args
#define TP_fast_assign(args...)		args
#define TP_printk(fmt, args...)		fmt "\n", args

#define __field(_type, _name)		_type _name;
#define __array(_type, _name, _len)	_type _name[_len];

#define TRACE_EVENT(_name, _proto, _args, _struct, _assign, _print)	\
static inline void trace_##_name(_proto)				\
{									\
	struct { _struct } __trace, *__entry = &__trace;		\
									\
	if (!READ_ONCE(hosted_trace))					\
		return;							\
	_assign								\
	hosted_trace_line(#_name ": " _print);				\
}

__printf(1, 2) void hosted_trace_line(const char *fmt, ...);

struct trace_print_flags {
	unsigned long mask;
	const char *name;
};

static inline const char *hosted_trace_symbol(unsigned long value,
					      const struct trace_print_flags *symbols)
{
	for (; symbols->name; symbols++)
		if (symbols->mask == value)
			return symbols->name;
	return "?";
}

#define __print_symbolic(_value, _symbols...)				\
	hosted_trace_symbol(_value, (const struct trace_print_flags []) { _symbols, { } })

/* For tools that read the format; there are none. */
#define TRACE_DEFINE_ENUM(_name)

#endif /* _LINUX_TRACEPOINT_H */
