# SPDX-License-Identifier: GPL-2.0
"""A machine, and a process that runs the same drivers, on one link."""
from ..lab import Lab
from ..link import Hosted
from ..machines import NET, PING, all_came_back, has_carrier
from ..suite import Fixture, equal, test, until


@test("a machine and a process with the same drivers ping each other", Fixture(Lab), timeout=300,
      quick=("7.2",))
def ping(lab):
    link = lab.link()
    vm = lab.vm([link.peer(0)])
    process = Hosted(link.peer(1), NET + "2/24")
    try:
        vm.run("modprobe ivshmem_net && ip addr add %s1/24 dev eth0 && ip link set eth0 up" % NET)
        until(lambda: has_carrier(vm.run), "the carrier comes on")
        all_came_back(vm.out("%s -c 50 -s 1400 %s2" % (PING, NET)))
        counters = process.stop()
    finally:
        process.close()
    equal((counters["bad_sums"], counters["ring_errors"], counters["link_ups"]), (0, 0, 1),
          "bad checksums, ring errors, link ups of the process")
    until(lambda: not has_carrier(vm.run), "the carrier goes off")
