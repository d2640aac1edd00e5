# SPDX-License-Identifier: GPL-2.0
"""The file system of a test machine: Debian's own programs and kernel modules, and ours."""
import lzma
import os
import pathlib
import shutil
import time

from . import cpio, roots
from .util import RigError, TOP, cache, checkout_cache, digest, lock, output, remove

# All is unpacked at each boot: 65 MB took the debug kernel 9 of 24 s on a busy machine.
TOOLS = ("dash", "kmod", "ip", "ss", "tc", "bridge", "ping", "iperf3", "ethtool", "socat",
         "trace-cmd", "kexec", "udevadm", "flock")
EXTRA = ("sockperf", "tcpdump")         # large, and only for who asks for them
BUSYBOX = "usr/bin/busybox"             # static, as it starts in half the time then
# By dlopen(): udev, and whose threads are cancelled, as iperf3's
PLUGINS = ("libkmod.so.2", "libgcc_s.so.1")
LINKS = {"sh": "dash", "modprobe": "kmod", "rmmod": "kmod", "insmod": "kmod", "lsmod": "kmod",
         "depmod": "kmod", "modinfo": "kmod"}
UDEV = ("usr/lib/udev/rules.d/50-udev-default.rules", "usr/lib/udev/rules.d/80-drivers.rules",
        "usr/lib/udev/rules.d/75-net-description.rules",
        "usr/lib/udev/rules.d/80-net-setup-link.rules",
        "usr/lib/systemd/network/99-default.link")
MODULES = ("virtio_pci", "virtio_console", "virtio_rng", "uio", "uio_pci_generic", "veth",
           "netconsole", "sch_netem", "sch_fq", "sch_fq_codel", "bridge", "8021q", "macvlan",
           "tun", "dummy", "pktgen", "vfio-pci", "ifb", "act_mirred",
           "cls_matchall", "sch_ingress")
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    shutil.copymode(source, target)


def resolve(base, path):
    """Follows symbolic links as if base were the root."""
    path = pathlib.Path(path)
    while path.is_symlink():
        link = os.readlink(path)
        path = base / link.lstrip("/") if link.startswith("/") else path.parent / link
    return path


def libraries(path):
    """What a program of the 7.2 root links to."""
    relative = path.relative_to(roots.root("7.2"))
    argv = roots.program("7.2", str(relative))
    for line in output(argv[:1] + ["--list"] + argv[1:]).splitlines():
        fields = line.split()
        if "=>" in fields and fields[2].startswith("/"):
            yield pathlib.Path(fields[2])


def with_libraries(tools):
    """Path in the guest -> file, of programs of the 7.2 root."""
    base, files = roots.root("7.2"), {}
    for tool in tools:
        found = roots.which("7.2", tool)
        if not found:
            raise RigError("the 7.2 root has no %s" % tool)
        files["usr/bin/" + tool] = real = resolve(base, found)
        for library in libraries(real):
            files["%s/%s" % (LIBRARIES, library.name)] = resolve(base, library)
    return files


def extra():
    return with_libraries(EXTRA)


def add_programs(tree):
    base = roots.root("7.2")
    copy(base / BUSYBOX, tree / BUSYBOX)
    for name, source in with_libraries(TOOLS).items():
        copy(source, tree / name)
    for name in PLUGINS:
        copy(resolve(base, base / LIBRARIES / name), tree / LIBRARIES / name)
    copy(resolve(base, base / "lib64/ld-linux-x86-64.so.2"),
         tree / "usr/lib64/ld-linux-x86-64.so.2")
    for name in UDEV:
        copy(resolve(base, base / name), tree / name)
    (tree / "usr/lib/systemd/systemd-udevd").symlink_to("/usr/bin/udevadm")


def add_links(tree):
    """Real programs win: busybox fills the names that they leave. But what an applet starts, such
    as taskset or timeout, is an applet, too, unless it has a path."""
    for name, target in LINKS.items():
        (tree / "usr/bin" / name).symlink_to(target)
    for applet in output([roots.root("7.2") / BUSYBOX, "--list"]).split():
        link = tree / "usr/bin" / applet
        if not link.exists() and not link.is_symlink():
            link.symlink_to("busybox")
    for name in ("bin", "lib", "lib64"):
        (tree / name).symlink_to("usr/" + name)
    (tree / "sbin").symlink_to("usr/bin")       # the kernel itself calls /sbin/modprobe
    (tree / "usr/sbin").symlink_to("bin")
    (tree / "init").symlink_to("usr/bin/init")
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "etc"):
        (tree / name).mkdir()


def module_paths(kernel):
    """The wanted modules that this kernel has, and all that they depend on."""
    folder = roots.root(kernel) / "lib/modules" / roots.release(kernel)
    depends = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, _, needed = line.partition(":")
        depends[path] = needed.split()
    wanted = set()
    for path, needed in depends.items():
        name = os.path.basename(path).split(".ko")[0]
        if name.replace("_", "-") in [m.replace("_", "-") for m in MODULES]:
            wanted.update([path] + needed)
    return folder, sorted(wanted)


def add_modules(kernel, tree):
    """Unpacked: decompression in an emulated machine would be slow."""
    folder, paths = module_paths(kernel)
    target = tree / "usr/lib/modules" / roots.release(kernel)
    for path in paths:
        copy(folder / path, target / path)
        if path.endswith(".xz"):
            packed = target / path
            packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
            packed.unlink()
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        copy(folder / name, target / name)


def prune(kernel, keep):
    """Another checkout may have another recipe: its tree goes when unused for a day."""
    for stamp in cache("initramfs", "x").parent.glob(kernel + "-*.stamp"):
        if stamp != keep and time.time() - stamp.stat().st_mtime > 86400:
            for path in (stamp, stamp.with_suffix(""), stamp.with_suffix(".cpio")):
                remove(path)


def base_tree(kernel):
    """Everything that is Debian's; made once for a recipe."""
    recipe = digest([pathlib.Path(name).read_text() for name in (__file__, cpio.__file__)],
                    roots.release(kernel),
                    roots.stamp("7.2")[1], roots.stamp(kernel)[1])
    tree = cache("initramfs", "%s-%s" % (kernel, recipe))
    stamp = cache("initramfs", tree.name + ".stamp")
    with lock(cache("initramfs", kernel + ".lock"), "the initramfs for %s" % kernel):
        if not stamp.exists():
            remove(tree)
            tree.mkdir()
            add_programs(tree)
            add_links(tree)
            add_modules(kernel, tree)
            cpio.write(tree, str(tree) + ".cpio")
            os.sync()                   # a stamp must not outlive what it is for
        stamp.touch()
        prune(kernel, stamp)
    return tree


def depmod(kernel, tree):
    output(roots.program("7.2", "usr/sbin/depmod", "-b", tree, roots.release(kernel)))


def overlay(kernel, tree, modules, files):
    """Ours: modules (with a new index), the guest's init, and programs (path in guest -> file)."""
    release = roots.release(kernel)
    base = base_tree(kernel) / "usr/lib/modules" / release
    target = tree / "usr/lib/modules" / release
    (tree / "usr").mkdir(parents=True)
    (tree / "lib").symlink_to("usr/lib")
    shutil.copytree(base, target)
    for module in modules:
        copy(module, target / "updates" / module.name)
    depmod(kernel, tree)
    shutil.rmtree(target / "kernel")    # the base archive has them
    guest = TOP / "selftests/rig/guest"
    copy(guest / "inittab", tree / "etc/inittab")
    copy(guest / "fstab", tree / "etc/fstab")
    copy(guest / "rc", tree / "etc/rc")
    for name, source in files.items():
        copy(source, tree / name.lstrip("/"))


def image(kernel, modules=(), files=None, path=None):
    """One file for QEMU's -initrd."""
    path = path or checkout_cache(kernel, "initramfs.cpio")
    tree = checkout_cache(kernel, "overlay")
    base = str(base_tree(kernel)) + ".cpio"
    with lock(checkout_cache(kernel, "initramfs.lock"), "the initramfs for %s" % kernel):
        remove(tree)
        overlay(kernel, tree, modules, files or {})
        ours = checkout_cache(kernel, "overlay.cpio")
        cpio.write(tree, ours)
        fresh = path.with_suffix(".new")
        with open(fresh, "wb") as out:
            for part in (base, ours):
                with open(part, "rb") as source:
                    shutil.copyfileobj(source, out)
        fresh.rename(path)
    return path
