# SPDX-License-Identifier: GPL-2.0
"""Programs of ours: those that run here, and the static ones that run in the machines."""
import os

from .link import build
from .util import TOP, checkout_cache, output

SUITES = ("core", "net", "uio")         # each program is one file
FOLDERS = {"tools": "/usr/bin", "selftests/shadow": "/selftests/shadow"}    # with a Makefile


def build_host():
    for folder in ("device", "selftests/peer", "selftests/hostile", "selftests/shadow"):
        if (TOP / folder / "Makefile").exists():
            build(folder)


def compile_static(source, target):
    headers = list(source.parent.glob("*.h")) + [TOP / "selftests/harness.h"]
    newest = max(path.stat().st_mtime for path in [source] + headers)
    if target.exists() and target.stat().st_mtime >= newest:
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
        for path in sorted(folder.glob("*.c")):
            target = checkout_cache("guest", suite, path.stem)
            compile_static(path, target)
            files["/selftests/%s/%s" % (suite, path.stem)] = target
    for folder, where in FOLDERS.items():
        if not (TOP / folder / "Makefile").exists():
            continue
        target = checkout_cache("guest", folder)
        target.mkdir(parents=True, exist_ok=True)
        build(folder, "OUT=%s" % target, "LDFLAGS=-static")
        for path in sorted(target.iterdir()):
            if path.is_file() and os.access(path, os.X_OK):
                files["%s/%s" % (where, path.name)] = path
    return files
