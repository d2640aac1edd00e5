# SPDX-License-Identifier: GPL-2.0
"""The debug kernels: Debian's source with debug.config, built on demand, each into a root of its own.

The one that looks for data races has kcsan.config on top of it. The first one's root also serves the
static checks: what they take from the source is unpacked alone."""
import contextlib
import os
import re
import threading
import time

from . import roots
from .suite import Skip
from .util import KERNELS, RigError, TOP, cache, digest, lock, remove, run, say, step

NAME = "debug"
KCSAN = "kcsan"
NAMES = (NAME, KCSAN)
SOURCE = "linux-source-6.12"
FRAGMENTS = {NAME: ("debug.config", "gcov.config"), KCSAN: ("debug.config", "kcsan.config")}
JOBS = os.environ.get("IVSHMEM_JOBS") or 2
CHECKS = ("scripts/checkpatch.pl", "scripts/spelling.txt", "scripts/const_structs.checkpatch",
          "scripts/coccinelle",
          "scripts/subarch.include") + tuple("tools/testing/selftests/" + name for name in (
              "Makefile", "lib.mk", "run_kselftest.sh", "kselftest", "kselftest.h",
              "kselftest_harness.h"))


def missing(name):
    return "no %s kernel, rig debug-kernel%s builds it" % (name, " --kcsan" * (name == KCSAN))


def inside(name, *parts):
    return roots.root(name).joinpath(*parts)


def package(name=NAME):
    """Another version of the package has other files."""
    return digest(inside(name, "var/lib/dpkg/info", SOURCE + ".md5sums").read_text())


def option(line):
    """The option that a line of a configuration sets or turns off."""
    match = re.match(r"(?:# )?(CONFIG_\w+)(?:=| is not set)", line)
    return match.group(1) if match else None


def texts(name):
    return [(TOP / "selftests/rig" / file).read_text() for file in FRAGMENTS[name]]


def fragment(name):
    """Lines that set or turn off an option; of two for the same, the later one."""
    lines = {option(line): line for text in texts(name) for line in text.splitlines()}
    lines.pop(None, None)
    return list(lines.values())


def recipe(name, root):
    return digest(package(root), *texts(name))


def stamp(name):
    return inside(name, ".ivshmem-kernel"), recipe(name, name)


def ready(name=NAME):
    if not roots.ready(name):
        return False
    path, recipe = stamp(name)
    return path.exists() and path.read_text() == recipe


def kernels():
    """All that can be used now."""
    return KERNELS + tuple(filter(ready, NAMES))


def need(name=NAME):
    """For tests; what they skip without a debug kernel is none of CI's business."""
    if not ready(name):
        raise Skip(missing(name), optional=True)


def enter(name, command, log, what, timeout=600):
    run(["nice"] + roots.enter(name, command), log=cache("log", "%s-%s.log" % (name, log)),
        timeout=timeout, cwd="/", what="%s (log: %s)" % (what, cache("log", "%s-%s.log" % (name, log))))


def upgrade(name):
    """A newer package, where the mirror has one and can be reached."""
    try:
        enter(name, "apt-get -q update && apt-get -q -y install --only-upgrade %s && apt-get clean"
              % SOURCE, "upgrade", "looking for a newer %s" % SOURCE)
    except RigError as error:
        say("%s\n... going on with the version that is there" % error)


def unpack(name):
    """The tree stays, so that another fragment rebuilds only what it changes."""
    tree, mark = inside(name, "usr/src", SOURCE), inside(name, "usr/src/unpacked")
    if mark.exists() and mark.read_text() == package(name):
        return
    remove(mark)
    remove(tree)
    with step("unpacking %s" % SOURCE):
        enter(name, "cd /usr/src && tar xf %s.tar.xz" % SOURCE, "unpack", "unpacking %s" % SOURCE)
    mark.write_text(package(name))


def lost(lines, config):
    """Lines that Kconfig did not take: a name is wrong or depends on more."""
    have = {option(line): line for line in config.splitlines()}
    # What is invisible is not mentioned, but off all the same.
    return [line for line in lines if have.get(option(line), "# off") != line and
            not (line.startswith("# ") and option(line) not in have)]


def configure(name, root=None, config=".config"):
    """The release's name tells the recipe: nothing made for another kernel is taken for this.

    root: whose source is read, if not this kernel's own; config: where to, instead of its .config."""
    root = root or name
    lines = fragment(name)
    version = 'CONFIG_LOCALVERSION="-%s-%s"' % (name, recipe(name, root)[:8])
    wanted = inside(root, "usr/src", name + ".config")
    wanted.write_text("\n".join(lines + [version]) + "\n")
    enter(root, "make -C /usr/src/%s KCONFIG_CONFIG=%s KCONFIG_ALLCONFIG=/usr/src/%s allnoconfig"
          % (SOURCE, config, wanted.name), "config", "configuring the %s kernel" % name)
    not_taken = lost(lines, inside(root, "usr/src", SOURCE, config).read_text())
    if not_taken:
        raise RigError("%s: Kconfig does not take: %s" % (
            " and ".join(FRAGMENTS[name]), ", ".join(not_taken)))


@contextlib.contextmanager
def progress(log, every=20):
    """Tells how many files make has dealt with."""
    start, done = time.monotonic(), threading.Event()

    def tell():
        while not done.wait(every):
            count = log.read_bytes().count(b"\n  ")
            say("    %4d files after %d s" % (count, time.monotonic() - start))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def compile_kernel(name):
    with step("building the %s kernel, 10 minutes of processor time" % name), \
            progress(cache("log", name + "-kernel.log")):
        enter(name, "make -C /usr/src/%s -j%s bzImage modules" % (SOURCE, JOBS), "kernel",
              "building the %s kernel" % name, timeout=3 * 3600)


def install(name):
    """As a package would; the names are those that roots.release() and vmlinuz() look for."""
    for path in (inside(name, "lib/modules"), inside(name, "boot")):
        remove(path)
        path.mkdir()
    enter(name, "cd /usr/src/%s && make INSTALL_MOD_STRIP=1 modules_install && "
          "cp arch/x86/boot/bzImage /boot/vmlinuz-$(make -s kernelrelease)" % SOURCE,
          "install", "installing the %s kernel" % name)


def make(name=NAME, configuration_only=False):
    roots.ensure([name])
    with lock(cache("roots", name + "-kernel.lock"), "the %s kernel" % name):
        upgrade(name)
        if configuration_only or not ready(name):
            unpack(name)
        if configuration_only:
            configure(name)
            say("Kconfig takes all of %s" % " and ".join(FRAGMENTS[name]))
            return
        if not ready(name):
            remove(stamp(name)[0])
            configure(name)
            compile_kernel(name)
            install(name)
            os.sync()                   # a stamp must not outlive what it is for
            stamp(name)[0].write_text(stamp(name)[1])
    say("%s is ready: rig shell --kernel %s" % (roots.release(name), name))


def static_checks():
    """A folder with the source's files for static checks, under their names there."""
    folder = cache("static-checks", digest(package(), CHECKS))
    with lock(cache("static-checks", "lock"), "the files for static checks"):
        if not folder.exists():
            fresh = inside(NAME, "usr/src/checks")
            remove(fresh)
            names = " ".join("%s/%s" % (SOURCE, name) for name in CHECKS)
            with step("unpacking checkpatch from %s" % SOURCE):
                enter(NAME, "mkdir -p /usr/src/checks/include && tar xf /usr/src/%s.tar.xz -C /usr/src/checks "
                      "--strip-components=1 %s" % (SOURCE, names),
                      "checks", "unpacking checkpatch")
            fresh.rename(folder)
    return folder
