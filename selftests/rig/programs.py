# SPDX-License-Identifier: GPL-2.0
"""Programs of ours: those that run here, and the static ones that run in the machines."""
import os

from .link import build
from .util import checkout_cache, lock


def build_host():
    for folder in ("device", "selftests/peer", "selftests/hostile", "selftests/shadow"):
        build(folder)


def made(folder, *words):
    """Runs a folder's Makefile for machines that have no libraries; the folder that it fills."""
    path = checkout_cache("guest", folder)
    with lock(checkout_cache("guest.lock"), "the programs for machines"):
        path.mkdir(parents=True, exist_ok=True)
        build(folder, "LDFLAGS=-static -s", *[word.replace("HERE", str(path)) for word in words])
    return path


def guest_files():
    """Path in the guest -> file."""
    made("selftests/lifecycle", "OUT=HERE")
    suites = made("selftests", "INSTALL_PATH=HERE", "OUTPUT=HERE.objects", "collection")
    files = {"/selftests/%s" % path.relative_to(suites): path
             for path in sorted(suites.rglob("*"))
             if path.is_file() and suites / "rig" not in path.parents}
    for folder in ("selftests/rig/guest", "tools"):
        for path in sorted(made(folder, "OUT=HERE").iterdir()):
            if path.is_file() and os.access(path, os.X_OK):
                files["/usr/bin/" + path.name] = path
    return files
