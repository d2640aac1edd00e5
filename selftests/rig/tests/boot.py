# SPDX-License-Identifier: GPL-2.0
"""The device as every kernel sees it, before any driver of ours."""
from .. import debug, roots
from ..lab import Lab
from ..suite import Fixture, equal, test
from ..util import KERNELS


class Bare(Lab):
    """Both ends of a link in one machine, no module loaded."""

    shared = True

    def __init__(self, kernel):
        super().__init__(kernel)
        self.link = self.link(output_size="64K")
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)])


def boots(kernel):
    @test("Linux %s boots and finds both ends of a link on its PCI bus" % kernel,
          Fixture(Bare, kernel=kernel), suffix="-" + kernel)
    def linux(lab):
        ids = lab.vm.out("cat /sys/bus/pci/devices/0000:00:0[89].0/uevent | grep PCI_ID")
        equal(ids, "PCI_ID=110A:4106\nPCI_ID=110A:4106", "PCI ids")
        classes = lab.vm.out("cat /sys/bus/pci/devices/0000:00:0[89].0/class")
        equal(classes.split(), ["0xff0001"] * 2, "class")
        equal(lab.vm.out("uname -r"), roots.release(lab.kernel), "the kernel's release")
        connected = [peer["connected"] for peer in lab.link.stats()["peers"]]
        equal(connected, [True, True], "peers connected to the device")


for version in KERNELS + (debug.NAME,):
    boots(version)
