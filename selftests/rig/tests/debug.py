# SPDX-License-Identifier: GPL-2.0
"""What only the debug kernel can tell: leaks."""
from .. import debug
from ..machines import Pair, all_came_back
from ..suite import Fixture, equal, test

KMEMLEAK = "kmemleak=on"
LEAKS = "/sys/kernel/debug/kmemleak"


def forget_leaks(vm):
    """What Debian's programs and the kernel itself have left is not ours."""
    vm.run("echo scan >%s; sleep 6; echo scan >%s; echo clear >%s" % (LEAKS, LEAKS, LEAKS),
           timeout=240)


def leaks(vm):
    """It takes two looks, and objects younger than 5 s do not count."""
    vm.run("sleep 6; echo scan >%s; echo scan >%s" % (LEAKS, LEAKS), timeout=240)
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
