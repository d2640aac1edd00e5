# SPDX-License-Identifier: GPL-2.0
"""Writes the "newc" archives that the kernel unpacks as its first root file system."""
import os
import stat


def _entry(out, name, mode, data=b"", rdev=(0, 0)):
    name = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(name), 0)
    out.write(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
    out.write(b"\0" * (-(110 + len(name)) % 4))
    out.write(data)
    out.write(b"\0" * (-len(data) % 4))


def _one(out, base, path):
    info, name = os.lstat(path), os.path.relpath(path, base)
    if stat.S_ISLNK(info.st_mode):
        _entry(out, name, info.st_mode, os.readlink(path).encode())
    elif stat.S_ISREG(info.st_mode):
        with open(path, "rb") as source:
            _entry(out, name, info.st_mode, source.read())
    else:
        _entry(out, name, info.st_mode)


def write(tree, path):
    """Everything below tree, owned by root; the kernel accepts archives one after another."""
    with open(path, "wb") as out:
        for folder, folders, files in os.walk(tree):
            folders.sort()
            if folder != str(tree):
                _one(out, tree, folder)
            links = [f for f in folders if os.path.islink(os.path.join(folder, f))]
            for name in sorted(files + links):
                _one(out, tree, os.path.join(folder, name))
        _entry(out, "dev/console", stat.S_IFCHR | 0o600, rdev=(5, 1))
        _entry(out, "TRAILER!!!", 0)
        out.write(b"\0" * (-out.tell() % 512))
