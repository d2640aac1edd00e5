/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the core: why is my link down, and where did an interrupt go?
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ivshmem

#if !defined(_IVSHMEM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _IVSHMEM_TRACE_H

#include <linux/tracepoint.h>

#include "core.h"

/* ring a peer's vector */
TRACE_EVENT(ivshmem_doorbell,
	TP_PROTO(const struct ivshmem_core *core, u32 peer, u32 vector),
	TP_ARGS(core, peer, vector),
	TP_STRUCT__entry(
		__field(int, index)
		__field(u32, peer)
		__field(u32, vector)
	),
	TP_fast_assign(
		__entry->index = core->index;
		__entry->peer = peer;
		__entry->vector = vector;
	),
	TP_printk("ivshmem%d peer=%u vector=%u",
		  __entry->index, __entry->peer, __entry->vector)
);

/* one of our vectors fired */
TRACE_EVENT(ivshmem_interrupt,
	TP_PROTO(const struct ivshmem_core *core, u32 vector, bool told),
	TP_ARGS(core, vector, told),
	TP_STRUCT__entry(
		__field(int, index)
		__field(u32, vector)
		__field(bool, told)
	),
	TP_fast_assign(
		__entry->index = core->index;
		__entry->vector = vector;
		__entry->told = told;
	),
	TP_printk("ivshmem%d vector=%u%s", __entry->index, __entry->vector,
		  __entry->told ? "" : " (no plugin)")
);

/* own state register written */
TRACE_EVENT(ivshmem_set_state,
	TP_PROTO(const struct ivshmem_core *core, u32 state),
	TP_ARGS(core, state),
	TP_STRUCT__entry(
		__field(int, index)
		__field(u32, state)
	),
	TP_fast_assign(
		__entry->index = core->index;
		__entry->state = state;
	),
	TP_printk("ivshmem%d state=%u", __entry->index, __entry->state)
);

/* the state table differs from what was seen last */
TRACE_EVENT(ivshmem_peer_state,
	TP_PROTO(const struct ivshmem_core *core, u32 peer, u32 old, u32 new),
	TP_ARGS(core, peer, old, new),
	TP_STRUCT__entry(
		__field(int, index)
		__field(u32, peer)
		__field(u32, old)
		__field(u32, new)
	),
	TP_fast_assign(
		__entry->index = core->index;
		__entry->peer = peer;
		__entry->old = old;
		__entry->new = new;
	),
	TP_printk("ivshmem%d peer=%u state=%u was=%u",
		  __entry->index, __entry->peer, __entry->new, __entry->old)
);

/* So that tools outside the kernel can tell the names as well */
TRACE_DEFINE_ENUM(IVSHMEM_LINK_RESET);
TRACE_DEFINE_ENUM(IVSHMEM_LINK_INIT);
TRACE_DEFINE_ENUM(IVSHMEM_LINK_READY);
TRACE_DEFINE_ENUM(IVSHMEM_LINK_RUN);

#define show_link_state(state)			\
	__print_symbolic(state,			\
		{ IVSHMEM_LINK_RESET, "RESET" },	\
		{ IVSHMEM_LINK_INIT, "INIT" },		\
		{ IVSHMEM_LINK_READY, "READY" },	\
		{ IVSHMEM_LINK_RUN, "RUN" })

/* a step of the handshake */
TRACE_EVENT(ivshmem_link,
	TP_PROTO(const struct ivshmem_core *core, u32 from, u32 to, u32 peer_state),
	TP_ARGS(core, from, to, peer_state),
	TP_STRUCT__entry(
		__field(int, index)
		__field(u32, from)
		__field(u32, to)
		__field(u32, peer_state)
	),
	TP_fast_assign(
		__entry->index = core->index;
		__entry->from = from;
		__entry->to = to;
		__entry->peer_state = peer_state;
	),
	TP_printk("ivshmem%d %s -> %s, peer %s", __entry->index,
		  show_link_state(__entry->from), show_link_state(__entry->to),
		  show_link_state(__entry->peer_state))
);

/* the peer broke a rule of the ring */
TRACE_EVENT(ivshmem_ring_error,
	TP_PROTO(const struct ivshmem_core *core, const char *what, u64 found, u64 expected),
	TP_ARGS(core, what, found, expected),
	TP_STRUCT__entry(
		__field(int, index)
		__array(char, what, 32)
		__field(u64, found)
		__field(u64, expected)
	),
	TP_fast_assign(
		__entry->index = core->index;
		strscpy(__entry->what, what, sizeof(__entry->what));
		__entry->found = found;
		__entry->expected = expected;
	),
	TP_printk("ivshmem%d %s 0x%llx, bound 0x%llx", __entry->index,
		  __entry->what, __entry->found, __entry->expected)
);

#endif /* _IVSHMEM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
