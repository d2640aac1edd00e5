# SPDX-License-Identifier: GPL-2.0
"""The runner itself, with tests that it is given."""
import contextlib
import io
import os
import pathlib
import tempfile
import time
from unittest import mock

from .. import forms, runner, suite
from ..suite import Test, equal, expect, test


def given(count, body, **options):
    """Tests that call body with their number."""
    def one(number):
        def function():
            body(number)
        function.__name__, function.__module__ = "test%d" % number, "given"
        return Test(function, "%d holds" % number, None, 2, "", **options)
    return [one(number) for number in range(count)]


def ran(tests, jobs=2, note=None):
    """Counts, and all that was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        counts = runner.Runner(jobs, note).run(tests)
        runner.summary(counts)
    return counts, said.getvalue()


def crowds(jobs, alone):
    """How many tests ran at the same time, at the most."""
    with tempfile.TemporaryDirectory() as folder:
        def body(number):
            mark = pathlib.Path(folder, str(number))
            mark.touch()
            time.sleep(0.5)
            with open(os.path.join(folder, "counts"), "a") as counts:
                print(len([name for name in os.listdir(folder) if name != "counts"]), file=counts)
            mark.unlink()
        ran(given(4, body, alone=alone), jobs)
        return max(map(int, pathlib.Path(folder, "counts").read_text().split()))


@test("as many tests run side by side as were asked for, and none beside one that measures")
def side_by_side():
    equal([crowds(1, False), crowds(3, False), crowds(3, True)], [1, 3, 1], "tests at a time")


@test("what goes wrong in a test is its failure, and no other's: told with seed and command")
def failures():
    def body(number):
        if number == 1:
            suite.seed()
            expect(False, "this is wrong")
        if number == 2:
            os.kill(os.getpid(), 9)
        if number == 3:
            time.sleep(60)
        if number == 4:
            raise suite.Skip("no such thing", optional=True)
    with mock.patch.dict(os.environ, {"IVSHMEM_SEED": "77"}):
        counts, said = ran(given(6, body))
    equal(counts, {"pass": 2, "fail": 3, "skip": 1}, "counts")
    for text in ("TAP version 13\n", "this is wrong", "seed: 77", "not done within 3 s", "(-9)",
                 "again: IVSHMEM_SEED=77 make check TESTS='given.test1'",
                 "again: make check TESTS='given.test2'", "# SKIP no such thing", "\n1..6\n"):
        expect(text in said, "no %r in\n%s", text, said)
    equal(said.splitlines()[-1], "2 passed, 3 failed, 1 skipped", "last line")


@test("make check-long goes on where it was ended, and repeats what has failed")
def resumed():
    def body(number):
        expect(number != 2, "2 fails")
    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.dict(os.environ, {"XDG_CACHE_HOME": folder}):
        progress = forms.Progress()
        ran(progress.left(given(3, body)), note=progress.note)
        progress = forms.Progress()
        left = progress.left(given(5, body))
        equal([one.id for one in left], ["given.test%d" % n for n in (2, 3, 4)], "what is left")
        ran(left, note=progress.note)
        equal(progress.counts(), {"pass": 4, "fail": 1, "skip": 0}, "counts")
        equal(len(forms.Progress(restart=True).left(given(5, body))), 5, "tests after a restart")
