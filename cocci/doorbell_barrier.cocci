// SPDX-License-Identifier: GPL-2.0
/// What is written must be visible before the doorbell tells of it. The register
/// write does that, as long as it is an ordered one. A peer that polls finds the
/// ring's index without a doorbell, so the index is released; the doorbell is
/// left out by a look at the event index, with a full barrier in between. The
/// peer runs on other CPUs whatever this kernel is configured for, so barriers
/// on shared memory are virt_ ones. Between our own CPUs, who finds the pointer to
/// a plugin finds all that the plugin needs.
///
// Confidence: High
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin selftests/core/tool

virtual report

@relaxed@
identifier f =~ "^__raw_write|^write[bwlq]_relaxed$|^io(write|read)(8|16|32|64)_relaxed$|^__raw_read|^read[bwlq]_relaxed$";
position p;
@@
 f@p(...)

@script:python depends on report@
p << relaxed.p;
f << relaxed.f;
@@
coccilib.report.print_report(p[0], "%s() orders nothing: use iowrite32() and its like" % f)

// An index that the peer polls, published by anything but a release
@index@
expression R, E;
identifier ring =~ "^(avail|used)$";
identifier put =~ "^(WRITE_ONCE|put16)$";
position p;
@@
(
 R->ring->idx@p = E
|
 put(R->ring->idx@p, E)
|
 put(&R->ring->idx@p, E)
|
 R.ring->idx@p = E
|
 put(R.ring->idx@p, E)
|
 put(&R.ring->idx@p, E)
)

@script:python depends on report@
p << index.p;
@@
coccilib.report.print_report(p[0], "a ring's index is published with virt_store_release()")

// An index that is more than a hint, and a state: what they announce is read next.
@kept@
expression R, X;
identifier ring =~ "^(avail|used)$";
identifier get =~ "^(READ_ONCE|get(8|16|32|64))$";
type T;
identifier x;
position p;
@@
(
 T x = <+... get@p(<+... \(R->ring->idx \| R.ring->idx\) ...+>) ...+>;
|
 X = <+... get@p(<+... \(R->ring->idx \| R.ring->idx\) ...+>) ...+>;
)

@state@
expression E;
identifier table =~ "^state_table$";
position p;
@@
 READ_ONCE@p(E->table[...])

@script:python depends on report@
p << kept.p;
@@
coccilib.report.print_report(p[0], "an index that is kept is read with virt_load_acquire()")

@script:python depends on report@
p << state.p;
@@
coccilib.report.print_report(p[0], "a state is read with virt_load_acquire()")

@accessor@
identifier fn =~ "^(put|get)_index$";
position p;
@@
fn@p(...)
{
 ... when != \(virt_store_release(...) \| virt_load_acquire(...)\)
}

@script:python depends on report@
p << accessor.p;
fn << accessor.fn;
@@
coccilib.report.print_report(p[0], "%s() releases an index, or acquires it" % fn)

// No barrier at all on a kernel for one CPU
@smp@
expression R;
identifier f =~ "^smp_(store_release|load_acquire|store_mb)$";
identifier ring =~ "^(avail|used|desc)$";
position p;
@@
(
 f@p(<+... R->ring ...+>, ...)
|
 f@p(<+... R.ring ...+>, ...)
)

@script:python depends on report@
p << smp.p;
f << smp.f;
@@
coccilib.report.print_report(p[0], "%s() is nothing without CONFIG_SMP: use its virt_ form" % f)

// Whether the peer wants a doorbell: its event index after our index
@kick exists@
identifier fn;
position p;
identifier get =~ "^(READ_ONCE|get(8|16|32|64|_index)|virt_load_acquire)$";
identifier event =~ "^vring_(avail|used)_event$";
@@
fn(...)
{
 ... when != virt_mb()
 get(<+... event@p(...) ...+>)
 ... when any
}

@late exists@
position p;
identifier put =~ "^(put_index|virt_store_release|ivshmem_(tx_commit|rx_done))$";
identifier get =~ "^(READ_ONCE|get(8|16|32|64|_index)|virt_load_acquire)$";
identifier event =~ "^vring_(avail|used)_event$";
@@
 put(...)
 ... when != virt_mb()
 get(<+... event@p(...) ...+>)

@script:python depends on report@
p << kick.p;
@@
coccilib.report.print_report(p[0], "virt_mb() between publishing an index and the peer's event index")

@script:python depends on report@
p << late.p;
@@
coccilib.report.print_report(p[0], "virt_mb() between publishing an index and the peer's event index")

// Asking for a doorbell, then looking once more: our event index before its index
@arm exists@
expression E;
position p;
identifier put =~ "^(WRITE_ONCE|put16|put_index|virt_store_release)$";
identifier event =~ "^vring_(avail|used)_event$";
identifier get =~ "^(READ_ONCE|get(8|16|32|64|_index)|virt_load_acquire|rx_frames|ivshmem_(rx|tx)_(pending|peek|reclaim))$";
@@
(
 put(&event@p(...), ...);
|
 put(event@p(...), ...);
|
 event@p(...) = E;
)
 ... when != virt_mb()
 get(...)

@script:python depends on report@
p << arm.p;
@@
coccilib.report.print_report(p[0], "virt_mb() between the event index and another look at the peer's index")

// A plugin that handlers find; a work item was queued after it was written
@announced@
expression E, X != NULL;
position p;
@@
(
 WRITE_ONCE(E->plugin@p, X)
|
 E->plugin@p = X
)

@work@
identifier fn, work;
expression E;
position p;
@@
fn(struct work_struct *work, ...)
{
 <+... READ_ONCE(E->plugin@p) ...+>
}

@found@
expression E, X;
type T;
identifier x;
position p != work.p;
@@
(
 T x = READ_ONCE(E->plugin@p);
|
 X = READ_ONCE(E->plugin@p);
)

@script:python depends on report@
p << announced.p;
@@
coccilib.report.print_report(p[0], "a plugin is told of with smp_store_release()")

@script:python depends on report@
p << found.p;
@@
coccilib.report.print_report(p[0], "a plugin that is called is read with smp_load_acquire()")
