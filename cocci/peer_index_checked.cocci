// SPDX-License-Identifier: GPL-2.0
/// Whatever number comes from a peer - an index, a descriptor, an address, a
/// length, a state, a field of a message - is compared with its bound before it
/// indexes an array, moves a pointer, shifts or counts bits, sizes a copy or an
/// allocation, or ends a loop. A mask will do where a ring has a power of two
/// entries. 0 is no bound, nor is an equality after which all goes on.
///
// Confidence: Moderate
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin

virtual report

// A bound from the start, or looked at in the same breath
@bounded@
expression E;
identifier min =~ "^(min|min_t|min3|clamp|clamp_t|array_index_nospec|slot_of)$";
identifier from =~ "^(get(8|16|32|64|_index)|ivshmem_peer_state|(__virtio|le)(16|32|64)_to_cpup?)$";
position p;
@@
(
 from@p(...) & E
|
 from@p(...) % E
|
 min(..., <+... from@p(...) ...+>, ...)
)

@guarded@
expression v, B, E != 0;
position p;
@@
(
 \(v < E \| v <= E \| v > E \| v >= E \| v == E \| v != E\) && <+... v@p ...+>
|
 \(v < E \| v <= E \| v > E \| v >= E \| v == E \| v != E\) || <+... v@p ...+>
|
 \(v < E \| v <= E \| v > E \| v >= E \| v == E \| v != E\) ? <+... v@p ...+> : B
|
 \(v < E \| v <= E \| v > E \| v >= E \| v == E \| v != E\) ? B : <+... v@p ...+>
)

// An equality bounds where the rest is left, or where it leads to a use.
@settled@
expression v, E;
identifier l;
position p;
@@
(
 if (<+... \(v@p == E \| v@p != E\) ...+>) { ... \(return ...; \| goto l; \| break; \| continue;\) }
|
 if (<+... v@p == E ...+>) { <+... v ...+> }
)

@idle@
expression v, E;
position p != settled.p;
@@
 \(v@p == E \| v@p != E\)

@assigned exists@
expression v;
expression A, B, X, E != 0;
struct ivshmem_frame *frame;
identifier from =~ "^(get(8|16|32|64|_index)|ivshmem_peer_state|(__virtio|le)(16|32|64)_to_cpup?)$";
identifier size =~ "^(memcpy|memset|memmove|skb_put(_data)?|copy_(to|from)_user|kmemdup|crc32.*|ivshmem_tx_reserve|(__)?(test|set|clear|change)(_and_(set|clear|change))?_bit|BIT(_ULL)?|k[a-z]*alloc.*|.*alloc_skb.*)$";
position p1 != bounded.p;
position p2 != guarded.p;
position q != idle.p;
@@
 v = <+... from@p1(...) ...+>;
 ... when != \(v < E \| v <= E \| v > E \| v >= E \| v@q == E \| v@q != E\)
     when != \(v = X \| v &= X\)
     when any
(
 A[<+... v@p2 ...+>]
|
 B + v@p2
|
 B += v@p2
|
 B << v@p2
|
 \(v@p2-- \| --v@p2\)
|
 size(..., <+... v@p2 ...+>, ...)
|
 frame->len = <+... v@p2 ...+>
)

@assigned_loop exists@
expression v;
expression X, E != 0;
statement S;
identifier from =~ "^(get(8|16|32|64|_index)|ivshmem_peer_state|(__virtio|le)(16|32|64)_to_cpup?)$";
position p1 != bounded.p;
position p2 != guarded.p;
position q != idle.p;
@@
 v = <+... from@p1(...) ...+>;
 ... when != \(v < E \| v <= E \| v > E \| v >= E \| v@q == E \| v@q != E\)
     when != \(v = X \| v &= X\)
     when any
 \(for (...; <+... v@p2 ...+>; ...) S \| while (<+... v@p2 ...+>) S\)

@declared exists@
type T;
identifier v;
expression A, B, X, E != 0;
struct ivshmem_frame *frame;
identifier from =~ "^(get(8|16|32|64|_index)|ivshmem_peer_state|(__virtio|le)(16|32|64)_to_cpup?)$";
identifier size =~ "^(memcpy|memset|memmove|skb_put(_data)?|copy_(to|from)_user|kmemdup|crc32.*|ivshmem_tx_reserve|(__)?(test|set|clear|change)(_and_(set|clear|change))?_bit|BIT(_ULL)?|k[a-z]*alloc.*|.*alloc_skb.*)$";
position p1 != bounded.p;
position p2 != guarded.p;
position q != idle.p;
@@
 T v = <+... from@p1(...) ...+>;
 ... when != \(v < E \| v <= E \| v > E \| v >= E \| v@q == E \| v@q != E\)
     when != \(v = X \| v &= X\)
     when any
(
 A[<+... v@p2 ...+>]
|
 B + v@p2
|
 B += v@p2
|
 B << v@p2
|
 \(v@p2-- \| --v@p2\)
|
 size(..., <+... v@p2 ...+>, ...)
|
 frame->len = <+... v@p2 ...+>
)

@declared_loop exists@
type T;
identifier v;
expression X, E != 0;
statement S;
identifier from =~ "^(get(8|16|32|64|_index)|ivshmem_peer_state|(__virtio|le)(16|32|64)_to_cpup?)$";
position p1 != bounded.p;
position p2 != guarded.p;
position q != idle.p;
@@
 T v = <+... from@p1(...) ...+>;
 ... when != \(v < E \| v <= E \| v > E \| v >= E \| v@q == E \| v@q != E\)
     when != \(v = X \| v &= X\)
     when any
 \(for (...; <+... v@p2 ...+>; ...) S \| while (<+... v@p2 ...+>) S\)

@script:python depends on report@
p1 << assigned.p1;
p2 << assigned.p2;
@@
coccilib.report.print_report(p2[0], "comes from a peer, line %s, and was not checked" % p1[0].line)

@script:python depends on report@
p1 << assigned_loop.p1;
p2 << assigned_loop.p2;
@@
coccilib.report.print_report(p2[0], "comes from a peer, line %s, and was not checked" % p1[0].line)

@script:python depends on report@
p1 << declared.p1;
p2 << declared.p2;
@@
coccilib.report.print_report(p2[0], "comes from a peer, line %s, and was not checked" % p1[0].line)

@script:python depends on report@
p1 << declared_loop.p1;
p2 << declared_loop.p2;
@@
coccilib.report.print_report(p2[0], "comes from a peer, line %s, and was not checked" % p1[0].line)

// At once, without a look
@direct@
expression A, B, E;
struct ivshmem_frame *frame;
identifier from =~ "^(get(8|16|32|64|_index)|ivshmem_peer_state|(__virtio|le)(16|32|64)_to_cpup?)$";
identifier size =~ "^(memcpy|memset|memmove|skb_put(_data)?|copy_(to|from)_user|kmemdup|crc32.*|ivshmem_tx_reserve|(__)?(test|set|clear|change)(_and_(set|clear|change))?_bit|BIT(_ULL)?|k[a-z]*alloc.*|.*alloc_skb.*)$";
position p != bounded.p;
@@
(
 A[\(from@p(...) \| from@p(...) + E \| from@p(...) - E\)]
|
 B + from@p(...)
|
 B << from@p(...)
|
 size(..., <+... from@p(...) ...+>, ...)
|
 frame->len = <+... from@p(...) ...+>
)

@script:python depends on report@
p << direct.p;
@@
coccilib.report.print_report(p[0], "comes from a peer and was not checked")
