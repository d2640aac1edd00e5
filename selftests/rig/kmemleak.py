# SPDX-License-Identifier: GPL-2.0
"""What a debug kernel tells of memory that nobody can reach any more."""
KMEMLEAK = "kmemleak=on"        # on the kernel's command line
LEAKS = "/sys/kernel/debug/kmemleak"


def forget_leaks(vm):
    """What Debian's programs and the kernel itself have left is not ours."""
    vm.run("echo scan >%s; sleep 6; echo scan >%s; echo clear >%s" % (LEAKS, LEAKS, LEAKS),
           timeout=240)


def leaks(vm):
    """It takes two looks, and objects younger than 5 s do not count."""
    vm.run("sleep 6; echo scan >%s; echo scan >%s" % (LEAKS, LEAKS), timeout=240)
    return vm.out("cat " + LEAKS)
