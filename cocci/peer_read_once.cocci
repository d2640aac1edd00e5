// SPDX-License-Identifier: GPL-2.0
/// A peer may change its memory at any moment: each value there is read once,
/// by READ_ONCE() or an acquire, into a copy of our own; what is larger is copied
/// as a whole. What is read a second time need not be what was checked.
///
// Confidence: Moderate
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin

virtual report

// One load, or none: an address, or a size
@fine@
expression E;
identifier get =~ "^(READ_ONCE|virt_load_acquire|get(8|16|32|64|_index))$";
identifier m, f;
position p;
@@
(
 get(<+... \(E->m@p \| E.m@p \| *E@p \| E@p[...] \| f@p(...)\) ...+>)
|
 &E->m@p
|
 &E.m@p
|
 &E->m@p[...]
|
 &E.m@p[...]
|
 &E@p[...]
|
 sizeof(<+... \(E->m@p \| E.m@p\) ...+>)
)

// The peer's half of the ring; what we never write is the peer's, too
@plain@
typedef __virtio16, __virtio32, __virtio64, __le16, __le32, __le64;
struct ivshmem_rx *r;
struct ivshmem_tx *t;
const struct vring_desc *d;
const struct vring_used_elem *e;
const struct vring_avail *a;
const struct vring_used *u;
const __virtio16 *v16;
const __virtio32 *v32;
const __virtio64 *v64;
const __le16 *l16;
const __le32 *l32;
const __le64 *l64;
expression E;
identifier table =~ "^state_table$";
identifier m;
position p != fine.p;
@@
(
 \(r->vring.avail->m@p \| E->rx.vring.avail->m@p\)
|
 \(r->vring.desc[...].m@p \| E->rx.vring.desc[...].m@p\)
|
 \(t->vring.used->m@p \| E->tx.vring.used->m@p\)
|
 \(t->vring.used->ring[...].m@p \| E->tx.vring.used->ring[...].m@p\)
|
 vring_used_event@p(&\(r->vring \| E->rx.vring\))
|
 vring_avail_event@p(&\(t->vring \| E->tx.vring\))
|
 \(d->m@p \| e->m@p \| a->m@p \| u->m@p\)
|
 \(*d@p \| *e@p\)
|
 \(*v16@p \| *v32@p \| *v64@p \| *l16@p \| *l32@p \| *l64@p\)
|
 \(v16@p[...] \| v32@p[...] \| v64@p[...] \| l16@p[...] \| l32@p[...] \| l64@p[...]\)
|
 \(E->table@p[...] \| *E->table@p\)
)

@script:python depends on report@
p << plain.p;
@@
coccilib.report.print_report(p[0], "the peer's memory is read without READ_ONCE() or an acquire")

// ... also a whole descriptor
@whole@
struct ivshmem_rx *r;
expression E, V;
type T;
identifier x;
position p;
@@
(
 V = \(r->vring.desc@p[...] \| E->rx.vring.desc@p[...]\);
|
 T x = \(r->vring.desc@p[...] \| E->rx.vring.desc@p[...]\);
)

@script:python depends on report@
p << whole.p;
@@
coccilib.report.print_report(p[0], "the peer's memory is read without READ_ONCE() or an acquire")

// ... also where the pointer lacks its const
@reached exists@
struct ivshmem_rx *r;
struct ivshmem_tx *t;
expression E, R;
type T;
identifier x, m;
position p != fine.p;
@@
(
 T x = <+... \(r->vring.avail \| r->vring.desc \| t->vring.used \| R->rx.vring.avail \| R->rx.vring.desc \| R->tx.vring.used\) ...+>;
|
 x = <+... \(r->vring.avail \| r->vring.desc \| t->vring.used \| R->rx.vring.avail \| R->rx.vring.desc \| R->tx.vring.used\) ...+>;
)
 ... when != x = E
     when any
 x->m@p

@script:python depends on report@
p << reached.p;
@@
coccilib.report.print_report(p[0], "the peer's memory is read without READ_ONCE() or an acquire")

// What a plugin mapped for itself
@mapping@
expression E;
identifier section;
@@
 E->section = ivshmem_map_section_ro(...)

@mapped@
expression E;
type T;
identifier mapping.section, m;
position p != fine.p;
@@
(
 E->section->m@p
|
 *(T *)E->section@p
)

@alias exists@
expression E, X;
type T;
identifier mapping.section, x, m;
position p != fine.p;
@@
(
 T x = E->section;
|
 x = E->section;
)
 ... when != x = X
     when any
 \(x->m@p \| *x@p \| x@p[...]\)

@script:python depends on report@
p << mapped.p;
@@
coccilib.report.print_report(p[0], "the peer's memory is read without READ_ONCE() or an acquire")

@script:python depends on report@
p << alias.p;
@@
coccilib.report.print_report(p[0], "the peer's memory is read without READ_ONCE() or an acquire")

// Frames are copied, then looked at.
@frame@
struct ivshmem_frame *fp;
struct ivshmem_frame fr;
identifier f =~ "^(mem(cmp|chr|chr_inv|scan)|str.*|crc.*|jhash.*|get_unaligned.*|ether_addr_.*|is_.*_ether_addr|[lb]e(16|32|64)_to_cpu[ps]?)$";
type T != {void, const void};
T *x;
identifier m;
position p;
@@
(
 *(T *)\(fp->data@p \| fr.data@p\)
|
 ((T *)\(fp->data@p \| fr.data@p\))->m
|
 f(..., <+... \(fp->data@p \| fr.data@p\) ...+>, ...)
|
 x = \(fp->data@p \| fr.data@p\)
)

@pointer@
struct ivshmem_frame *fp;
struct ivshmem_frame fr;
type T != {void, const void};
identifier x;
position p;
@@
 T *x = \(fp->data@p \| fr.data@p\);

@script:python depends on report@
p << frame.p;
@@
coccilib.report.print_report(p[0], "a frame is copied before it is looked at")

@script:python depends on report@
p << pointer.p;
@@
coccilib.report.print_report(p[0], "a frame is copied before it is looked at")

// The same once more
@again exists@
struct ivshmem_rx *r;
struct ivshmem_tx *t;
expression R, X;
identifier get1 =~ "^(READ_ONCE|virt_load_acquire|get(8|16|32|64|_index))$";
identifier get2 =~ "^(READ_ONCE|virt_load_acquire|get(8|16|32|64|_index))$";
position p1, p2;
@@
 get1@p1(\(X \& <+... \(r->vring.avail \| r->vring.desc \| t->vring.used \| R->rx.vring.avail \| R->rx.vring.desc \| R->tx.vring.used\) ...+>\))
 ... when any
 get2@p2(X)

// ... unless what points there was set anew in between
@anew exists@
const struct vring_desc *d;
const struct vring_used_elem *e;
struct vring_desc *wd;
struct vring_used_elem *we;
expression X, E;
identifier m;
identifier get1 =~ "^(READ_ONCE|virt_load_acquire|get(8|16|32|64|_index))$";
identifier get2 =~ "^(READ_ONCE|virt_load_acquire|get(8|16|32|64|_index))$";
position p1, p2;
@@
 get1@p1(\(X \& \(d->m \| &d->m \| e->m \| &e->m \| wd->m \| &wd->m \| we->m \| &we->m\)\))
 ... when != d = E
     when != \(e = E \| wd = E \| we = E\)
     when any
 get2@p2(X)

// A state, unless it is another peer's
@state exists@
expression D, P, V;
position p1, p2;
@@
 ivshmem_peer_state@p1(D, P)
 ... when != \(P = V \| P += V \| P++ \| ++P\)
     when any
 ivshmem_peer_state@p2(D, P)

@shown exists@
expression E, P, V;
identifier table =~ "^state_table$";
identifier get1 =~ "^(READ_ONCE|virt_load_acquire)$";
identifier get2 =~ "^(READ_ONCE|virt_load_acquire)$";
position p1, p2;
@@
 get1@p1(\(E->table[P] \| &E->table[P]\))
 ... when != \(P = V \| P += V \| P++ \| ++P\)
     when any
 get2@p2(\(E->table[P] \| &E->table[P]\))

// A word of what was mapped
@word exists@
type L = {const __le16, const __le32, const __le64};
L *l;
expression V;
identifier get1 =~ "^(READ_ONCE|virt_load_acquire)$";
identifier get2 =~ "^(READ_ONCE|virt_load_acquire)$";
position p1, p2;
@@
 get1@p1(\(*l \| &*l\))
 ... when != \(l = V \| l += V \| l++ \| ++l\)
     when any
 get2@p2(\(*l \| &*l\))

@element exists@
type L = {const __le16, const __le32, const __le64};
L *l;
expression I, V;
identifier get1 =~ "^(READ_ONCE|virt_load_acquire)$";
identifier get2 =~ "^(READ_ONCE|virt_load_acquire)$";
position p1, p2;
@@
 get1@p1(\(l[I] \| &l[I]\))
 ... when != \(l = V \| l += V \| l++ \| ++l\)
     when != \(I = V \| I += V \| I++ \| ++I\)
     when any
 get2@p2(\(l[I] \| &l[I]\))

// ... and in one expression
@both_states@
expression A, B, C, D, P;
position p1, p2;
@@
(
 \(A \& <+... ivshmem_peer_state@p1(D, P) ...+>\) && \(B \& <+... ivshmem_peer_state@p2(D, P) ...+>\)
|
 \(A \& <+... ivshmem_peer_state@p1(D, P) ...+>\) || \(B \& <+... ivshmem_peer_state@p2(D, P) ...+>\)
|
 \(A \& <+... ivshmem_peer_state@p1(D, P) ...+>\) ? \(B \& <+... ivshmem_peer_state@p2(D, P) ...+>\) : C
|
 \(A \& <+... ivshmem_peer_state@p1(D, P) ...+>\) ? C : \(B \& <+... ivshmem_peer_state@p2(D, P) ...+>\)
)

@both_words@
type L = {const __le16, const __le32, const __le64};
L *l;
expression A, B, C, E, I, X;
identifier table =~ "^state_table$";
identifier get1 =~ "^(READ_ONCE|virt_load_acquire)$";
identifier get2 =~ "^(READ_ONCE|virt_load_acquire)$";
position p1, p2;
@@
(
 \(A \& <+... get1@p1(\(X \& \(*l \| l[I] \| E->table[I]\)\)) ...+>\) && \(B \& <+... get2@p2(X) ...+>\)
|
 \(A \& <+... get1@p1(\(X \& \(*l \| l[I] \| E->table[I]\)\)) ...+>\) || \(B \& <+... get2@p2(X) ...+>\)
|
 \(A \& <+... get1@p1(\(X \& \(*l \| l[I] \| E->table[I]\)\)) ...+>\) ? \(B \& <+... get2@p2(X) ...+>\) : C
|
 \(A \& <+... get1@p1(\(X \& \(*l \| l[I] \| E->table[I]\)\)) ...+>\) ? C : \(B \& <+... get2@p2(X) ...+>\)
)

// A frame, also where another function was given its address
@copied exists@
struct ivshmem_frame *fp;
struct ivshmem_frame fr;
const void *v;
expression X, E;
identifier f1 =~ "^(memcpy|skb_put_data|csum_partial(_copy_nocheck)?)$";
identifier f2 =~ "^(memcpy|skb_put_data|csum_partial(_copy_nocheck)?)$";
position p1, p2;
@@
 f1@p1(..., \(X \& \(<+... fp->data ...+> \| <+... fr.data ...+> \| <+... v ...+>\)\), ...)
 ... when != ivshmem_rx_peek(...)
     when != \(v = E \| v += E\)
 f2@p2(..., X, ...)

// The compiler, too, may read it again in place of the copy.
@unfenced exists@
struct ivshmem_frame *fp;
struct ivshmem_frame fr;
struct ivshmem_rx *r;
struct ivshmem_tx *t;
const struct vring_desc *d;
const struct vring_used_elem *e;
expression E, own;
position p;
@@
(
 memcpy(\(&own \| own\), <+... \(fp->data \| fr.data\) ...+>, ...);
|
 memcpy(\(&own \| own\), <+... \(r->vring.desc \| E->rx.vring.desc \| t->vring.used \| E->tx.vring.used\) ...+>, ...);
|
 memcpy(\(&own \| own\), \(d \| e\), ...);
)
 ... when != barrier()
 own@p

@script:python depends on report@
p1 << again.p1;
p2 << again.p2;
@@
if int(p1[0].line) < int(p2[0].line):
    coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << anew.p1;
p2 << anew.p2;
@@
if int(p1[0].line) < int(p2[0].line):
    coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << state.p1;
p2 << state.p2;
@@
if int(p1[0].line) < int(p2[0].line):
    coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << shown.p1;
p2 << shown.p2;
@@
if int(p1[0].line) < int(p2[0].line):
    coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << word.p1;
p2 << word.p2;
@@
if int(p1[0].line) < int(p2[0].line):
    coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << element.p1;
p2 << element.p2;
@@
if int(p1[0].line) < int(p2[0].line):
    coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << both_states.p1;
p2 << both_states.p2;
@@
coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << both_words.p1;
p2 << both_words.p2;
@@
coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p1 << copied.p1;
p2 << copied.p2;
@@
if int(p1[0].line) < int(p2[0].line):
    coccilib.report.print_report(p2[0], "what was read in line %s is read again" % p1[0].line)

@script:python depends on report@
p << unfenced.p;
@@
coccilib.report.print_report(p[0], "barrier() between a copy and a look at it")
