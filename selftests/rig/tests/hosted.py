# SPDX-License-Identifier: GPL-2.0
"""A machine, and a process that runs the same drivers, on one link."""
from ..lab import Lab
from ..link import Hosted
from ..machines import NET, all_came_back
from ..suite import equal, test, until

CARRIER = "cat /sys/class/net/eth0/carrier"


@test("a machine and a process with the same drivers ping each other", timeout=180)
def ping():
    with Lab() as lab:
        link = lab.link()
        vm = lab.vm([link.peer(0)])
        process = Hosted(link.peer(1), NET + "2/24")
        try:
            vm.run("modprobe ivshmem_net && ip addr add %s1/24 dev eth0 && ip link set eth0 up" % NET)
            until(lambda: vm.run(CARRIER, check=False).out.strip() == "1", "the carrier comes on")
            all_came_back(vm.run("ping -q -c 50 -i 0.01 -s 1400 -W 2 %s2" % NET).out)
            counters = process.stop()
        finally:
            process.close()
        equal((counters["bad_sums"], counters["ring_errors"], counters["link_ups"]), (0, 0, 1),
              "bad checksums, ring errors, link ups of the process")
        until(lambda: vm.run(CARRIER, check=False).out.strip() == "0", "the carrier goes off")
