# SPDX-License-Identifier: GPL-2.0
"""Two machines: one loses power under traffic, and the link comes back by itself."""
import statistics
import time

from ..lab import Lab
from ..machines import NET, Two, all_came_back
from ..roots import vmlinuz
from ..suite import Fixture, equal, expect, test, until
from ..util import DEFAULT_KERNEL, KERNELS

TWO = Fixture(Two)


def kills(count, **options):
    @test("%d times a machine is killed under traffic: the other sees it go, and the link comes "
          "back within 10 s" % count, TWO, timeout=120 * count + 300, **options)
    def kill(lab):
        times = []
        changes = "cat /sys/class/net/eth0/carrier_changes"
        for number in [0, 1] * (count // 2):
            survivor = lab.vms[1 - number]
            flood = survivor.job("ping -q -f -s 1400 %s%d" % (NET, number + 1), timeout=600)
            before = int(survivor.out(changes))
            lab.vms[number].kill()
            until(lambda n=1 - number: not lab.carrier(n), "the survivor's carrier goes off")
            flood.kill()
            lab.vms[number].start()
            job = lab.start_up(number)
            times.append(lab.link.time_back(number))
            job.result()
            lab.wait_both()
            # The flood had the other's address looked for, maybe until now, in vain.
            survivor.run("ip neigh flush dev eth0")
            all_came_back(lab.ping(number=1 - number))
            equal(int(survivor.out(changes)) - before, 2, "the survivor's carrier changes")
        print("# from interface up to RUN: median %.1f ms, worst %.1f ms of %d" % (
            statistics.median(times), max(times), count))


kills(2)
kills(20, suffix="-20", long=True)


@test("a machine that stands still keeps the link, and goes on where it stopped", TWO)
def stopped(lab):
    lab.vms[1].qmp("stop")
    time.sleep(2)
    expect(lab.carrier(0), "the carrier went although the peer is only stopped")
    lab.vms[1].qmp("cont")
    all_came_back(lab.ping())


def pair_of(kernel):
    @test("two machines with Linux %s send each other a file over TCP" % kernel,
          TWO if kernel == DEFAULT_KERNEL else Fixture(Two, kernel=kernel), suffix="-" + kernel)
    def talk(lab):
        for number in (0, 1):
            sender, receiver = lab.vms[number], lab.vms[1 - number]
            all_came_back(lab.ping(20, number, "-s 1400"))
            server = receiver.job("socat -u tcp-listen:5000,reuseaddr stdout | sha256sum")
            until(lambda vm=receiver: vm.out("ss -Hlnt 'sport = :5000'"), "socat listens")
            sender.run("head -c 5000000 /dev/urandom >/tmp/sent; "
                       "socat -u open:/tmp/sent tcp:%s%d:5000" % (NET, 2 - number))
            equal(server.result().out.split()[0], sender.out("sha256sum /tmp/sent").split()[0],
                  "checksum of what arrived")


for version in KERNELS:
    pair_of(version)


@test("kexec leaves the device quiet: state and interrupt control are 0 for the next kernel",
      Fixture(Lab))
def kexec(lab):
    link = lab.link(output_size="64K")
    vm = lab.vm([link.peer(0), link.peer(1)], files={"/boot/vmlinuz": vmlinuz(DEFAULT_KERNEL)})
    vm.run("modprobe ivshmem_net; ip link set eth0 up; ip link set eth1 up")
    until(lambda: link.stats(0)["state"] == 3, "the link runs")
    # The next kernel has no root file system: it stops in a panic, which is fine here.
    vm.run("kexec -l /boot/vmlinuz --append='console=ttyS0,115200 panic=0'")
    vm.job("kexec -e")
    until(lambda: vm.log()[vm.booted:].count("Linux version") == 2, "the next kernel starts", 240)
    for peer in link.stats()["peers"]:
        equal((peer["connected"], peer["state"], peer["interrupt_control"]), (True, 0, 0),
              "connected, state, interrupt control")
    vm.kill()
    # What our kernel said until its end counts, what the next one says of its panic does not.
    vm.console.write_text(vm.log().rpartition("Linux version")[0])
