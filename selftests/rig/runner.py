# SPDX-License-Identifier: GPL-2.0
"""Runs the tests, prints TAP, and ends with one line that says how it went."""
import fnmatch
import os
import signal
import subprocess
import tempfile
import time
import traceback

from . import tap
from .lab import Lab
from .suite import Skip
from .util import RigError, TOP, end, spawn


class TestTimeout(Exception):
    pass


def on_alarm(_number, _frame):
    raise TestTimeout()


class External:
    """A program that prints TAP; all of its tests count. Runs beside tests that use machines."""

    def __init__(self, name, folder, *target, timeout=300):
        self.id, self.folder, self.timeout = name, folder, timeout
        self.command = ["make", "-s", "-C", folder] + list(target)
        self.name = "all of " + " ".join(self.command)
        self.process = None

    def start(self):
        self.output = tempfile.TemporaryFile()
        self.began = time.monotonic()
        self.process = spawn(self.command, cwd=str(TOP), stdin=subprocess.DEVNULL,
                             stdout=self.output, stderr=subprocess.STDOUT)

    def done(self):
        return self.process.poll() is not None or \
            time.monotonic() - self.began > self.timeout

    def results(self):
        """Waits for the end, at most until the timeout."""
        try:
            self.process.wait(max(0.1, self.began + self.timeout - time.monotonic()))
        except subprocess.TimeoutExpired:
            return [("ends within %d s" % self.timeout, "fail", "")]
        finally:
            end(self.process)
        self.output.seek(0)
        text = self.output.read().decode(errors="replace")
        results = tap.parse(text)
        if self.process.returncode and not any(outcome == "fail" for _, outcome, _ in results):
            results.append(("exits with status 0", "fail",
                            "status %d\n%s" % (self.process.returncode, text[-2000:])))
        return results


def grouped(things):
    """Tests of a suite that share a fixture follow one another: fewer boots."""
    def key(thing):
        fixture = getattr(thing, "fixture", None)
        return next(n for n, other in enumerate(things) if other is thing or (
            fixture is not None and getattr(other, "fixture", None) == fixture
            and other.id.split(".")[0] == thing.id.split(".")[0]))
    return sorted(things, key=key)


class Runner:
    def __init__(self, patterns=()):
        self.patterns = list(patterns)
        self.ci = os.environ.get("CI") == "true"
        self.counts = {"pass": 0, "fail": 0, "skip": 0}
        self.failures = []
        self.fixture = self.lab = None

    def wanted(self, name):
        # A pattern may name a test, a suite, or tests by wildcard.
        return not self.patterns or any(
            fnmatch.fnmatch(name, p) or name.split(".")[0] == p for p in self.patterns)

    # -- results ------------------------------------------------------------------------

    def record(self, name, sentence, outcome, text="", seconds=None, optional=False):
        if outcome == "skip" and self.ci and not optional:
            outcome, text = "fail", "skipped, but CI needs it: " + text
        self.counts[outcome] += 1
        number = sum(self.counts.values())
        line = "%s %d %s: %s" % ("not ok" if outcome == "fail" else "ok", number, name, sentence)
        if outcome == "skip":
            line += " # SKIP " + text
        elif seconds is not None and seconds >= 1:
            line += " # %.1f s" % seconds
        print(line, flush=True)
        if outcome == "fail":
            self.failures.append((name, sentence, text))
            print("\n".join("# " + part for part in text.splitlines()[:3]), flush=True)

    # -- one test -----------------------------------------------------------------------

    def open(self, fixture):
        if fixture != self.fixture or self.lab is None or not self.lab.shared:
            self.shut()
            self.lab, self.fixture = fixture.open() if fixture else None, fixture
        return self.lab

    def shut(self):
        Lab.close_all()
        self.lab = self.fixture = None

    def call(self, test):
        """Returns outcome and text. A splat in any machine's log fails the test."""
        signal.signal(signal.SIGALRM, on_alarm)
        signal.alarm(test.timeout)
        try:
            lab = self.open(test.fixture)
            test.function(*([lab] if lab is not None else []))
            splats = lab.problems() if lab is not None else []
            if splats:
                return "fail", "the machines' logs have:\n" + "\n".join(splats)
            return "pass", ""
        except Skip as skip:
            return ("optional" if skip.optional else "skip"), str(skip)
        except TestTimeout:
            return "fail", "not done within %d s" % test.timeout
        except (AssertionError, RigError) as error:
            return "fail", str(error)
        except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
            return "fail", traceback.format_exc()
        finally:
            signal.alarm(0)

    def test(self, test):
        start = time.monotonic()
        outcome, text = self.call(test)
        if outcome == "fail":
            text = self.diagnose(test.id, text)
            self.shut()                 # the next test gets a machine that is well
        seconds = time.monotonic() - start
        optional = outcome == "optional"
        self.record(test.id, test.name, "skip" if optional else outcome, text, seconds, optional)

    @staticmethod
    def diagnose(name, text):
        parts = [text]
        for lab in Lab.opened:
            if "console:" not in text and lab.vms:
                parts.append(lab.tails())
            parts.append("logs: %s" % lab.keep_logs(name))
        return "\n".join(parts)

    def externals(self, finish=False):
        """One at a time: records the one that has ended and starts the next."""
        while self.waiting:
            program = self.waiting[0]
            if not program.process:
                program.start()
            if not finish and not program.done():
                return
            for sentence, outcome, text in program.results():
                self.record(program.id, sentence, outcome, text)
            print("# %s: %.1f s" % (program.id, time.monotonic() - program.began), flush=True)
            self.waiting.pop(0)

    # -- all ----------------------------------------------------------------------------

    def run(self, things):
        things = grouped([thing for thing in things if self.wanted(thing.id)])
        if not things:
            raise RigError("no test is called %s (try: rig check --list)"
                           % " ".join(self.patterns))
        print("TAP version 13", flush=True)
        self.waiting = [thing for thing in things if isinstance(thing, External)]
        try:
            for thing in things:
                if not isinstance(thing, External):
                    self.externals()
                    self.test(thing)
            self.externals(finish=True)
        finally:
            self.shut()
            for program in self.waiting:
                end(program.process)
        print("1..%d" % sum(self.counts.values()))
        return self.summary()

    def summary(self):
        for name, sentence, text in self.failures:
            print("\n==== FAILED %s: %s\n%s\n  again: make check TESTS='%s'"
                  % (name, sentence, text, name))
        print("\n%d passed, %d failed, %d skipped"
              % (self.counts["pass"], self.counts["fail"], self.counts["skip"]), flush=True)
        return 1 if self.counts["fail"] else 0
