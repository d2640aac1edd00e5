# SPDX-License-Identifier: GPL-2.0
"""The device as every kernel sees it, before any driver of ours."""
import signal

from .. import debug, qemu, roots
from ..lab import Lab
from ..suite import Fixture, Skip, equal, expect, test, until
from ..util import KERNELS


class Bare(Lab):
    """Both ends of a link in one machine, no module loaded."""

    shared = boots = True

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


@test("the machines of a run go on from one that has booted; powered off and on, one boots itself",
      Fixture(Lab), quick=("7.2",))
def template(lab):
    if qemu.accelerator() is not qemu.TCG:
        raise Skip("with KVM all machines boot", optional=True)
    vms = [lab.vm(), lab.vm()]

    def began(vm):
        """The log of its boot, with when each was said."""
        return vm.log()[vm.booted:].splitlines()[:100]
    expect(began(vms[1]) == began(vms[0]), "two machines have booted")
    vms[1].restart()
    expect(began(vms[1]) != began(vms[0]), "it has not booted")


@test("commands in a machine run side by side, and end in time with all that they started",
      Fixture(Lab), quick=("7.2",))
def commands(lab):
    vm = lab.vm()
    equal(tuple(vm.run("echo out; echo err >&2; exit 3", check=False)), (3, "out\nerr\n"),
          "status and output")
    equal(vm.run("cat /dev/zero | tr '\\0' x | head -c 3000000").out, "x" * 3000000, "much output")
    jobs = [vm.job("sleep 0.%d; seq %d" % (number % 5, number)) for number in range(40)]
    for number, job in enumerate(jobs):
        equal(job.result().out.split(), [str(n + 1) for n in range(number)], "output of one of 40")
    for number in (signal.SIGTERM, signal.SIGKILL):
        equal(vm.job("sleep 1000").kill(number).status, 128 + number, "status when killed")
    late = vm.run("sleep 1001 & echo begun; sleep 1002", timeout=10, check=False)
    equal(tuple(late), (128 + signal.SIGKILL, "begun\n"), "status and output of one that is late")
    vm.run("sleep 1003 >/dev/null & true")
    # Killed before the reply, but it has to get a processor to die.
    until(lambda: "sleep 100" not in vm.out("ps | grep -v grep"), "what is left ends")
