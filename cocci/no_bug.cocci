// SPDX-License-Identifier: GPL-2.0
/// Nothing that a peer does may stop or disturb the kernel: no BUG(), no WARN(),
/// no panic() in the core or in a plugin. A broken rule resets the link.
///
// Confidence: High
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin include compat

virtual report

@call@
identifier f =~ "^(BUG|BUG_ON|WARN|WARN_ON|WARN_ONCE|WARN_ON_ONCE|WARN_RATELIMIT|WARN_TAINT|WARN_TAINT_ONCE|(VM|CHECK|MMAP)_(BUG|WARN)_ON.*|(DEBUG_NET|DEBUG_LOCKS)_WARN_ON.*|(dev|netdev|pci)_WARN(_ONCE)?|panic|nmi_panic|die|dump_stack|unreachable|__builtin_trap)$";
position p;
@@
 f@p(...)

@script:python depends on report@
p << call.p;
f << call.f;
@@
coccilib.report.print_report(p[0], "%s() where a peer may get us to" % f)
