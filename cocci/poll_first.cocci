// SPDX-License-Identifier: GPL-2.0
/// A poll queues itself first and looks then. What comes between a look and
/// poll_wait() wakes nobody, and the program sleeps although there is something.
///
// Confidence: High
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin

virtual report

@late exists@
expression E, X;
identifier events;
position p;
@@
(
 events |= E
|
 events = <+... READ_ONCE(X) ...+>
)
 ... when any
 poll_wait@p(...)

@script:python depends on report@
p << late.p;
@@
coccilib.report.print_report(p[0], "poll_wait() comes before all that is looked at")
