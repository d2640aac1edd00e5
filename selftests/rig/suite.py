# SPDX-License-Identifier: GPL-2.0
"""How a test is written: a function with a name that says what must hold."""
import inspect
import time

TESTS = []


class Skip(Exception):
    """This cannot run here. An optional skip is none of CI's business."""

    def __init__(self, reason, optional=False):
        super().__init__(reason)
        self.optional = optional


class Test:
    def __init__(self, function, name, fixture, timeout, suffix):
        self.function, self.name, self.fixture, self.timeout = function, name, fixture, timeout
        self.id = "%s.%s%s" % (function.__module__.rsplit(".", 1)[-1], function.__name__, suffix)


def test(name, fixture=None, timeout=120, suffix=""):
    """fixture: a Fixture; tests that name an equal one share it, one after another.

    suffix: tells the tests apart that one function makes for several kernels."""
    def add(function):
        TESTS.append(Test(function, name, fixture, timeout, suffix))
        return function
    return add


class Fixture:
    """A way to set up machines. Equal if class and options are."""

    def __init__(self, kind, **options):
        self.kind, self.options = kind, options

    def __eq__(self, other):
        return isinstance(other, Fixture) and (self.kind, self.options) == \
            (other.kind, other.options)

    def __hash__(self):
        return hash((self.kind, repr(self.options)))

    def open(self):
        return self.kind(**self.options)


def expect(condition, text, *values):
    """An assertion that tells what was found."""
    if not condition:
        frame = inspect.stack()[1]
        raise AssertionError("%s (line %d)" % (text % values if values else text, frame.lineno))


def equal(found, wanted, what):
    expect(found == wanted, "%s is %r, want %r", what, found, wanted)


def until(check, what, timeout=10, pause=0.05):
    """Waits for a check to hold; returns its value and the seconds it took."""
    start = time.monotonic()
    while True:
        value = check()
        took = time.monotonic() - start
        if value:
            return value, took
        expect(took < timeout, "%s: not within %d s", what, timeout)
        time.sleep(pause)
