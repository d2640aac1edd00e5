# SPDX-License-Identifier: GPL-2.0
"""What a kernel's log may not have, whatever is tested."""
import re

SPLAT = re.compile(r"WARNING:|\bBUG:|\bOops\b|KASAN|UBSAN|kernel BUG|general protection|"
                   r"possible [a-z ]+ detected|suspicious RCU|Call Trace|unreferenced object|"
                   r"NETDEV WATCHDOG|blocked for more than|soft lockup|Kernel panic|"
                   r"unregister_netdevice: waiting|No irq handler for|free nonexistent resource|"
                   r"which spans more than|mapping multiple BARs|ODEBUG disabled|"
                   r"x86/PAT: .*(?:freeing invalid|map pfn expected|conflicting memory)")
# The last: a data race that KCSAN sees in the kernel itself, none of whose sides is ours.
HARMLESS = re.compile(r"Kernel/User page tables|RETBleed|MDS CPU bug|TAA CPU bug|"
                      r"KCSAN: (?!.*\[ivshmem_)|Reported by Kernel Concurrency Sanitizer")
END = "---[ end trace"
LONGEST = 120           # lines of a report whose end does not show
# Whole reports, of faults that are the kernel's own. In its first two minutes, a random number
# that a new slab wants in the middle of falling asleep asks for the time, which stands still then.
KNOWN = (r"^[^\n]*WARNING: [^\n]* ktime_get_seconds\+.*\bcrng_.*\bsuspend_devices_and_enter\+",)


def reports(text, known=KNOWN):
    """The splats of a log, each with what the kernel told along with it, without those that are
    known: patterns for a whole report."""
    found, lines = [], text.splitlines()
    while lines:
        line = lines.pop(0)
        if not SPLAT.search(line) or HARMLESS.search(line):
            continue
        length = next((n for n, l in enumerate(lines[:LONGEST], 1) if END in l), LONGEST)
        report = "\n".join([line] + lines[:length])
        if END not in report or not any(re.search(pattern, report, re.S) for pattern in known):
            found.append(report)
        del lines[:length]
    return found


# Nor are these ours, where the machine is busy and has no KVM. On waking up, QEMU's firmware starts
# the other processors at 0x10000; up to one in 20 gets there when the code is gone, and stays.
LOST_CPU = re.compile(r"Error taking CPU\d+ up")
# A breakpoint where there is none (the byte before <> is another): the kernel sets one for as long
# as it changes an instruction, and QEMU may keep what it translated meanwhile (linux-kernel, July
# 2023: "qemu-x86_64 booting with 8.0.0 stil see int3: when running LTP tracing testing").
STALE = re.compile(r"\bint3: 0000 \[#1\].*\n(?:.*\n){1,12}?"
                   r".*\bCode: [0-9a-f ]*?(?!cc)[0-9a-f]{2} <")


def emulated(text):
    """What QEMU did wrong, by a kernel's log, or None."""
    if LOST_CPU.search(text):
        return "QEMU lost a processor when the machine woke up"
    return "QEMU ran an instruction that was there no more" if STALE.search(text) else None
