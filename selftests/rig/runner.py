# SPDX-License-Identifier: GPL-2.0
"""Runs the tests, some at a time, prints TAP, and ends with one line that says how it went."""
import collections
import contextlib
import fnmatch
import io
import multiprocessing
import multiprocessing.connection
import os
import re
import resource
import signal
import subprocess
import tempfile
import time
import traceback

from . import suite, tap, template, verdicts
from .lab import Lab
from .suite import Skip
from .util import RigError, TOP, die_with_parent, end, end_on_signals, spawn, tail

# Machines wait a lot: one more test than there are processors.
JOBS = os.environ.get("IVSHMEM_JOBS") or min(3, 1 + (os.cpu_count() or 1))
TRIES = 10          # each in a new machine, where QEMU did something wrong in the former one
# outcome: pass, fail, skip, optional (a skip that CI does not mind), said (no test's, but the end
# of a program); seconds: None where more follow; said: what the test itself prints
Result = collections.namedtuple("Result", "id sentence outcome text seconds said")
# What a test does with its seeds depends on these.
SETTINGS = ("IVSHMEM_CYCLES", "IVSHMEM_FUZZ_MINUTES")


class TestTimeout(Exception):
    pass


def again(name, seeds=()):
    """The command that runs just this one again."""
    settings = ["%s=%s " % (setting, os.environ[setting]) for setting in SETTINGS
                if os.environ.get(setting)]
    if seeds:
        settings.append("IVSHMEM_SEED=%d " % seeds[0])
    return "again: %smake check TESTS='%s'" % ("".join(settings), name)


def story(name, text, seeds, logs):
    """What is told of a failure, and how to have it again."""
    told = ["seed: %s" % " ".join(map(str, seeds))] if seeds else []
    return "\n".join([text] + told + logs + [again(name, seeds)])


def on_alarm(_number, _frame):
    raise TestTimeout()


class External:
    """A program that prints TAP; all of its tests count."""

    fixture = kernel = None

    def __init__(self, name, folder, *target, timeout=300, group="programs", alone=False,
                 long=False, words=False, content=None):
        """group: those of one run one after the other, as they may build the same things.

        words: make runs those of its tests alone that TESTS names.
        content: a function that returns all that its results go by. They are not made again, in any
        checkout, while it returns the same and all were good."""
        self.id, self.folder, self.timeout, self.group = name, folder, timeout, group
        self.alone, self.long, self.words, self.content = alone, long, words, content
        self.command = ["make", "-s", "-C", folder] + list(target)
        self.name = "all of " + " ".join(self.command)

    def mark(self):
        return self.content and verdicts.mark("tap", self.id, self.content())

    def results(self, timeout):
        """(sentence, outcome, text) of each of its tests, and what is to be said of all."""
        good = self.mark()
        if good and good.exists():
            good.touch()
            return tap.parse(good.read_text()), ", not made again: found good before, with the " \
                "same content"
        text, results = self.made(timeout)
        if good and all(outcome == "pass" for _, outcome, _ in results) and self.mark() == good:
            good.write_text(text)
            verdicts.forget("tap")
        return results, ""

    def made(self, timeout):
        """All that it says, and the results in that."""
        with tempfile.TemporaryFile() as output:
            process = spawn(self.command, cwd=str(TOP), stdin=subprocess.DEVNULL, stdout=output,
                            stderr=subprocess.STDOUT)
            wanted, late = "exits with status 0", False
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                wanted, late = "ends within %d s" % timeout, True
            finally:
                end(process)
            output.seek(0)
            text = output.read().decode(errors="replace")
        results = tap.parse(text)
        failed = any(outcome == "fail" for _, outcome, _ in results)
        if late or process.returncode and not failed:
            results.append((wanted, "fail", "status %s\n%s" % (process.returncode, text[-2000:])))
        return text, results

    def repeat(self, sentence):
        """Its tests' names are words, what the rig itself finds wrong with it is a sentence."""
        if self.words and re.fullmatch(r"[\w.]+", sentence):
            return "again: %s TESTS='%s'" % (" ".join(self.command), sentence)
        return again(self.id)

    def run(self, patience):
        start = time.monotonic()
        results, told = self.results(self.timeout * patience)
        for sentence, outcome, text in results:
            if outcome == "fail" and "again: " not in text:
                text = "\n".join(filter(None, (text, self.repeat(sentence))))
            yield Result(self.id, sentence, outcome, text, None, "")
        seconds = time.monotonic() - start
        yield Result(self.id, "", "said", "", seconds,
                     "%s: %.1f s%s" % (self.id, seconds, told))


class Case:
    """A test as the runner sees it: in a lab, with a deadline, and with its story when it fails."""

    fixture = lab = None                # what the test before has left; of the process

    def __init__(self, test):
        self.test = test

    @classmethod
    def open(cls, fixture):
        if fixture != cls.fixture or cls.lab is None or not cls.lab.shared:
            cls.shut()
            cls.lab, cls.fixture = fixture.open() if fixture else None, fixture
        return cls.lab

    @classmethod
    def shut(cls):
        Lab.close_all()
        cls.lab = cls.fixture = None

    def verdict(self, outcome, text=""):
        """A splat in any machine's log fails the test."""
        problems = self.lab.problems() if self.lab is not None else []
        if problems:
            return "fail", "what no test may cause:\n" + "\n".join(problems)
        return outcome, text

    def call(self, patience):
        """Returns outcome and text."""
        timeout = int(self.test.timeout * patience)
        signal.signal(signal.SIGALRM, on_alarm)
        signal.alarm(timeout)
        try:
            lab = self.open(self.test.fixture)
            self.test.function(*([lab] if lab is not None else []))
            return self.verdict("pass")
        except Skip as skip:
            return self.verdict("optional" if skip.optional else "skip", str(skip))
        except TestTimeout:
            return "fail", "not done within %d s" % timeout
        except (AssertionError, RigError) as error:
            return "fail", str(error)
        except Exception:               # else the process ends, and with it what comes next
            return "fail", traceback.format_exc()
        finally:
            signal.alarm(0)

    @staticmethod
    def emulated():
        return next(filter(None, (vm.emulated() for lab in Lab.opened for vm in lab.vms)), None)

    def diagnose(self, text):
        logs = []
        for lab in Lab.opened:
            if "console:" not in text and lab.vms:
                logs.append(lab.tails())
            logs.append("logs: %s" % lab.keep_logs(self.test.id, "\n".join([text] + logs)))
        return story(self.test.id, text, suite.seeds, logs)

    def run(self, patience):
        start = time.monotonic()
        with contextlib.redirect_stdout(io.StringIO()) as said:
            for more in range(TRIES - 1, -1, -1):
                suite.seeds.clear()
                outcome, text = self.call(patience)
                fault = self.emulated()
                if outcome != "fail" or not more or not fault:
                    break
                print("# %s: once more in a new machine" % fault)
                self.shut()
            if outcome == "fail":
                text = self.diagnose(text)
        yield Result(self.test.id, self.test.name, outcome, text, time.monotonic() - start,
                     said.getvalue())
        if outcome == "fail" or fault:
            self.shut()                 # the next test gets a machine that is well


def grouped(things):
    """Lists of what runs one after the other: tests of a suite that share a fixture (fewer
    boots), programs of a group. In the order of their first; what wants to be alone comes last."""
    groups = {}
    for number, thing in enumerate(things):
        if isinstance(thing, External):
            key = thing.group
        else:
            key = thing.id.split(".")[0], thing.fixture or number
        groups.setdefault((key, thing.alone), []).append(thing)
    return sorted(groups.values(), key=lambda group: group[0].alone)


class Told(list):
    """Tells when it grows."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def append(self, thing):
        super().append(thing)
        self.tell()


class Worker:
    """A process that runs one group of tests after the other, and tells each result.

    A process, not a thread, as deadlines are signals and children end with who made them."""

    def __init__(self, groups, patience):
        self.groups, self.patience = groups, patience
        self.pipe, self.theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=self.main)
        self.process.start()
        self.theirs.close()
        self.group = None               # the number of what it runs
        self.left = []                  # and what of that has no result yet
        self.seeds, self.folders = [], []       # of the test that runs; of its machines

    def main(self):
        die_with_parent()
        end_on_signals(signal.SIGINT)
        self.pipe.close()
        suite.seeds, Lab.opened = Told(self.tell), Told(self.tell)
        try:
            for number in iter(self.theirs.recv, None):
                for thing in self.groups[number]:
                    case = thing if isinstance(thing, External) else Case(thing)
                    for result in case.run(self.patience):
                        self.theirs.send(result)
                Case.shut()
                self.theirs.send(None)
        except (KeyboardInterrupt, EOFError, BrokenPipeError):
            pass
        finally:
            Case.shut()

    def tell(self):
        """What nobody could tell any more if this process were killed."""
        self.theirs.send((list(suite.seeds), [lab.folder for lab in Lab.opened]))

    def give(self, number):
        self.group, self.left = number, [thing.id for thing in self.groups[number]]
        self.pipe.send(number)

    def take(self):
        """The next result if there is one, None at the end of the group. A process that died is
        told as failures."""
        try:
            result = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            result = self.died()
        if isinstance(result, Result):
            self.seeds = []
            if result.id in self.left:
                self.left.remove(result.id)
        elif result:
            self.seeds, self.folders = result
        else:
            self.left = []
        return result

    def died(self):
        self.process.join()
        if not self.left:
            return None
        text = "the process that ran it ended (%s)" % self.process.exitcode
        logs = ["%s:\n%s" % (path, tail(path, 20)) for folder in self.folders
                for path in sorted(folder.glob("*.console"))]
        self.folders = []               # the others of its group have none
        return Result(self.left[0], "is run to its end", "fail",
                      story(self.left[0], text, self.seeds, logs), 0, "")

    def alive(self):
        return self.process.is_alive()

    def close(self):
        """Its machines end with it: it unwinds when it is told to, and they die with it."""
        if self.alive() and self.group is not None:
            self.process.terminate()
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.pipe.close()
        self.process.join(10)
        self.process.kill()
        self.process.join()


class Runner:
    def __init__(self, jobs, note=None):
        """note: called with each Result, as it counts."""
        self.jobs, self.note = jobs, note
        self.ci = os.environ.get("CI") == "true"
        self.counts = {"pass": 0, "fail": 0, "skip": 0}
        self.failures = []

    # -- results ------------------------------------------------------------------------

    def effective(self, result):
        if result.outcome == "skip" and self.ci:
            return result._replace(outcome="fail", text="skipped, but CI needs it: " + result.text)
        return result._replace(outcome="skip") if result.outcome == "optional" else result

    def record(self, result):
        result = self.effective(result)
        if result.outcome != "said":
            self.tell(result)
        if self.note:
            self.note(result)
        for line in result.said.splitlines():
            print("# " + line.lstrip("# "), flush=True)

    def tell(self, result):
        outcome, text = result.outcome, result.text
        self.counts[outcome] += 1
        number = sum(self.counts.values())
        line = "%s %d %s: %s" % ("not ok" if outcome == "fail" else "ok", number, result.id,
                                 result.sentence)
        if outcome == "skip":
            line += " # SKIP " + text
        elif result.seconds is not None and result.seconds >= 1:
            line += " # %.1f s" % result.seconds
        print(line, flush=True)
        if outcome == "fail":
            self.failures.append((result.id, result.sentence, text))
            print("\n".join("# " + part for part in text.splitlines()[:3]), flush=True)

    # -- all ----------------------------------------------------------------------------

    def next(self, todo, workers):
        """What may start now: nothing beside what wants to be alone."""
        busy = [worker.group for worker in workers if worker.group is not None]
        if not todo or any(self.groups[number][0].alone for number in busy):
            return None
        return None if busy and self.groups[todo[0]][0].alone else todo[0]

    def work(self, workers, patience):
        todo = collections.deque(range(len(self.groups)))
        while todo or any(worker.group is not None for worker in workers):
            for place, worker in enumerate(workers):
                if worker.group is None and self.next(todo, workers) is not None:
                    if not worker.alive():
                        workers[place] = worker = Worker(self.groups, patience)
                    worker.give(todo.popleft())
            busy = {worker.pipe: worker for worker in workers if worker.group is not None}
            for pipe in multiprocessing.connection.wait(list(busy)):
                result = busy[pipe].take()
                if result is None:
                    busy[pipe].group = None
                elif isinstance(result, Result):
                    self.record(result)

    def run(self, things):
        start = time.monotonic()
        self.groups = grouped(things)
        patience = (1 + self.jobs) / 2
        print("TAP version 13", flush=True)
        workers = []
        with template.shared():
            try:
                for _ in range(min(self.jobs, len(self.groups))):
                    workers.append(Worker(self.groups, patience))
                self.work(workers, patience)
            except BaseException:
                self.tell_failures()
                raise
            finally:
                for worker in workers:
                    worker.close()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print("1..%d\n# %d s, %d s of processor time" % (
            sum(self.counts.values()), time.monotonic() - start, used.ru_utime + used.ru_stime))
        self.tell_failures()
        return self.counts

    def tell_failures(self):
        """In full: at the end, for who reads that first, and also of a run that is ended."""
        for name, sentence, text in self.failures:
            print("\n==== FAILED %s: %s\n%s" % (name, sentence, text))
            if "again: " not in text:
                print(again(name))


def summary(counts):
    """The last line; the exit status."""
    print("\n%d passed, %d failed, %d skipped"
          % (counts["pass"], counts["fail"], counts["skip"]), flush=True)
    return 1 if counts["fail"] else 0


def match(things, patterns):
    """A pattern names a test, a suite, or tests by wildcard."""
    return [thing for thing in things if any(
        fnmatch.fnmatch(thing.id, p) or thing.id.split(".")[0] == p for p in patterns)]
