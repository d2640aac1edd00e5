# SPDX-License-Identifier: GPL-2.0
"""Finds a QEMU that has vfio-user-pci, and an accelerator that really works."""
import functools
import json
import os
import pathlib
import shutil
import subprocess

from . import roots
from .util import RigError, cache, end, output, spawn

NAME = "qemu-system-x86_64"
ROOT = "7.2"                            # the root whose suite has QEMU 10.1 or later
# All that can be emulated but what makes it slow: strings byte by byte, page tables of 5 levels.
TCG = ["-accel", "tcg,thread=multi", "-cpu", "max,erms=off,fsrm=off,la57=off"]
KVM = ["-accel", "kvm", "-cpu", "host"]


def _rooted():
    base = roots.root(ROOT)
    argv = roots.program(ROOT, "usr/bin/" + NAME)
    for folder in ("usr/share/qemu", "usr/share/seabios"):
        argv += ["-L", str(base / folder)]
    modules = base / "usr/lib/x86_64-linux-gnu/qemu"
    return argv, dict(os.environ, QEMU_MODULE_DIR=str(modules))


def _usable(argv, env):
    try:
        return '"vfio-user-pci"' in output(argv + ["-device", "help"], env=env)
    except RigError:
        return False


@functools.lru_cache(None)
def _found():
    own = shutil.which(NAME)
    if own and _usable([own], dict(os.environ)):
        return [own], dict(os.environ)
    argv, env = _rooted()
    if not _usable(argv, env):
        raise RigError("neither this machine's QEMU nor that of %s has vfio-user-pci "
                       "(QEMU 10.1 and later)" % roots.root(ROOT))
    return argv, env


def command():
    """argv and environment of a usable QEMU."""
    argv, env = _found()
    return list(argv), env


@functools.lru_cache(None)
def version():
    argv, env = command()
    return output(argv + ["--version"], env=env).splitlines()[0]


def _boots_with_kvm():
    """A kernel that reaches its console proves more than a device node does."""
    argv, env = command()
    argv += KVM + ["-nodefaults", "-display", "none", "-no-reboot", "-m", "256",
                   "-serial", "stdio", "-kernel", roots.vmlinuz(ROOT),
                   "-append", "console=ttyS0 panic=-1"]
    process = spawn(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT)
    try:
        # Without a root file system the kernel panics and QEMU ends by itself.
        return b"Kernel panic" in process.communicate(timeout=20)[0]
    except subprocess.TimeoutExpired:
        return False
    finally:
        end(process)


@functools.lru_cache(None)
def accelerator():
    if os.environ.get("IVSHMEM_ACCEL"):
        return {"kvm": KVM, "tcg": TCG}[os.environ["IVSHMEM_ACCEL"]]
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return TCG
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    answers = cache("kvm.json")
    try:
        known = json.loads(answers.read_text())
    except (OSError, ValueError):
        known = {}
    key = "%s %s" % (boot, version())
    if key not in known:
        known = {key: _boots_with_kvm()}
        answers.write_text(json.dumps(known))
    return KVM if known[key] else TCG
