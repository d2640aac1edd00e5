# SPDX-License-Identifier: GPL-2.0
"""Installs what the rig needs on this machine (Debian 12 and later, as root, with apt)."""
import os
import pathlib
import shutil
import subprocess

from .util import RigError, cache, output, say

# program (or file) that shows that it is there -> package
NEEDS = {
    "gcc": "gcc",
    "make": "make",
    "/usr/include/x86_64-linux-gnu/sys/eventfd.h": "libc6-dev",
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "mount": "mount",
    "zstd": "zstd",                     # both unpack kernels
    "lz4": "lz4",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
CHECK_NEEDS = {
    "git": "git",
    "ccache": "ccache",
    "clang": "clang",
    "rsync": "rsync",                   # the kernel's make install wants it
    "shellcheck": "shellcheck",
    "pyflakes3": "pyflakes3",
    "spatch": "coccinelle",
    "spin": "spin",
    "picocom": "picocom",                # an ordinary program, for a hosted serial port
}
COMPILERS = "/usr/lib/ccache"           # gcc and clang that keep what they made


def present(probe):
    return os.path.exists(probe) if probe.startswith("/") else shutil.which(probe)


def fuzzer_runtime():
    """clang alone has no sanitizer runtime: Debian keeps it in a package of its own."""
    if not shutil.which("clang"):
        return "libclang-rt-dev"
    path = output(["clang", "-print-file-name=libclang_rt.fuzzer-x86_64.a"]).strip()
    newer = output(["clang", "-print-runtime-dir"]).strip()
    found = os.path.exists(path) or os.path.exists(newer + "/libclang_rt.fuzzer.a")
    return None if found else "libclang-rt-dev"


def python_library():
    """Coccinelle loads it for the scripts in semantic patches, but does not depend on it."""
    name = "lib" + os.path.basename(os.path.realpath("/usr/bin/python3"))
    found = os.path.exists("/usr/lib/x86_64-linux-gnu/%s.so.1.0" % name)
    return None if found else name


def missing(check=False):
    needs = dict(NEEDS, **CHECK_NEEDS) if check else NEEDS
    packages = [package for probe, package in needs.items() if not present(probe)]
    if check and fuzzer_runtime():
        packages += [pick_runtime()]
    if check and python_library():
        packages += [python_library()]
    return sorted(set(packages))


def pick_runtime():
    """libclang-rt-NN-dev carries clang's major version, so ask which one clang would be."""
    if shutil.which("clang"):
        major = output(["clang", "-dumpversion"]).split(".")[0]
    else:
        depends = output(["apt-cache", "depends", "clang"])
        major = depends.split("clang-", 1)[-1].split()[0] if "clang-" in depends else ""
    return "libclang-rt-%s-dev" % major


def refuse_unless_debian(packages):
    wanted = " ".join(packages)
    version = pathlib.Path("/etc/debian_version")
    if not version.exists() or not shutil.which("apt-get"):
        raise RigError("missing on this machine, which is no Debian: %s" % wanted)
    if os.geteuid():
        raise RigError("missing: %s; run as root, or: apt-get install %s" % (wanted, wanted))


def apt(*arguments):
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    command = ["apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0"] + list(arguments)
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RigError("%s failed:\n%s" % (" ".join(command), done.stdout.decode()[-2000:]))


def setup(check=False):
    """Silent where nothing is missing."""
    if os.uname().machine != "x86_64":
        raise RigError("the rig runs on x86_64, this machine is %s" % os.uname().machine)
    if missing(check):
        refuse_unless_debian(missing(check))
        say("... apt-get update")
        apt("update")
        packages = missing(check)
        say("... installing: %s" % " ".join(packages))
        apt("install", "--no-install-recommends", *packages)
        left = missing(check)
        if left:
            raise RigError("still missing after apt-get install: %s" % " ".join(left))
    if os.path.isdir(COMPILERS) and COMPILERS not in os.environ["PATH"]:
        # Each checkout compiles the same, and debugging information alone would tell which.
        os.environ.update(PATH="%s:%s" % (COMPILERS, os.environ["PATH"]), CCACHE_NOHASHDIR="1",
                          CCACHE_DIR=str(cache("ccache")), CCACHE_MAXSIZE="1G")
    if os.geteuid():
        raise RigError("the rig makes root file systems and virtual machines: run it as root")
