# SPDX-License-Identifier: GPL-2.0
"""A machine that has booted, and from which the others of a run go on.

To boot takes up to ten seconds of a processor in an emulated machine, to go on a tenth of that. The
first machine with a kernel is stopped when it is ready: its memory is a file, and QEMU writes the
rest of its state to another (docs/system/vm-templating.rst of QEMU). The others have a private copy
of that memory. What is on a link is plugged into them, as QEMU does not know how to save it."""
import contextlib
import pathlib
import tempfile

from . import qemu
from .util import lock, remove
from .vm import VM


class Template:
    folder = None                       # of this run; None: all machines boot

    def __init__(self, kernel):
        self.place = pathlib.Path(self.folder, kernel)
        self.ram, self.state = self.place / "ram", self.place / "state"

    def console(self):
        return (self.place / "vm.console").read_bytes()

    def make(self, kernel, initrd):
        for path in (self.ram, self.place / "vm.console"):      # of one that failed
            remove(path)
        with VM(self.place, initrd, kernel=kernel, ram=self.ram, slots=True) as vm:
            vm.run("true")              # the agent has got to where it waits for commands
            vm.qmp("stop")
            vm.migrate("migrate", self.state.with_suffix(".new"))
        self.state.with_suffix(".new").rename(self.state)


def of(kernel, initrd):
    """None where machines boot fast, or nobody shares what this takes to make."""
    if not Template.folder or qemu.accelerator() is not qemu.TCG:
        return None
    template = Template(kernel)
    template.place.mkdir(exist_ok=True)
    with lock(template.place / "lock", "a machine with Linux %s that has booted" % kernel):
        if not template.state.exists():
            template.make(kernel, initrd)
    return template


@contextlib.contextmanager
def folder():
    """For as long as this is entered, there are templates."""
    with tempfile.TemporaryDirectory(prefix="ivshmem-template-") as name:
        Template.folder = name
        try:
            yield
        finally:
            Template.folder = None
