# SPDX-License-Identifier: GPL-2.0
"""Files of Debian's linux-source packages, fetched by package name and unpacked one by one."""
import hashlib
import pathlib
import subprocess

from . import roots
from .util import RigError, cache, lock, output, remove, run, say, step

KERNELS = ("6.1", "6.12")              # those whose root's suite has the source as a package


def package(kernel):
    return "linux-source-" + kernel


def home(kernel, *parts):
    return cache("sources", kernel, *parts)


def apt_options(kernel):
    """An apt of its own: this machine's may be another suite's, and stays as it is."""
    base = home(kernel, "apt")
    for name in ("state/lists/partial", "cache/archives/partial", "etc"):
        (base / name).mkdir(parents=True, exist_ok=True)
    (base / "etc/sources.list").write_text("\n".join(roots.sources(kernel)) + "\n")
    options = ["Dir::State=%s/state" % base, "Dir::Cache=%s/cache" % base,
               "Dir::Etc::SourceList=%s/etc/sources.list" % base, "Dir::Etc::SourceParts=/dev/null",
               "Dir::State::Status=/dev/null", "Acquire::Languages=none", "Acquire::Retries=3",
               "APT::Sandbox::User=root"]
    return [word for option in options for word in ("-o", option)]


def download(kernel):
    fresh = home(kernel, "fresh")
    remove(fresh)
    fresh.mkdir(parents=True)
    options, log = apt_options(kernel), cache("log", "source-%s.log" % kernel)
    with step("downloading %s (150 MB)" % package(kernel)):
        run(["apt-get", "-q"] + options + ["update"], log=log, what="apt-get update (%s)" % log)
        run(["apt-get", "-q"] + options + ["download", package(kernel)], log=log, cwd=fresh,
            what="apt-get download %s (%s)" % (package(kernel), log))
    (found,) = fresh.glob("*.deb")
    tarball = "./usr/src/%s.tar.xz" % package(kernel)
    with open(fresh / "source.tar.xz", "wb") as out:
        deb = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(found)], stdout=subprocess.PIPE)
        subprocess.run(["tar", "xO", tarball], stdin=deb.stdout, stdout=out, check=True)
        deb.stdout.close()
        if deb.wait():
            raise RigError("dpkg-deb cannot read %s" % found)
    version = output(["dpkg-deb", "-f", found, "Version"]).strip()
    sum_ = hashlib.sha256(found.read_bytes()).hexdigest()
    (fresh / "version").write_text("%s %s sha256 %s\n" % (package(kernel), version, sum_))
    found.unlink()
    for name in ("source.tar.xz", "version"):
        (fresh / name).rename(home(kernel, name))


def version(kernel):
    return home(kernel, "version").read_text().strip()


def ensure(kernel, names):
    """The folder that holds these files of the kernel's tree under their names there."""
    if kernel not in KERNELS:
        raise RigError("kernel %s: want one of %s" % (kernel, ", ".join(KERNELS)))
    with lock(home(kernel, "lock"), package(kernel)):
        if not home(kernel, "version").exists():
            download(kernel)
        # Another version of the package has other files.
        tree = home(kernel, "tree-" + version(kernel).split()[1])
        missing = [name for name in names if not (tree / name).exists()]
        if missing:
            # Unpacked beside, then renamed: a file is whole or not there.
            fresh = home(kernel, "unpacked")
            remove(fresh)
            fresh.mkdir()
            with step("unpacking %s of %s" % (" ".join(missing), package(kernel))):
                run(["tar", "xf", home(kernel, "source.tar.xz"), "-C", fresh, "--strip-components=1"]
                    + ["%s/%s" % (package(kernel), name) for name in missing],
                    log=cache("log", "source-unpack.log"), what="%s of %s" % (missing, kernel))
            for name in missing:
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).rename(tree / name)
        return pathlib.Path(tree)


def main(kernel, names):
    tree = ensure(kernel, names)
    say("%s" % version(kernel))
    for name in names:
        print(tree / name)
        say("%s  sha256 %s" % (name, hashlib.sha256((tree / name).read_bytes()).hexdigest()))
