# SPDX-License-Identifier: GPL-2.0
"""Programs of ours: those that run here, and the static ones that run in the machines."""
from .link import build
from .util import TOP, checkout_cache, output

SUITES = ("core", "net", "uio", "shadow")


def build_host():
    for folder in ("device", "selftests/peer", "selftests/hostile"):
        if (TOP / folder / "Makefile").exists():
            build(folder)


def compile_static(source, target):
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    output(["gcc", "-static", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror",
            "-I", TOP / "include", "-o", target, source])


def guest_files():
    """Path in the guest -> file: the shell tests as they are, the C ones compiled."""
    files = {}
    for suite in SUITES:
        folder = TOP / "selftests" / suite
        for path in sorted(folder.glob("*.sh")):
            files["/selftests/%s/%s" % (suite, path.name)] = path
        if (folder / "Makefile").exists():
            continue                    # programs of this machine
        for path in sorted(folder.glob("*.c")):
            target = checkout_cache("guest", suite, path.stem)
            compile_static(path, target)
            files["/selftests/%s/%s" % (suite, path.stem)] = target
    return files
