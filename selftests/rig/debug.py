# SPDX-License-Identifier: GPL-2.0
"""The debug kernel: Debian's source with debug.config, built on demand into a root of its own.

The root also serves the static checks: what they take from the source is unpacked alone."""
import contextlib
import threading
import time

from . import roots
from .suite import Skip
from .util import KERNELS, RigError, TOP, cache, digest, lock, remove, run, say, step

NAME = "debug"
SOURCE = "linux-source-6.12"
FRAGMENT = TOP / "selftests/rig/debug.config"
MISSING = "no debug kernel, make debug-kernel builds it"
CHECKS = ("scripts/checkpatch.pl", "scripts/spelling.txt", "scripts/const_structs.checkpatch",
          "scripts/coccinelle",
          "scripts/subarch.include") + tuple("tools/testing/selftests/" + name for name in (
              "Makefile", "lib.mk", "run_kselftest.sh", "kselftest", "kselftest.h",
              "kselftest_harness.h"))


def inside(*parts):
    return roots.root(NAME).joinpath(*parts)


def package():
    """Another version of the package has other files."""
    return digest(inside("var/lib/dpkg/info", SOURCE + ".md5sums").read_text())


def stamp():
    return inside(".ivshmem-kernel"), digest(package(), FRAGMENT.read_text())


def ready():
    if not roots.ready(NAME):
        return False
    path, recipe = stamp()
    return path.exists() and path.read_text() == recipe


def kernels():
    """All that can be used now."""
    return KERNELS + ((NAME,) if ready() else ())


def need():
    """For tests; what they skip without a debug kernel is none of CI's business."""
    if not ready():
        raise Skip(MISSING, optional=True)


def enter(command, log, what, timeout=600):
    run(["nice"] + roots.enter(NAME, command), log=log, timeout=timeout, cwd="/",
        what="%s (log: %s)" % (what, log))


def upgrade():
    """A newer package, where the mirror has one and can be reached."""
    try:
        enter("apt-get -q update && apt-get -q -y install --only-upgrade %s && apt-get clean"
              % SOURCE, cache("log", "debug-upgrade.log"), "looking for a newer %s" % SOURCE)
    except RigError as error:
        say("%s\n... going on with the version that is there" % error)


def unpack():
    """The tree stays, so that another fragment rebuilds only what it changes."""
    tree, mark = inside("usr/src", SOURCE), inside("usr/src/unpacked")
    if mark.exists() and mark.read_text() == package():
        return
    remove(mark)
    remove(tree)
    with step("unpacking %s" % SOURCE):
        enter("cd /usr/src && tar xf %s.tar.xz" % SOURCE, cache("log", "debug-unpack.log"),
              "unpacking %s" % SOURCE)
    mark.write_text(package())


def lost(config):
    """Lines of the fragment that Kconfig did not take: a name is wrong or depends on more."""
    have = config.splitlines()
    for line in FRAGMENT.read_text().splitlines():
        if line.startswith("# CONFIG_"):
            # What is invisible is not mentioned, but off all the same.
            if any(other.startswith(line.split()[1] + "=") for other in have):
                yield line
        elif line.startswith("CONFIG_") and line not in have:
            yield line


def configure():
    """The release's name tells the recipe: nothing made for another kernel is taken for this."""
    name = '\nCONFIG_LOCALVERSION="-debug-%s"\n' % stamp()[1][:8]
    inside("usr/src/debug.config").write_text(FRAGMENT.read_text() + name)
    enter("make -C /usr/src/%s KCONFIG_ALLCONFIG=/usr/src/debug.config allnoconfig" % SOURCE,
          cache("log", "debug-config.log"), "configuring the debug kernel")
    missing = list(lost(inside("usr/src", SOURCE, ".config").read_text()))
    if missing:
        raise RigError("%s: Kconfig does not take: %s" % (FRAGMENT, ", ".join(missing)))


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


def compile_kernel():
    log = cache("log", "debug-kernel.log")
    with step("building the debug kernel, 10 minutes of processor time"), \
            progress(log):
        enter("make -C /usr/src/%s -j2 bzImage modules" % SOURCE, log,
              "building the debug kernel", timeout=3600)


def install():
    """As a package would; the names are those that roots.release() and vmlinuz() look for."""
    for path in (inside("lib/modules"), inside("boot")):
        remove(path)
        path.mkdir()
    enter("cd /usr/src/%s && make INSTALL_MOD_STRIP=1 modules_install && "
          "cp arch/x86/boot/bzImage /boot/vmlinuz-$(make -s kernelrelease)" % SOURCE,
          cache("log", "debug-install.log"), "installing the debug kernel")


def make():
    roots.ensure([NAME])
    with lock(cache("roots", "debug-kernel.lock"), "the debug kernel"):
        upgrade()
        if not ready():
            remove(stamp()[0])
            unpack()
            configure()
            compile_kernel()
            install()
            stamp()[0].write_text(stamp()[1])
    say("%s is ready: rig shell --kernel %s" % (roots.release(NAME), NAME))


def static_checks():
    """A folder with the source's files for static checks, under their names there."""
    folder = cache("static-checks", digest(package(), CHECKS))
    with lock(cache("static-checks", "lock"), "the files for static checks"):
        if not folder.exists():
            fresh = inside("usr/src/checks")
            remove(fresh)
            names = " ".join("%s/%s" % (SOURCE, name) for name in CHECKS)
            with step("unpacking checkpatch from %s" % SOURCE):
                enter("mkdir -p /usr/src/checks/include && tar xf /usr/src/%s.tar.xz -C /usr/src/checks "
                      "--strip-components=1 %s" % (SOURCE, names),
                      cache("log", "static-checks.log"), "unpacking checkpatch")
            fresh.rename(folder)
    return folder
