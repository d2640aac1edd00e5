# SPDX-License-Identifier: GPL-2.0
"""What one test or demo works with: links and machines in a temporary folder."""
import pathlib
import shutil
import tempfile

from . import coverage, debug, initramfs, matrix, programs, template
from .link import Link, Peer
from .util import DEFAULT_KERNEL, checkout_cache, tail
from .vm import VM


def initrd(kernel, path=None, files=None):
    """Fresh for every run: made from what is in the checkout now."""
    files = dict(programs.guest_files(), **files or {})
    way = coverage.way(kernel)
    path = path or checkout_cache(kernel + way, "initramfs.cpio")
    return initramfs.image(kernel, matrix.build(kernel, way), files, path)


class Lab:
    images = {}                         # one initramfs per kernel and run
    opened = []                         # also those whose constructor failed
    shared = False                      # may the next test go on with it?
    sleeps = False                      # can its machines be suspended?
    boots = False                       # do its machines boot, although others have?
    files = {}                          # path in the guest -> file, for each machine

    def __init__(self, kernel=DEFAULT_KERNEL):
        if kernel in debug.NAMES:
            debug.need(kernel)
        self.kernel = kernel
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ivshmem-"))
        self.links, self.vms, self.peers = [], [], []
        self.opened.append(self)

    def link(self, peers=2, **options):
        link = Link(self.folder / ("link%d" % len(self.links)), peers, **options)
        self.links.append(link)
        return link.start()

    def peer(self, path, mode, *argument, **options):
        peer = Peer(path, mode, *argument, **options)
        self.peers.append(peer)
        return peer

    def image(self, files):
        if files:
            return initrd(self.kernel, self.folder / "initramfs.cpio", files)
        if self.kernel not in self.images:
            self.images[self.kernel] = initrd(self.kernel)
        return self.images[self.kernel]

    def vm(self, devices=(), start=True, files=None, **options):
        """files: path in the guest -> file, for this machine only."""
        files = dict(self.files, **files or {})
        if self.sleeps:
            options.setdefault("sleeps", True)
        initrd = self.image(files)
        if not (any(options.values()) or files or self.boots):
            options["template"] = template.of(self.kernel, initrd, self.folder)
        vm = VM(self.folder, initrd, name="vm%d" % len(self.vms),
                kernel=self.kernel, devices=devices, **options)
        self.vms.append(vm)
        return vm.start() if start else vm

    def problems(self):
        """What no test may cause, whatever it tests."""
        found = ["%s: %s" % (vm.name, report) for vm in self.vms for report in vm.splats()]
        for link in self.links:
            if link.process and not link.alive():
                found.append("ivshmem-link has ended: %s" % tail(link.folder / "link.log"))
            elif link.process and link.total("refused_writes"):
                found.append("a driver wrote where it may not: %s" % link.stats()["peers"])
        return found

    def tails(self):
        return "\n".join("%s (%s), console:\n%s%s" %
                         (vm.name, vm.kernel, vm.tail(20), vm.processors()) for vm in self.vms)

    def keep_logs(self, name, text):
        """Copies of all logs outlive the test, and why it failed; the newest run's only."""
        target = checkout_cache("failed", name)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        (target / "failure").write_text(text + "\n")
        for path in list(self.folder.glob("vm*")) + list(self.folder.glob("*/link.log")):
            shutil.copy(path, target / "-".join(path.relative_to(self.folder).parts))
        return target

    def close(self):
        for vm in self.vms:
            coverage.collect(vm)
        for thing in self.peers + self.vms + self.links:
            thing.close()
        self.peers, self.vms, self.links = [], [], []
        self.opened.remove(self)
        shutil.rmtree(self.folder, ignore_errors=True)

    @classmethod
    def close_all(cls):
        for lab in list(cls.opened):
            lab.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
