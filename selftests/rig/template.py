# SPDX-License-Identifier: GPL-2.0
"""A machine that has booted, and from which the others of a run go on.

To boot takes up to ten seconds of a processor in an emulated machine, to go on a tenth of that. So
one more machine with each kernel boots, without a device, and is stopped when it is ready: its
memory is a file, and QEMU writes the rest of its state to another (docs/system/vm-templating.rst of
QEMU). The others have a private copy of that memory. What is on a link is plugged into them, as
QEMU does not know how to save it."""
import contextlib
import os
import pathlib

from . import debug, qemu
from .util import KERNELS, lock
from .vm import VM


class Template:
    """Files in memory, which belong to the process that runs all tests, and end with it."""
    these = {}                          # of this run, by kernel; none: all machines boot

    def __init__(self, kernel):
        self.kernel = kernel
        self.fds = [os.memfd_create("%s-%s" % (kernel, what))
                    for what in ("lock", "ram", "state", "log")]
        self.lock, self.ram, self.state, self.log = (
            pathlib.Path("/proc/%d/fd/%d" % (os.getpid(), fd)) for fd in self.fds)

    def close(self):
        for fd in self.fds:
            os.close(fd)

    def make(self, initrd, folder):
        os.truncate(self.ram, 0)        # of one that failed
        with VM(folder, initrd, "vm-template", self.kernel, ram=self.ram, slots=True) as vm:
            if vm.clock_runs_wild():    # it would in all of them
                raise vm.error("boot: it cannot tell how fast its clock runs")
            vm.run("true")              # the agent has got to where it waits for commands
            vm.qmp("stop")
            vm.migrate("migrate", self.state)
            self.log.write_text(vm.log()[vm.booted:])


def of(kernel, initrd, folder):
    """folder: for the logs of the first one. None where machines boot fast, or nobody shares what
    this takes to make."""
    template = Template.these.get(kernel)
    if not template or qemu.accelerator() is not qemu.TCG:
        return None
    with lock(template.lock, "a machine with Linux %s that has booted" % kernel):
        if not template.log.stat().st_size:
            template.make(initrd, folder)
    return template


@contextlib.contextmanager
def shared():
    """For as long as this is entered, there are templates."""
    before = Template.these
    Template.these = {kernel: Template(kernel) for kernel in KERNELS + debug.NAMES}
    try:
        yield
    finally:
        for template in Template.these.values():
            template.close()
        Template.these = before
