# SPDX-License-Identifier: GPL-2.0
"""Which plugin serves a device: by protocol, by the operator, in any order of loading."""
from ..lab import Lab
from ..suite import Fixture, equal, expect, test
from ..util import DEFAULT_KERNEL

SYSFS = "/sys/bus/ivshmem/devices/ivshmem%d/"
SMALL = {"output_size": "0x10000"}


class Choice(Lab):
    """Device 0 says Ethernet, device 1 says user-defined 0x4000; no module is loaded."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        links = [self.link(protocol="net", **SMALL), self.link(protocol="0x4000", **SMALL)]
        self.vm = self.vm([link.peer(0) for link in links])

    def fresh(self, *modules):
        self.vm.run("rmmod ivshmem_net; rmmod ivshmem_core; true")
        for module in modules:
            self.vm.run("modprobe " + module)

    def choose(self, number, text):
        return self.vm.run("echo '%s' >%sprotocol" % (text, SYSFS % number), check=False).status

    def expect(self, number, shown):
        equal(self.vm.out("cat %sprotocol" % (SYSFS % number)), shown,
              "protocol of device %d" % number)

    def interfaces(self):
        return self.vm.out("ls /sys/bus/ivshmem/devices/*/../net 2>/dev/null || true").split()


CHOICE = Fixture(Choice)


@test("a device binds to the plugin of its protocol when the plugin loads later, and no other does",
      CHOICE)
def later(lab):
    lab.fresh("ivshmem_core")
    lab.expect(0, "0x0001 none auto")
    lab.vm.run("modprobe ivshmem_net")
    lab.expect(0, "0x0001 net auto")
    lab.expect(1, "0x4000 none auto")


@test("a device binds to the plugin of its protocol when the device comes later", CHOICE)
def earlier(lab):
    lab.fresh("ivshmem_net")
    for address in ("0000:00:08.0", "0000:00:09.0"):
        lab.vm.run("echo %s >/sys/bus/pci/drivers/ivshmem_core/unbind" % address)
    equal(lab.vm.out("ls /sys/bus/ivshmem/devices"), "", "devices after the unbind")
    # In the other order, so that numbers follow the time, not the slot.
    lab.vm.run("echo 0000:00:08.0 >/sys/bus/pci/drivers/ivshmem_core/bind")
    lab.vm.run("echo 0000:00:09.0 >/sys/bus/pci/drivers/ivshmem_core/bind")
    lab.expect(0, "0x0001 net auto")
    lab.expect(1, "0x4000 none auto")


@test("writing a plugin's name loads its module, binds it to any device, and auto lets go", CHOICE)
def by_name(lab):
    lab.fresh("ivshmem_core")
    equal(lab.choose(1, "net"), 0, "status of the write")
    lab.expect(1, "0x4000 net chosen")
    lab.expect(0, "0x0001 net auto")
    equal(lab.choose(1, "auto"), 0, "status of the write")
    lab.expect(1, "0x4000 none auto")


@test("writing a number loads the module of that protocol and binds it", CHOICE)
def by_number(lab):
    lab.fresh("ivshmem_core")
    equal(lab.choose(1, "1"), 0, "status of the write")
    lab.expect(1, "0x0001 net chosen")
    equal(lab.choose(1, "0x4242"), 0, "status of the write")
    lab.expect(1, "0x4242 example chosen")
    lab.vm.run("rmmod ivshmem_example")
    lab.expect(1, "0x4242 none chosen")
    lab.choose(1, "auto")


@test("a choice made before the plugin loads holds afterwards", CHOICE)
def before(lab):
    lab.fresh("ivshmem_core")
    lab.choose(0, "0x4001")
    lab.expect(0, "0x4001 none chosen")
    lab.vm.run("modprobe ivshmem_net")
    lab.expect(0, "0x4001 none chosen")
    lab.choose(0, "auto")
    lab.expect(0, "0x0001 net auto")


@test("rmmod unbinds, modprobe binds again, and the choice outlives both", CHOICE)
def reload(lab):
    lab.fresh("ivshmem_net")
    lab.choose(1, "net")
    for _ in range(5):
        lab.vm.run("rmmod ivshmem_net")
        expect(" none auto" in lab.vm.out("cat %sprotocol" % (SYSFS % 0)), "still bound")
        expect(" none chosen" in lab.vm.out("cat %sprotocol" % (SYSFS % 1)), "still bound")
        lab.vm.run("modprobe ivshmem_net")
        expect(" net chosen" in lab.vm.out("cat %sprotocol" % (SYSFS % 1)), "not bound again")
    lab.choose(1, "auto")


@test("nonsense is refused and does not disturb the plugin that is bound", CHOICE)
def nonsense(lab):
    lab.fresh("ivshmem_net")
    lab.vm.run("ip link set eth0 up")
    for text in ("nothing", "65536", "-1", "net net", "", "n" * 4000):
        expect(lab.choose(0, text), "'%s' was accepted", text[:20])
        lab.expect(0, "0x0001 net auto")
    expect("UP" in lab.vm.out("ip -br link show eth0"), "the interface went down")


@test("unbinding by hand holds until the choice is written again", CHOICE)
def by_hand(lab):
    lab.fresh("ivshmem_net")
    lab.vm.run("echo ivshmem0 >/sys/bus/ivshmem/drivers/net/unbind")
    lab.expect(0, "0x0001 none auto")
    lab.choose(0, "net")
    lab.expect(0, "0x0001 net chosen")
    lab.choose(0, "auto")
    lab.expect(0, "0x0001 net auto")


@test("the choice is read and written from two sides at once, without harm", CHOICE)
def race(lab):
    lab.fresh("ivshmem_core")
    jobs = [lab.vm.job("for i in $(seq 60); do echo %s >%sprotocol; cat %s* >/dev/null 2>&1; done; "
                       "true" % (text, SYSFS % 0, SYSFS % 0), 800) for text in ("net", "auto", "0x4000")]
    jobs.append(lab.vm.job("for i in $(seq 15); do rmmod ivshmem_net; modprobe ivshmem_net; done; "
                           "true", 800))
    for job in jobs:
        job.result()
    lab.choose(0, "auto")
    lab.vm.run("modprobe ivshmem_net")
    lab.expect(0, "0x0001 net auto")
