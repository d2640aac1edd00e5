// SPDX-License-Identifier: GPL-2.0
/// A work item or a timer may still be queued, or run, when its device or its
/// module goes: the file that sets it up also waits for its end.
///
// Confidence: Moderate
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin selftests/core/tool

virtual report

@made@
identifier make =~ "^(INIT_(DELAYED_)?WORK|(hr)?timer_setup)$";
expression E;
identifier w;
position p;
@@
 make@p(&E->w, ...)

@ended@
identifier made.w;
identifier end =~ "^(cancel_(delayed_)?work_sync|hrtimer_cancel|timer_(delete|shutdown)_sync)$";
expression E;
@@
 end(&E->w)

@script:python depends on report && !ended@
p << made.p;
w << made.w;
@@
coccilib.report.print_report(p[0], "nobody waits for the end of %s" % w)
