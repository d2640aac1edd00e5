# SPDX-License-Identifier: GPL-2.0
"""Each plugin, once, from modprobe to rmmod: what a kernel gets that the quick form leaves out."""
import json

from ..lab import Lab
from ..machines import LIB, NET, PING, all_came_back
from ..suite import Fixture, equal, expect, test, until
from ..util import KERNELS

DEVICES = "/sys/bus/ivshmem/devices/"
UNBIND = "for i in 8 9; do echo 0000:00:0$i.0 >/sys/bus/pci/drivers/ivshmem_core/unbind; done"


def choose(vm, *plugins):
    for number, plugin in enumerate(plugins):
        vm.run("echo %s >%sivshmem%d/protocol" % (plugin, DEVICES, number))


def ethernet(vm):
    vm.run("modprobe ivshmem_net; " + LIB + "pair_up")
    all_came_back(vm.out("ip netns exec a %s -c 20 -s 1400 %s2" % (PING, NET)))
    vm.run(LIB + "pair_down")


def programs(vm):
    choose(vm, "uio", "uio")
    pong = vm.job("exec ivshmem-tool pong ivshmem1")
    said = json.loads(vm.out("ivshmem-tool pingpong ivshmem0 --count 50 --timeout 5 --wait 30 --json"))
    equal(said["count"] + said["timeouts"], 50, "round trips")
    expect(said["timeouts"] < 5, "%d timeouts", said["timeouts"])
    pong.kill()


def system_call(vm):
    choose(vm, "shadow", "uio")
    proxy = vm.job("exec shadow-proxy >/run/proxy 2>&1")
    until(lambda: "ready\n" in vm.run("cat /run/proxy", check=False).out, "the proxy's slot", 60)
    vm.run("echo 'getpid -> pid' | /selftests/shadow/ivshmem-rtos --uio /dev/uio* --slot "
           "$(sed -n 's/^slot //p' /run/proxy) script -")
    proxy.kill()                        # who goes on has to find the module unused


def smoke(kernel):
    @test("Linux %s: ping, a UIO ping-pong and a remote system call; unbound and unloaded, nothing is "
          "left" % kernel, Fixture(Lab, kernel=kernel), timeout=300, suffix="-" + kernel)
    def all_plugins(lab):
        link = lab.link(protocol="net", vectors=3, rw_size="1M", output_size="64K")
        vm = lab.vm([link.peer(0), link.peer(1)])
        ethernet(vm)
        programs(vm)
        system_call(vm)
        vm.run(UNBIND)
        equal(vm.out("ls " + DEVICES), "", "devices after unbinding")
        vm.run("rmmod ivshmem_shadow ivshmem_uio ivshmem_net ivshmem_core")
        for peer in link.stats()["peers"]:
            equal((peer["state"], peer["interrupt_control"]), (0, 0), "state, interrupt control")


for version in KERNELS:
    smoke(version)
