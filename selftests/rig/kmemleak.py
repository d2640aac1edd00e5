# SPDX-License-Identifier: GPL-2.0
"""What a debug kernel tells of memory that nobody can reach any more."""
import re

KMEMLEAK = "kmemleak=on"        # on the kernel's command line
LEAKS = "/sys/kernel/debug/kmemleak"
OBJECT = re.compile(r"(?m)^(?=unreferenced object )")
ALLOCATED = re.compile(r"\bjiffies (\d+)")


def forget_leaks(vm):
    """What was allocated before is not ours: Debian's programs and the kernel leak, too."""
    vm.leaks_from = int(vm.out("sed -n 's/^jiffies: //p;T;q' /proc/timer_list"))


def leaks(vm):
    """It takes two looks, and objects younger than 5 s do not count."""
    vm.run("sleep 6; echo scan >%s; echo scan >%s" % (LEAKS, LEAKS), timeout=900)
    return "".join(leaked for leaked in OBJECT.split(vm.out("cat " + LEAKS))
                   if leaked and not before(leaked, vm.leaks_from))


def before(leaked, jiffies):
    allocated = ALLOCATED.search(leaked)
    return allocated and int(allocated[1]) < jiffies
