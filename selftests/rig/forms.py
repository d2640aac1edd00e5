# SPDX-License-Identifier: GPL-2.0
"""Which tests make check runs, which make check-long, and how far the latter has come."""
import json
import os

from . import debug, roots
from .lint import own_files
from .runner import SETTINGS
from .suite import spread
from .util import KERNELS, RigError, TOP, cache, digest, remove

QUICK = ("5.10", "7.2", debug.NAME)     # the smoke test on the others
# A test that is written for no kernel in particular goes to all of them, unless it is about the
# collection, the documents, the device or the tools rather than the drivers.
NEWEST = ("7.2",)
ONCE = ("docs", "kselftest", "links", "tools")
SMOKE = "smoke."


def every(tests):
    """The KCSAN kernel does not wake up from S3, whether or not a module of ours is loaded."""
    return [test for test in spread(tests, KERNELS + debug.NAMES)
            if not (test.kernel == debug.KCSAN and test.sleeps)]


def is_quick(test):
    if test.long or test.kernel is None:
        return not test.long
    if test.quick:
        return test.kernel in test.quick
    if test.id.startswith(SMOKE):
        return test.kernel not in QUICK
    if test.derived and test.id.split(".")[0] in ONCE:
        return test.kernel in NEWEST
    return test.kernel in QUICK


def quick(tests):
    return list(filter(is_quick, spread(tests, QUICK)))


def tree():
    """Tells a checkout's content."""
    try:
        return digest([(name, (TOP / name).read_bytes()) for name in own_files()])
    except RigError as error:
        raise RigError("check-long asks git what belongs to the tree: %s" % error) from error


def releases():
    return [roots.release(kernel) for kernel in debug.kernels() if roots.ready(kernel)]


def circumstances():
    """Tells what a test that has passed would have to run again for when it changes."""
    return digest(tree(), releases(), [os.environ.get(name, "") for name in SETTINGS])


class Progress:
    """What has passed, in these circumstances: done once, even if we are ended."""

    def __init__(self, restart=False):
        self.began = circumstances()
        self.path = cache("long", self.began + ".json")
        if restart:
            remove(self.path)
        parts = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.parts = {name: part for name, part in parts.items()
                      if part["done"] and not part["fail"] and not part["skip"]}
        self.kernels = {}

    def left(self, things):
        self.kernels = {thing.id: thing.kernel or "" for thing in things}
        return [thing for thing in things if thing.id not in self.parts]

    def note(self, result):
        if circumstances() != self.began:
            raise RigError("the tree or a kernel is not what it was when this began; what passed "
                           "until then is kept, for when it is again")
        part = self.parts.setdefault(result.id, {
            "pass": 0, "fail": 0, "skip": 0, "seconds": 0, "done": False})
        if result.outcome != "said":
            part[result.outcome] += 1
        part["seconds"] += result.seconds or 0
        # A test has one result, a program has many and says at its end how long it took.
        part["done"] = result.seconds is not None
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.parts, indent=1))
        fresh.rename(self.path)

    def counts(self):
        return {what: sum(part[what] for part in self.parts.values())
                for what in ("pass", "fail", "skip")}

    def summary(self):
        """A line for each suite and kernel."""
        rows = {}
        for name, part in self.parts.items():
            row = rows.setdefault((name.split(".")[0], self.kernels.get(name, "")), dict.fromkeys(
                ("pass", "fail", "skip", "seconds"), 0))
            for what in row:
                row[what] += part[what]
        print("\n%-12s %-8s %7s %7s %7s %8s"
              % ("suite", "kernel", "passed", "failed", "skipped", "minutes"))
        for (name, kernel), row in sorted(rows.items()):
            print("%-12s %-8s %7d %7d %7d %8.1f" % (name, kernel, row["pass"], row["fail"],
                                                    row["skip"], row["seconds"] / 60))
