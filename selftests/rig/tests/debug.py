# SPDX-License-Identifier: GPL-2.0
"""What only the debug kernel can tell: leaks, and errors on paths that are never taken."""
import re

from .. import debug
from ..machines import Pair, all_came_back
from ..suite import Fixture, equal, expect, test

KMEMLEAK = "kmemleak=on"
LEAKS = "/sys/kernel/debug/kmemleak"
DEVICE = "0000:00:08.0"
# Each round, another allocation of the one shell that binds the device fails: the
# first, then one some further on. All of them, with a stride of 1, take 5 minutes.
# A shell whose fault was not reached says "left": there are no more.
FAIL_EACH = """
for kind in failslab fail_page_alloc; do
	echo 0 >/sys/kernel/debug/$kind/verbose
	echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
done
cd /sys/bus/pci/drivers/ivshmem_core
nth=1 refused=0
while :; do
	[ ! -e %(device)s ] || echo %(device)s >unbind
	nth=$((nth + STRIDE))
	left=$(sh -c 'echo $1 >/proc/self/fail-nth; echo %(device)s >bind
		read left </proc/self/fail-nth && echo $left' sh $nth 2>/dev/null)
	[ -e %(device)s ] || refused=$((refused + 1))
	[ "${left:-0}" = 0 ] || break
done
echo $nth $refused
""" % {"device": DEVICE}


def strange(lines):
    """The kernel itself warns where an interrupt's proc entry goes that could not be made."""
    return [line for line in lines
            if not re.search("at remove_proc_entry|Call Trace:", line)]


def forget_leaks(vm):
    """What Debian's programs and the kernel itself have left is not ours."""
    vm.run("echo scan >%s; sleep 6; echo scan >%s; echo clear >%s" % (LEAKS, LEAKS, LEAKS))


def leaks(vm):
    """It takes two looks, and objects younger than 5 s do not count."""
    vm.run("sleep 6; echo scan >%s; echo scan >%s" % (LEAKS, LEAKS), timeout=120)
    return vm.out("cat " + LEAKS)


@test("no memory leaks: traffic, 10 times down and up, 10 loads of both modules",
      Fixture(Pair, kernel=debug.NAME, append=KMEMLEAK), timeout=300)
def leak(lab):
    forget_leaks(lab.vm)
    all_came_back(lab.ping(100, "-s 1400"))
    for _ in range(10):
        lab.at("a", "ip link set link0 down && ip link set link0 up")
    lab.wait_carrier("a")
    lab.vm.run("ip netns del a; ip netns del b")
    lab.vm.run("for i in $(seq 10); do rmmod ivshmem_net ivshmem_core && "
               "modprobe ivshmem_net || exit 1; done", timeout=120)
    equal(leaks(lab.vm), "", "what kmemleak found with the modules loaded")
    lab.vm.run("rmmod ivshmem_net ivshmem_core")
    equal(leaks(lab.vm), "", "what kmemleak found with the modules gone")


class Probed(Pair):
    """Both ends in the first namespace."""

    def join(self):
        pass


@test("a device whose probe runs out of memory, wherever that is, is refused cleanly and works "
      "the next time", Fixture(Probed, kernel=debug.NAME, append=KMEMLEAK), timeout=400)
def failing_probe(lab):
    forget_leaks(lab.vm)
    text = lab.vm.out("STRIDE=7\n" + FAIL_EACH, timeout=360)
    equal(strange(lab.vm.splats()), [], "what the log has")
    expect(re.match(r"\d+ \d+$", text), "the loop says %r", text)
    rounds, refused = map(int, text.split())
    expect(refused >= 8, "only %d of %d failures led to a refusal", refused, rounds)
    equal(leaks(lab.vm), "", "what kmemleak found")
    Pair.join(lab)
    all_came_back(lab.ping())
