# SPDX-License-Identifier: GPL-2.0
"""Builds the modules for every kernel, each inside its own root, without a warning."""
import concurrent.futures
import os
import re
import shutil

from . import roots, verdicts
from .util import (KERNELS, RigError, TOP, cache, checkout_cache, digest, lock, remove, run, say,
                   step)

FOLDERS = ("include", "compat", "framework", "plugins", "Documentation", "selftests/core")
FLAGS = "W=1 EXAMPLES=1"
ARCHITECTURE = {roots.I386: "ARCH=i386"}
# Other ways to build the same, by the program that the root needs for them.
WAYS = {
    "": "",
    # This is C=2, but 7.2's headers lack the script by which that looks for sparse, and then
    # does nothing. sparse 0.6.4 does not know the one, and takes some of the other for errors,
    # after which it does not warn any more.
    "sparse": "KBUILD_CHECKSRC=2 CF=\"-D__typeof_unqual__=typeof -D'_Static_assert(...)='\"",
    # Debian configures its headers for gcc: without what clang does not know of that.
    "gcov": "GCOV_PROFILE=y",
    "clang": "CC=clang CONFIG_CC_IS_GCC= CONFIG_CC_IS_CLANG=y CONFIG_FTRACE_MCOUNT_USE_CC= "
             "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT= CONFIG_UBSAN_BOUNDS_STRICT= "
             "KCFLAGS='-Wno-unknown-warning-option -Wno-duplicate-decl-specifier'",
}
# What Debian's kernels have no use for, so only the debug kernel's build compiles it.
DEBUG_ONLY = "selftests/core/faults/"
# For which kernels, and what of it: the newest, and one whose headers still tell sparse who takes
# which lock; what is left of the debug kernel's.
CHECKED = {("6.12", "sparse"): "modules", ("7.2", "sparse"): "modules", ("7.2", "clang"): "modules",
           ("debug", "sparse"): DEBUG_ONLY + "ivshmem_faults.o",
           ("debug", "clang"): DEBUG_ONLY + "ivshmem_faults.o"}
KEPT = 60               # a few contents of the tree, for each kernel; 6 MB each
# Neither is about our sources.
IGNORED = re.compile(r"the compiler differs from the one used|Clock skew detected|"
                     r"modification time .* in the future")
WARNING = re.compile(r"warning:|WARNING:|error:", re.I)


def is_source(name):
    if name.endswith(".mod.c"):
        return False
    return name in ("Kbuild", "Makefile") or name.endswith((".c", ".h", ".mk", ".sh", ".S"))


def sources():
    """Relative path -> (size, time) of all that a module can be made of."""
    found = {"Kbuild": (TOP / "Kbuild")}
    for folder in FOLDERS:
        for where, _, names in os.walk(TOP / folder):
            for name in filter(is_source, names):
                path = os.path.join(where, name)
                found[os.path.relpath(path, TOP)] = path
    return {name: (os.stat(path).st_size, os.stat(path).st_mtime_ns)
            for name, path in found.items()}


def sync(wanted, target):
    """Copies what changed, however old it is here: it is new to make, which goes by times. Removes
    what went, and modules: one that is not made any more would still get into machines."""
    for name in wanted:
        copy, data = target / name, (TOP / name).read_bytes()
        if not copy.exists() or copy.read_bytes() != data:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
            copy.chmod((TOP / name).stat().st_mode)
    for where, _, names in os.walk(target):
        for name in names:
            path = os.path.join(where, name)
            if name.endswith(".ko") or \
                    is_source(name) and os.path.relpath(path, target) not in wanted:
                os.unlink(path)


def warnings(log):
    text = log.read_text(errors="replace")
    return [line for line in text.splitlines() if WARNING.search(line)
            and not IGNORED.search(line)]


def unchecked(log, goal):
    """Sources that sparse was not run for, which make may do without a word."""
    lines = log.read_text(errors="replace").splitlines()
    asked = {line.split()[1].replace("/mnt/", "") for line in lines if line.startswith("  CHECK ")}
    return sorted(name for name in sources() if name.endswith(".c") and name not in asked
                  and name.startswith(DEBUG_ONLY) == goal.startswith(DEBUG_ONLY))


def compile_modules(kernel, target, log, flags, goal):
    # Not with the flags of a make that the rig was started by: what is silent tells nothing.
    command = "MAKEFLAGS= make -C /lib/modules/%s/build M=/mnt %s -j2 %s" % (
        roots.release(kernel), flags, goal)
    run(roots.enter(kernel, command, binds=[(target, "/mnt")]), log=log, timeout=600,
        what="building the modules for %s (log: %s)" % (kernel, log))
    found = warnings(log)
    if found:
        raise RigError("building for %s warns:\n%s" % (kernel, "\n".join(found[:20])))


def kept(kernel, flags):
    """A folder with the modules of this content once they were built, for all checkouts."""
    return cache("modules", "%s-%s" % (kernel, digest(
        verdicts.packages(kernel), flags, verdicts.texts(sorted(sources())))))


def copy_modules(source, target):
    for path in source.rglob("*.ko"):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def keep(target, place):
    """The newest KEPT ones stay."""
    with lock(cache("modules.lock"), "copies of modules"):
        remove(place)
        fresh = place.with_suffix(".new")
        remove(fresh)
        copy_modules(target, fresh)
        os.sync()                       # before the name that tells that it is whole
        fresh.rename(place)
        newest_last = sorted(place.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in newest_last[:-KEPT]:
            remove(path)


def take(place, target):
    """Returns false where there are none."""
    with lock(cache("modules.lock"), "copies of modules"):
        if not place.exists():
            return False
        remove(target)
        copy_modules(place, target)
        os.utime(place)
        return True


def build(kernel, way=""):
    """Nothing to do where sources, kernel and flags are those of the last good build."""
    place = "-".join(filter(None, (kernel, way)))
    flags = " ".join(filter(None, (FLAGS, ARCHITECTURE.get(kernel), WAYS[way])))
    if way:
        roots.install(kernel, way)
    goal = CHECKED.get((kernel, way), "modules")
    target = checkout_cache(place, "src")
    stamp, log = checkout_cache(place, "built"), checkout_cache(place, "build.log")
    with lock(checkout_cache(place, "build.lock"), "the modules for %s" % place):
        wanted = sources()
        recipe = digest(sorted(wanted.items()), roots.release(kernel), flags)
        if stamp.exists() and stamp.read_text() == recipe:
            return modules(place)
        copies = None if way else kept(kernel, flags)
        if copies and take(copies, target):
            stamp.write_text(recipe)
            return modules(place)
        if not (target / ".release").exists() or \
                (target / ".release").read_text() != roots.release(kernel):
            remove(target)
        target.mkdir(parents=True, exist_ok=True)
        (target / ".release").write_text(roots.release(kernel))
        remove(stamp)
        sync(wanted, target)
        try:
            compile_modules(kernel, target, log, flags, goal)
            if way == "sparse" and unchecked(log, goal):
                raise RigError("sparse was not asked about: %s" % " ".join(unchecked(log, goal)))
        except RigError:
            remove(target)              # a warning must show again the next time
            raise
        if copies and kept(kernel, flags) == copies:    # nobody has edited a file meanwhile
            keep(target, copies)
        os.sync()                       # a stamp must not outlive what it is for
        stamp.write_text(recipe)
    return modules(place)


def modules(place):
    return sorted(checkout_cache(place, "src").rglob("*.ko"))


def matrix(kernels=KERNELS):
    """All kernels; tells every failure, not just the first. Returns kernel -> error or None."""
    results = {}
    with step("modules for %s" % ", ".join(kernels), quiet_below=2):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = {kernel: pool.submit(build, kernel) for kernel in kernels}
            for kernel, job in jobs.items():
                error = job.exception()
                if error and not isinstance(error, RigError):
                    raise error
                results[kernel] = error
    return results


def main(kernels=KERNELS):
    failed = 0
    for kernel, error in matrix(kernels).items():
        names = " ".join(path.name for path in modules(kernel)) if not error else str(error)
        say("%-5s %-28s %s" % (kernel, roots.release(kernel), names))
        failed += bool(error)
    return 1 if failed else 0
