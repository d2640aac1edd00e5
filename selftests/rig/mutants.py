# SPDX-License-Identifier: GPL-2.0
"""Faults that earlier drivers had, put back one at a time: do the tests find them?

Each patch in selftests/mutants has a header with the lines

	Fault: what is wrong then, in a sentence
	Kernel: to build it for
	Test: who has to find it, each of them, as patterns of rig check
	Says: if it shows, a regular expression: what one of them prints when it is this that it found

It is applied to a copy of the tree, which the rig there builds and tests."""
import concurrent.futures
import fnmatch
import os
import queue
import re
import subprocess
import time

from . import debug, tap, verdicts
from .lint import own_files
from .util import RigError, TOP, checkout_cache, end, lock, say, spawn

FOLDER = TOP / "selftests/mutants"
KEYS = ("Fault", "Kernel", "Test")
# Where it says nothing: that a test was late is no sign of any fault, but what a kernel traced is.
NOT_LATE = r"\A(?!ends within |.*\nnot done within |(.*\n)+?.*(?:: no answer in time$|: not within " \
    r"\d+ s|want .* within \d+ s$|no QMP event |OSError: ))|RIP: |</TASK>"
TIMEOUT = 1800
# Modules are loaded later than all this, so it is the machine's doing.
NO_START = re.compile(r"^# .*(\): boot: |no QMP greeting|ivshmem-link does not serve|"
                      r"the process that ran it ended)", re.M)


class Mutant:
    def __init__(self, path):
        self.path, self.name, self.text = path, path.stem, path.read_text()
        header = dict(re.findall(r"^(\w+): (.*)$", self.text.split("\n--- ", 1)[0], re.M))
        if set(header) - {"Says"} != set(KEYS):
            raise RigError("%s: the header has %s, want %s" % (path, sorted(header), sorted(KEYS)))
        self.fault, self.kernel, self.tests = header["Fault"], header["Kernel"], header["Test"].split()
        try:
            self.says = re.compile(header.get("Says", NOT_LATE), re.M)
        except re.error as error:
            raise RigError("%s: Says: %s" % (path, error)) from error

    def files(self):
        return re.findall(r"^\+\+\+ b/(\S+)", self.text, re.M)


def mutants(names=()):
    found = [Mutant(path) for path in sorted(FOLDER.glob("*.patch"))]
    unknown = set(names) - {mutant.name for mutant in found}
    if unknown:
        raise RigError("no mutant is called %s; there are: %s" % (
            " ".join(sorted(unknown)), " ".join(mutant.name for mutant in found)))
    return [mutant for mutant in found if not names or mutant.name in names]


running = set()         # the rigs in the copies


class Copy:
    """A tree like this one, that may be spoilt. Kept, as what it has built is of use again."""

    def __init__(self, name):
        self.tree = checkout_cache("mutants", name, "tree")
        self.tree.mkdir(parents=True, exist_ok=True)
        if not (self.tree / ".git").exists():
            self.call("git", "init", "-q")
        self.restore()
        # The rig there asks git what belongs to the tree.
        self.call("git", "add", "-A")

    def restore(self):
        """As here, and what changes is new to make: it goes by times."""
        wanted = own_files()
        for name in wanted:
            copy, data = self.tree / name, (TOP / name).read_bytes()
            if not copy.exists() or copy.read_bytes() != data:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(data)
                copy.chmod((TOP / name).stat().st_mode)
        for name in set(self.call("git", "ls-files").splitlines()) - set(wanted):
            if (self.tree / name).exists():
                (self.tree / name).unlink()

    def call(self, *command):
        done = subprocess.run(command, cwd=str(self.tree), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        text = done.stdout.decode(errors="replace")
        if done.returncode:
            raise RigError("%s: %s" % (" ".join(command[:2]), text.strip()))
        return text

    def apply(self, mutant):
        """One line of context is enough, wherever it has moved to, but it has to be there."""
        self.call("git", "apply", str(mutant.path))

    def rig(self, *words):
        """Exit status and what it printed."""
        # A test that is skipped there has found nothing.
        env = {name: value for name, value in os.environ.items()
               if name not in ("CI", "MAKEFLAGS", "MFLAGS")}
        process = spawn([self.tree / "selftests/rig/rig"] + list(words), env=env,
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        running.add(process)
        try:
            text = process.communicate(timeout=TIMEOUT)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            raise RigError("rig %s does not end within %d s" % (" ".join(words), TIMEOUT)) from None
        finally:
            end(process, 15)
            running.discard(process)
        return process.returncode, text

    def build(self, kernel):
        status, text = self.rig("matrix", "-k", kernel)
        if status:
            raise RigError("it does not build for %s:\n%s" % (kernel, text[-2000:]))

    def check(self, tests):
        """Outcome -> names of tests, the first line that tells of a failure, and name -> all that
        a test that fails says."""
        text, _, told = self.rig("check", "--jobs", "1", *tests)[1].partition("\n1..")
        text += "\n"
        outcomes = {"pass": [], "fail": [], "skip": []}
        for name, outcome, _ in tap.parse(text):
            outcomes[outcome].append(name.split(": ")[0])
        if not any(outcomes.values()):
            raise RigError("no test ran:\n%s" % text[-2000:])
        if NO_START.search(text):
            raise RigError("a test did not get as far as the drivers: %s" % first_failure(text))
        return outcomes, first_failure(text), all_failures(told)


def first_failure(text):
    """What the first test that fails says, in a line."""
    found = re.search(r"^not ok \d+ \S+ (.*)\n((?:# .*\n)*)", text, re.M)
    # Other programs' TAP begins with its version, which tells nothing.
    said = [line[2:] for line in found.group(2).splitlines() if "TAP version" not in line] if found else []
    return (" ".join(said) or (found.group(1) if found else ""))[:300]


def all_failures(text):
    """Name -> sentence and reason, from what rig check prints at its end."""
    said = {}
    for part in text.split("\n==== FAILED ")[1:]:
        name, _, reason = part.partition(": ")
        said[name] = said.get(name, "") + reason
    return said


def unspoilt(copy, tests):
    """Outcome and reason. What fails anyway finds nothing."""
    outcomes, reason, _ = copy.check(tests)
    if outcomes["fail"]:
        return "fail", "%s fail: %s" % (" ".join(outcomes["fail"]), reason)
    if not outcomes["pass"]:
        return "fail", "%s are skipped" % " ".join(outcomes["skip"])
    return "pass", "%d tests" % len(outcomes["pass"])


def spoilt(copy, mutant):
    """The same for one mutant: it passes where each test fails, and one says what it has to."""
    try:
        copy.apply(mutant)
        copy.build(mutant.kernel)
        outcomes, reason, said = copy.check(mutant.tests)
    finally:
        copy.restore()
    return verdict(mutant, outcomes["fail"], reason, said)


def verdict(mutant, failed, reason, said):
    """The names of those that failed, the first one's reason, and all that each says."""
    passed = [pattern for pattern in mutant.tests if not fnmatch.filter(failed, pattern)]
    if passed:
        return "fail", "survived %s" % " ".join(passed)
    caught = "caught by %s: %s" % (" ".join(sorted(set(failed))), reason)
    for text in said.values():
        found = mutant.says.search(text)
        if found:
            return "pass", "%s%s" % (caught, found.group() and "\nsays: " + found.group())
    return "fail", "not for what it is, no test says '%s': %s" % (mutant.says.pattern, caught)


def report(number, sentence, outcome, text, seconds):
    print("%s %d %s # %.0f s" % ("not ok" if outcome == "fail" else "ok", number, sentence,
                                 seconds))
    print("\n".join("# " + line for line in text.splitlines()), flush=True)


def plan(wanted):
    """(sentence, function, argument) of all that there is to do."""
    suites = {}
    for test in sorted({test for mutant in wanted for test in mutant.tests}):
        suites.setdefault(test.split(".")[0], []).append(test)
    for name, tests in suites.items():
        yield "without a fault the tests of %s pass" % name, unspoilt, tests
    for mutant in wanted:
        yield "%s: %s" % (mutant.name, mutant.fault), spoilt, mutant


def main(names, jobs):
    todo = list(plan(mutants(names)))
    copies = queue.Queue()
    counts = {"pass": 0, "fail": 0}

    def work(sentence, function, argument):
        copy, start = copies.get(), time.monotonic()
        try:
            outcome, text = function(copy, argument)
        except RigError as error:
            outcome, text = "fail", str(error)
        finally:
            copies.put(copy)
        return sentence, outcome, text, time.monotonic() - start

    with lock(checkout_cache("mutants.lock"), "mutants"):
        for number in range(jobs):
            copies.put(Copy(str(number)))
        print("TAP version 13\n1..%d" % len(todo), flush=True)
        pool = concurrent.futures.ThreadPoolExecutor(jobs)
        try:
            done = concurrent.futures.as_completed([pool.submit(work, *job) for job in todo])
            for number, job in enumerate(done, 1):
                report(number, *job.result())
                counts[job.result()[1]] += 1
        finally:
            # Where we are interrupted, nobody waits for hours of tests.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                end(process, 15)
    say("%d as they should be, %d not" % tuple(counts.values()))
    return 1 if counts["fail"] else 0


def groups(copy):
    """Builds need not be one by one: applies as many at a time as do not meet, yields those."""
    left = mutants()
    while left:
        met, files = [], set()
        for mutant in left:
            try:
                copy.apply(mutant)
            except RigError:
                if not files & set(mutant.files()):
                    raise
                met.append(mutant)
            else:
                files.update(mutant.files())
        yield [mutant for mutant in left if mutant not in met]
        left = met
        copy.restore()


def all_build():
    """An error where a patch does not apply to the tree as it is, or does not build."""
    there = debug.kernels()

    def content():
        return [verdicts.packages(kernel) for kernel in there], verdicts.texts(own_files(
            "Kbuild", "compat", "framework", "include", "plugins", "selftests/core",
            "selftests/mutants", "selftests/rig/m*.py"))

    verdicts.unless_good("mutants", content, lambda: build_each(there))


def build_each(there):
    with lock(checkout_cache("mutants-build.lock"), "mutants"):
        copy = Copy("build")
        for mutant in mutants():
            copy.apply(mutant)
            copy.restore()
        for group in groups(copy):
            for kernel in {mutant.kernel for mutant in group} & set(there):
                copy.build(kernel)
