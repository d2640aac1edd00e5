// SPDX-License-Identifier: GPL-2.0
/// A poll queues itself first and looks then. What comes between a look and
/// poll_wait() wakes nobody, and the program sleeps although there is something.
///
// Confidence: High
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin

virtual report

// Any call may look; container_of() and its like do not.
@late exists@
expression E, V;
identifier events, x;
identifier f !~ "^(container_of(_const)?|file_inode|to_.*)$";
type T;
statement S1, S2;
position p;
@@
(
 events |= E;
|
 V = <+... f(...) ...+>;
|
 T x = <+... f(...) ...+>;
|
 if (<+... f(...) ...+>) S1 else S2
)
 ... when any
 poll_wait@p(...)

@script:python depends on report@
p << late.p;
@@
coccilib.report.print_report(p[0], "poll_wait() comes before all that is looked at")
