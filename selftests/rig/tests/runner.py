# SPDX-License-Identifier: GPL-2.0
"""The runner itself, with tests that it is given."""
import argparse
import contextlib
import io
import os
import pathlib
import re
import subprocess
import tempfile
import time
from unittest import mock

from .. import (cli, coverage, forms, lint, matrix, mutants, roots, runner, suite, tap, template,
                util, verdicts)
from ..lab import Lab
from ..splats import emulated, reports
from ..suite import Fixture, Test, equal, expect, test
from ..util import RigError
from ..vm import Result


def refused(function, *args):
    try:
        function(*args)
    except RigError as error:
        return str(error)
    raise AssertionError("%s is not refused" % (args,))


def given(count, body, fixture=None, timeout=6, **options):
    """Tests that call body with their number; with a fixture they are one group."""
    def one(number):
        def function(*_lab):
            body(number)
        function.__name__, function.__module__ = "test%d" % number, "given"
        return Test(function, "%d holds" % number, fixture, timeout, "", **options)
    return [one(number) for number in range(count)]


def ran(tests, jobs=2, note=None):
    """Counts, and all that was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        counts = runner.Runner(jobs, note).run(tests)
        runner.summary(counts)
    return counts, said.getvalue()


def crowds(jobs, alone, wanted):
    """How many tests ran at the same time, at the most. Each waits until so many do."""
    with tempfile.TemporaryDirectory() as folder:
        met = pathlib.Path(folder, "met")

        def body(number):
            mark = pathlib.Path(folder, str(number))
            mark.touch()
            time.sleep(0.5)             # for those that should not
            end = time.monotonic() + 30
            while not met.exists() and time.monotonic() < end:
                if len(list(pathlib.Path(folder).glob("[0-3]"))) >= wanted:
                    met.touch()
                time.sleep(0.01)
            with open(os.path.join(folder, "counts"), "a") as counts:
                print(len(list(pathlib.Path(folder).glob("[0-3]"))), file=counts)
            mark.unlink()
        ran(given(4, body, timeout=60, alone=alone), jobs)
        return max(map(int, pathlib.Path(folder, "counts").read_text().split()))


@test("a run within a run leaves the machine alone that others go on from")
def nested():
    with template.shared():
        before = dict(template.Template.these)
        ran(given(1, lambda number: None))
        expect(template.Template.these == before, "they are gone")


@test("as many tests run side by side as were asked for, and none beside one that measures")
def side_by_side():
    equal([crowds(1, False, 1), crowds(3, False, 3), crowds(3, True, 1)], [1, 3, 1],
          "tests at a time")


@test("what goes wrong in a test is its failure, and no other's: told with seed and command")
def failures():
    def body(number):
        if number == 1:
            suite.seed()
            expect(False, "this is wrong")
        if number == 2:
            suite.seed()
            os.kill(os.getpid(), 9)
        if number == 3:
            time.sleep(60)
        if number == 4:
            raise suite.Skip("no such thing", optional=True)
    with mock.patch.dict(os.environ, {"IVSHMEM_SEED": "77", "IVSHMEM_CYCLES": "9",
                                      "IVSHMEM_FUZZ_MINUTES": ""}):
        counts, said = ran(given(6, body))
    equal(counts, {"pass": 2, "fail": 3, "skip": 1}, "counts")
    for text in ("TAP version 13\n", "this is wrong", "seed: 77", "not done within 9 s", "(-9)",
                 "again: IVSHMEM_CYCLES=9 IVSHMEM_SEED=77 make check TESTS='given.test1'",
                 "again: IVSHMEM_CYCLES=9 IVSHMEM_SEED=77 make check TESTS='given.test2'", "# SKIP no such thing", "\n1..6\n"):
        expect(text in said, "no %r in\n%s", text, said)
    equal(said.splitlines()[-1], "2 passed, 3 failed, 1 skipped", "last line")


@test("who ends a run is told in full what has failed by then")
def ended_early():
    def body(number):
        expect(number, "one\ntwo\nthree\nfour")

    def note(result):
        if result.id == "given.test1":
            raise KeyboardInterrupt
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            runner.Runner(1, note).run(given(3, body))
    except KeyboardInterrupt:
        expect("\nfour (" in said.getvalue(), "%s", said.getvalue())
        return
    raise AssertionError("it is not ended")


@test("a failure of a kind that nobody thought of is told with its seeds and logs, and the tests "
      "after it in its group run")
def unforeseen():
    def body(number):
        if number == 1:
            suite.seed()
            suite.seed()
            raise subprocess.TimeoutExpired("ivshmem-rtos", 60)
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder, "IVSHMEM_SEED": "77"}):
        counts, said = ran(given(3, body, Fixture(Lab)))
        kept = [path.read_text() for path in pathlib.Path(folder).rglob("failed/*/failure")]
    equal(counts, {"pass": 2, "fail": 1, "skip": 0}, "counts")
    expect(len(kept) == 1 and "'ivshmem-rtos' timed out" in kept[0], "kept with the logs: %s", kept)
    for text in ("'ivshmem-rtos' timed out", "seed: 77 78\n", "logs: ", "again: IVSHMEM_SEED=77 "):
        expect(text in said, "no %r in\n%s", text, said)


@test("a program that does not end fails with what it said, and its tests count")
def endless():
    program = runner.External("given", ".")
    program.command = ["sh", "-c", "echo 1..2; echo ok 1 one; echo this hangs; sleep 60"]
    results, _ = program.results(5)
    equal([result[:2] for result in results], [
        ("one", "pass"), ("runs all 2 tests that it planned", "fail"), ("ends within 5 s", "fail")],
          "results")
    expect("this hangs" in results[-1][2], "it says %r", results[-1][2])


@test("one test of a program that fails can be run again alone, if the program knows how")
def one_again():
    one = "echo ok 1 one; echo not ok 2 two"
    for words, script, wanted in (
            (True, one, "again: sh -c %s TESTS='two'" % one),
            (False, one, "again: make check TESTS='given'"),
            (False, "echo ok 1 one; echo '# again: two'; echo not ok 2 two", "# again: two")):
        program = runner.External("given", ".", words=words)
        program.command = ["sh", "-c", script]
        said = [result.text for result in program.run(1)]
        equal(said[:2], ["", wanted], "what it says")


@test("what a program in a machine skips fails the test, but for reasons that were expected")
def inner_skips():
    def outcome(status, out, skips=()):
        job = mock.Mock(command="given", **{"result.return_value": Result(status, out)})
        try:
            tap.all_pass(job, skips)
        except AssertionError as error:
            return str(error).split(":\n")[0]
        return ""
    one = "1..2\nok 1 one\nok 2 two # SKIP no vector\n"
    for wanted, arguments in (
            ("", (0, "1..1\nok 1 one\n")),
            ("", (0, one, ["no .*"])),
            ("given: ['two (skipped: no vector)'] do not pass", (0, one, ["no", "vector"])),
            ("given: ['all of it (skipped: no socat)'] do not pass", (4, "1..0 # SKIP no socat\n")),
            ("given: ['exit status 1'] do not pass", (1, "1..1\nok 1 one\n")),
            ("given: ['two'] do not pass", (1, "1..2\nok 1 one\nnot ok 2 two\n")),
            ("given: ['prints TAP'] do not pass", (0, "1..0\n"))):
        equal(outcome(*arguments), wanted, "what it says to %r" % (arguments,))


class Maimed(Lab):
    """QEMU did something wrong in its machine."""

    def __init__(self, kernel=None):
        super().__init__(kernel)
        self.vms.append(mock.MagicMock(**{"emulated.return_value": "QEMU lost a processor",
                                          "splats.return_value": [], "tail.return_value": ""}))


@test("what fails where QEMU did something wrong is run again in a new machine, so many times")
def emulation():
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder, "IVSHMEM_SEED": "77"}), \
            mock.patch.object(runner, "TRIES", 4):
        runs = pathlib.Path(folder, "runs")

        def body(number):
            with open(runs, "a") as file:
                print(number, file=file)
            tries = runs.read_text().split().count(str(number))
            equal(suite.seed(), 77, "the seed of each try")
            expect(tries > (2, 9)[number], "try %d", tries)
        for fixture, fails, wanted in ((Fixture(Maimed), 1, "0001111"), (Fixture(Lab), 2, "01")):
            runs.write_text("")
            counts, said = ran(given(2, body, fixture))
            equal(counts, {"pass": 2 - fails, "fail": fails, "skip": 0}, "counts")
            equal("".join(runs.read_text().split()), wanted, "tests that ran")
            equal(said.count("QEMU lost a processor"), 5 if fails == 1 else 0, "times it is told")


@test("a splat is told with all that the kernel said of it; what is the kernel's own fault is none")
def splats():
    cut = "[ 1.0] ------------[ cut here ]------------\n"
    end = "[ 1.1] ---[ end trace 0123 ]---\n"
    ours = "[ 1.0] WARNING: CPU: 0 PID: 1 at net.c:1 ivshmem_net_open+0x1/0x2\n[ 1.0] Call Trace:\n"
    asleep = ("[ 1.0] WARNING: CPU: 0 PID: 1 at timekeeping.c:992 ktime_get_seconds+0x1/0x2\n"
              "[ 1.0] Call Trace:\n[ 1.0]  crng_make_state+0x1/0x2\n"
              "[ 1.0]  suspend_devices_and_enter+0x1/0x2\n")
    race = "[ 1.0] BUG: KCSAN: data-race in list_add / list_del\n"
    equal(reports(cut + asleep + end + race), [], "what is found of known ones")
    equal(reports(cut + asleep + end + cut + ours + end + "[ 2.0] quiet\n"),
          [(ours + end).rstrip()], "what is found after a known one")
    for text in (asleep, asleep.replace("crng", "our") + end, ours + asleep + end):
        equal(len(reports(text)), 1, "reports in %s" % text)
    trap = ("[ 1.0] Oops: int3: 0000 [#1] SMP NOPTI\n[ 1.0] CPU: 0 UID: 0 PID: 117\n"
            "[ 1.0] RIP: 0010:ivshmem_doorbell+0x30/0xd0 [ivshmem_core]\n"
            "[ 1.0] Code: 44 %s 89 f5 %s <90> f0 48 ff\n")
    for bytes_, wanted in ((("cc", "66"), True), (("66", "cc"), False)):
        equal(bool(emulated(trap % bytes_)), wanted, "QEMU's fault, with %s %s" % bytes_)
    expect(not emulated(ours + trap % ("66", "cc") + ours), "what is ours is QEMU's")


@test("make check-long goes on where it was ended, and repeats what has failed or was skipped")
def resumed():
    def body(number):
        expect(number != 2, "2 fails")
        if number == 1:
            raise suite.Skip("1 lacks something")
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder, "CI": "true"}):
        progress = forms.Progress()
        ran(progress.left(given(3, body)), note=progress.note)
        equal(progress.counts(), {"pass": 1, "fail": 2, "skip": 0}, "counts in CI")
        os.environ["CI"] = ""
        progress = forms.Progress()
        left = progress.left(given(5, body))
        equal([one.id for one in left], ["given.test%d" % n for n in (1, 2, 3, 4)], "what is left")
        ran(left, note=progress.note)
        equal(progress.counts(), {"pass": 3, "fail": 1, "skip": 1}, "counts")
        equal(len(forms.Progress().left(given(5, body))), 2, "tests that are left then")
        with mock.patch.dict(os.environ, {"IVSHMEM_CYCLES": "3"}):
            equal(len(forms.Progress().left(given(5, body))), 5, "tests with another setting")
        with mock.patch.object(forms, "releases", lambda: ["6.1.0-99-cloud-amd64"]):
            equal(len(forms.Progress().left(given(5, body))), 5, "tests with another kernel")
            expect("not what it was" in refused(progress.note, None), "a result is noted for it")
        equal(len(forms.Progress().left(given(5, body))), 2, "tests that are left as it was before")
        equal(len(forms.Progress(restart=True).left(given(5, body))), 5, "tests after a restart")


@test("its record is for one content of the tree: also of files that git was not told of")
def content():
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.object(lint, "TOP", pathlib.Path(folder)), \
            mock.patch.object(forms, "TOP", pathlib.Path(folder)):
        subprocess.run(["git", "init", "-q", folder], check=True)
        pathlib.Path(folder, "old").write_text("one")
        trees = []
        for text in ("one", "another", "one"):
            pathlib.Path(folder, "new").write_text(text)
            trees.append(forms.tree())
        subprocess.run(["git", "-C", folder, "add", "new"], check=True)
        trees.append(forms.tree())
    equal([trees[0] == tree for tree in trees], [True, False, True, True], "the same content")


@test("what was found good is not looked at again until it is another; what is bad, always")
def verdict():
    looks, text, said = [], ["one"], [""]

    def look():
        looks.append(text[0])
        text[0] = edited.pop() if edited else text[0]
        return said[0]

    def asked():
        with contextlib.redirect_stdout(io.StringIO()):
            return verdicts.unless_good("tried", lambda: list(text), look)

    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, XDG_CACHE_HOME=folder):
        edited = []
        equal([asked() for _ in range(2)], ["", ""], "said of what is good")
        text[0], said[0] = "two", "wrong"
        equal([asked() for _ in range(2)], ["wrong", "wrong"], "said of what is bad")
        text[0], said[0], edited = "three", "", ["four"]
        equal([asked() for _ in range(3)], ["", "", ""], "said of what is edited meanwhile")
        text[0] = "three"               # nobody can tell which of the two was looked at
        equal(asked(), "", "said of what it was before that")
    equal(looks, ["one", "two", "two", "three", "four", "three"], "what was looked at")


@test("what a program found good is told again while its content is the same; what is bad is made")
def good_again():
    content, script = ["one"], "echo made >>%s; echo 1..1; %secho ok 1 holds"
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, XDG_CACHE_HOME=folder):
        runs = pathlib.Path(folder, "runs")

        def said(words=""):
            program = runner.External("given", ".", content=lambda: list(content))
            program.command = ["sh", "-c", script % (runs, words)]
            last = list(program.run(1))
            return last[0].sentence, last[0].outcome, "not made again" in last[-1].said
        equal([said() for _ in range(2)], [("holds", "pass", False), ("holds", "pass", True)], "good")
        content[0] = "two"
        equal([said("echo -n 'not '; ") for _ in range(2)], [("holds", "fail", False)] * 2, "bad")
        content[0] = "one"
        equal(said(), ("holds", "pass", True), "the first one")
        equal(runs.read_text().count("made"), 3, "times that it ran")


@test("modules that were built are taken by other checkouts of the same content")
def modules_kept():
    built, content = [], ["one"]

    def compile_modules(_kernel, target, *_rest):
        built.append(content[0])
        (target / "one.ko").write_text(content[0])

    def build(checkout):
        with mock.patch.object(matrix, "checkout_cache",
                               lambda *parts: util.cache("build", checkout, *parts)):
            return [path.read_text() for path in matrix.build("5.10")]
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, XDG_CACHE_HOME=folder), \
            mock.patch.object(matrix, "compile_modules", compile_modules), \
            mock.patch.object(roots, "release", lambda kernel: kernel), \
            mock.patch.object(verdicts, "packages", lambda kernel: kernel), \
            mock.patch.object(verdicts, "texts", lambda names: list(content)):
        equal([build(name) for name in "aab"], [["one"]] * 3, "modules")
        content[0] = "two"
        equal([build(name) for name in "cd"], [["two"]] * 2, "modules of another content")
        content[0] = "one"
        equal(build("e"), ["one"], "modules of the first one")
    equal(built, ["one", "two"], "what was built")


@test("a pattern that is nobody's name is refused, also beside one that is")
def unknown():
    options = argparse.Namespace(kernel=None, long=False, pattern=["runner.unknown", "net.typo"])
    equal(refused(cli.wanted, options), "no test is called net.typo (try: rig check --list)", "error")


@test("modules are made of the sources as they are, however old, and of no others")
def synced():
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.object(matrix, "TOP", pathlib.Path(folder, "top")):
        top, copies = (pathlib.Path(folder, name) for name in ("top", "copies"))
        for place in (top, copies):
            place.mkdir()
            (place / "a.c").write_text(place.name)
        os.utime(str(top / "a.c"), (1, 1))
        for name in ("b.c", "b.o", "b.ko"):
            (copies / name).write_text("")
        os.utime(str(copies / "a.c"), (2, 2))
        matrix.sync({"a.c": None}, copies)
        equal(sorted(path.name for path in copies.iterdir()), ["a.c", "b.o"], "files")
        equal((copies / "a.c").read_text(), "top", "content")
        expect((copies / "a.c").stat().st_mtime > 2, "the copy is no news to make")


@test("where too little of a file is reached, each function that lacks something has its reason")
def reasons():
    page = "\n## Which lines are reached\n| `a.c`: `probe` | undoing | why |\n| `b.c` | all | why |\n\n## "
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.object(coverage, "TOP", pathlib.Path(folder)), \
            mock.patch.object(coverage, "PAGE", "page"):
        pathlib.Path(folder, "page").write_text(page)
        told = coverage.explained()
    lines = {1: [5, "probe"], 2: [0, "probe"], 3: [0, "remove"], 4: [0, None]}
    for path, wanted in (("a.c", ["remove"]), ("b.c", ["probe", "remove"])):
        equal(coverage.unexplained(path, lines, told), wanted, "what has no reason in " + path)
    lines.update({number: [1, "probe"] for number in range(5, 50)})
    equal(coverage.unexplained("b.c", lines, told), [], "what needs one where enough is reached")


class Told(mutants.Copy):
    """A tree whose rig says what it is told to."""

    def __init__(self, line, said=""):
        self.said = "TAP version 13\n%s\n# %s\n1..1\n" % (line, said)

    def rig(self, *_words):
        return 1, self.said


@test("a fault is not found by a machine that does not start, nor by a test that is skipped")
def not_found():
    equal(mutants.unspoilt(Told("ok 1 a.b: holds # SKIP no kernel"), ["a.b"])[0], "fail", "a skip")
    for said in ("vm0 (7.2, has ended): boot: the machine ended",
                 "vm0 (7.2, runs): boot: from a template: vm0 (7.2, runs): QMP cont: no answer",
                 "vm0 (7.2, runs): no QMP greeting",
                 "ivshmem-link does not serve /tmp/link0: ", "the process that ran it ended (-9)"):
        try:
            found = Told("not ok 1 a.b: holds", said).check(["a.b"])
        except RigError:
            continue
        raise AssertionError("%s: %s" % (said, found))
    found = Told("not ok 1 a.b: holds", "ring errors is 0, want 1").check(["a.b"])[0]
    equal(found["fail"], ["a.b"], "what finds it")


@test("a fault is found when each test that has to fails, and one tells what the fault's patch says")
def found_for_what_it_is():
    def verdict(says, *failed):
        mutant = mock.Mock(tests=["a.b", "c.*"], says=re.compile(says, re.M))
        return mutants.verdict(mutant, list(failed), "why", dict.fromkeys(failed, "ring errors is 0"))
    late = "the link:\nvm0: c.d: no answer in time"
    for wanted, arguments in (("pass", ("errors is", "a.b", "c.d")), ("fail", ("errors is", "a.b")),
                              ("fail", ("another", "a.b", "c.d")),
                              ("pass", (mutants.NOT_LATE, "a.b", "c.d"))):
        equal(verdict(*arguments)[0], wanted, "what is said of %r" % (arguments,))
    for text, wanted in ((late, False), ("holds\nnot done within 5 s", False),
                         (late + "\n| RIP: 0010:tell+0x1/0x2", True), ("ring errors is 0", True)):
        equal(bool(re.search(mutants.NOT_LATE, text, re.M)), wanted, "a sign of a fault: %r" % text)
