# SPDX-License-Identifier: GPL-2.0
"""How a test is written: a function with a name that says what must hold."""
import functools
import inspect
import os
import random
import re
import time

from .util import DEFAULT_KERNEL, KERNELS

TESTS = []
KERNEL = re.compile(r"-(\d+\.\d+|debug|kcsan)$")


class Skip(Exception):
    """This cannot run here. An optional skip is none of CI's business."""

    def __init__(self, reason, optional=False):
        super().__init__(reason)
        self.optional = optional


class Test:
    def __init__(self, function, name, fixture, timeout, suffix, alone=False, long=False, quick=None,
                 sleeps=False):
        self.function, self.name, self.timeout = function, name, timeout
        self.fixture = Fixture(sleeping(fixture.kind), **fixture.options) if sleeps else fixture
        self.alone, self.long, self.quick, self.sleeps = alone, long, quick, sleeps
        self.derived = False
        self.id = "%s.%s%s" % (function.__module__.rsplit(".", 1)[-1], function.__name__, suffix)

    @property
    def kernel(self):
        """None where no machine is booted, or its kernel does not matter."""
        return self.fixture.kernel if self.fixture else None

    @property
    def family(self):
        """What is common to the ids of the same test on several kernels."""
        return KERNEL.sub("", self.id)

    def on(self, kernel):
        """The same on another kernel."""
        fixture = Fixture(self.fixture.kind, **dict(self.fixture.options, kernel=kernel))
        timeout = self.timeout * (1 if kernel in KERNELS else 3)    # debug kernels take their time
        other = Test(self.function, self.name, fixture, timeout, "", self.alone, self.long,
                     self.quick, self.sleeps)
        other.id, other.derived = "%s-%s" % (self.family, kernel), True
        name = re.sub(r"Linux \d[\d.]+", "Linux " + kernel, self.name)
        other.name = name if name != self.name else "%s (Linux %s)" % (name, kernel)
        return other


def test(name, fixture=None, timeout=300, suffix="", alone=False, long=False, quick=None, sleeps=False):
    """fixture: a Fixture; tests that name an equal one share it, one after another.

    suffix: tells the tests apart that one function makes for several kernels.
    alone: it measures time, or counts what depends on it: nothing else runs meanwhile.
    long: only make check-long runs it, or who asks for it by its name.
    quick: the kernels on which make check runs it, if forms.py has others for the suite.
    sleeps: a machine is suspended, and not in rehearsal."""
    def add(function):
        TESTS.append(Test(function, name, fixture, timeout, suffix, alone, long, quick, sleeps))
        return function
    return add


@functools.lru_cache(None)
def sleeping(kind):
    """The same machines, but they can be suspended."""
    return kind if kind.sleeps else type(kind.__name__, (kind,), {"sleeps": True})


class Fixture:
    """A way to set up machines. Equal if class and options are."""

    def __init__(self, kind, **options):
        self.kind, self.options = kind, options

    def __eq__(self, other):
        return isinstance(other, Fixture) and (self.kind, self.options) == \
            (other.kind, other.options)

    def __hash__(self):
        return hash((self.kind, repr(self.options)))

    @property
    def kernel(self):
        """None for machines that have one kernel only."""
        parameter = inspect.signature(self.kind.__init__).parameters.get("kernel")
        return self.options.get("kernel", parameter.default) if parameter else None

    def open(self):
        return self.kind(**self.options)


def spread(tests, kernels):
    """The tests as they are, and those for the default kernel on all of these, too."""
    there = {test.id for test in tests}
    for one in tests:
        yield one
        if one.kernel == DEFAULT_KERNEL:
            for kernel in kernels:
                if kernel != DEFAULT_KERNEL and "%s-%s" % (one.family, kernel) not in there:
                    yield one.on(kernel)


seeds = []                              # of the test that runs


def seed():
    """A seed for what is random in a test: told when it fails; IVSHMEM_SEED gives it again. A test
    that takes several gets them in a row, so that the first one repeats all."""
    first = seeds[0] if seeds else os.environ.get("IVSHMEM_SEED") or random.randrange(1, 1 << 30)
    seeds.append(int(first) + len(seeds))
    return seeds[-1]


def expect(condition, text, *values):
    """An assertion that tells what was found."""
    if not condition:
        frame = inspect.stack()[1]
        raise AssertionError("%s (line %d)" % (text % values if values else text, frame.lineno))


def equal(found, wanted, what):
    expect(found == wanted, "%s is %r, want %r", what, found, wanted)


def until(check, what, timeout=60, pause=0.05):
    """Waits for a check to hold; returns its value and the seconds it took. The timeout is for a
    machine that gets a tenth of a processor, and stands still for seconds."""
    start = time.monotonic()
    while True:
        value = check()
        took = time.monotonic() - start
        if value:
            return value, took
        expect(took < timeout, "%s: not within %d s", what, timeout)
        time.sleep(pause)
