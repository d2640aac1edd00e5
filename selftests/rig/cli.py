# SPDX-License-Identifier: GPL-2.0
"""The rig's command line. The top-level Makefile's targets call it."""
import argparse
import importlib
import sys

from . import (bench, coverage, debug, demo, forms, fuzz, host, initramfs, lint, matrix, mutants,
               programs, roots, sources, suite, verdicts)
from .lab import Lab
from .runner import JOBS, External, Runner, match, summary
from .util import DEFAULT_KERNEL, KERNELS, RigError, TOP, end_on_signals, say

# In this order: what needs no machine, what tells at once that all is broken, what takes long, and
# short ones, so that there is work for everybody until the end.
SUITES = ("static", "analysis", "runner", "boot", "core", "smoke", "faults", "lifecycle",
          "hostile", "hostile_scale", "restart", "hosted", "shadow", "uio", "rtos", "net", "kselftest",
          "links", "wire", "tools", "choice", "docs")
STATIC = ("static.", "analysis.")
EXTERNALS = (
    External("device", "selftests/device", "check", words=True),
    External("fuzz", "device", "fuzz", "SECS=20"),
    External("peer", "selftests/peer", "check", words=True),
    External("tools", "tools", "check", words=True),
    External("stand-in", "selftests/shadow", "check", words=True),
    External("model", "selftests/model", "check", timeout=600, content=lambda: (
        verdicts.packages(),
        verdicts.texts(lint.own_files("selftests/model", "framework/handshake.h")))),
    # One after the other: they have objects in common.
    External("hosted-base", "hosted", "check-base-all", timeout=1200, group="hosted"),
    External("hosted-serial", "hosted", "check-uart-all", timeout=1200, group="hosted"),
    External("hosted-try", "hosted", "check-try", timeout=600, group="hosted", words=True),
    External("hosted-link", "hosted", "check-link-all", timeout=1200, group="hosted"),
    External("fuzz-long", "device", "fuzz", "SECS=1800", timeout=2400, long=True),
)


def prepare(check=False, kernels=KERNELS + (roots.I386,)):
    host.setup(check)
    for name in debug.NAMES:
        if name in kernels and not debug.ready(name):
            raise RigError(debug.missing(name))
    roots.ensure(kernels)


def cmd_setup(options):
    # The debug kernel needs not be there yet: make check builds it, from what its root has.
    kernels = options.kernel or KERNELS + (roots.I386, debug.NAME)
    host.setup(True)
    roots.ensure(kernels)
    for kernel, way in matrix.CHECKED:
        if kernel in kernels:
            roots.install(kernel, way)


def cmd_matrix(options):
    kernels = options.kernel or debug.kernels() + (roots.I386,)
    prepare(kernels=kernels)
    return matrix.main(kernels)


def all_tests():
    for name in SUITES:
        if (TOP / "selftests/rig/tests" / (name + ".py")).exists():
            importlib.import_module("rig.tests." + name)
    first = [t for t in suite.TESTS if t.id.startswith(STATIC)]
    return first + [e for e in EXTERNALS if (TOP / e.folder / "Makefile").exists()] + \
        [t for t in suite.TESTS if t not in first]


def no_test(patterns):
    return RigError("no test is called %s (try: rig check --list)" % " ".join(patterns))


def wanted(options):
    """All of a form; or, by their names, tests as they are written or of any form."""
    tests = all_tests()
    every = list(forms.every(tests))
    unknown = [pattern for pattern in options.pattern
               if not match(tests, [pattern]) and not match(every, [pattern])]
    if unknown:
        raise no_test(unknown)
    if options.kernel:
        found = [test for test in match(every, options.pattern or ["*"])
                 if test.kernel in options.kernel]
    elif options.pattern:
        found = [test for pattern in dict.fromkeys(options.pattern)
                 for test in match(tests, [pattern]) or match(every, [pattern])]
    else:
        found = every if options.long else forms.quick(tests)
    # hours of them only by their own names, or if asked for
    found = [test for test in found
             if options.long or not test.long or test.id in options.pattern]
    if not found:
        raise no_test(options.pattern)
    return found


def cmd_check(options):
    if options.list:
        for test in wanted(options):
            print("%-34s %s" % (test.id, test.name))
        return 0
    prepare(check=True)
    for name in debug.NAMES if options.long else (debug.NAME,):
        if not options.pattern and not options.kernel and not debug.ready(name):
            debug.make(name)
    programs.build_host()
    tests = wanted(options)
    if not options.long:
        return summary(Runner(options.jobs).run(tests))
    # Whole runs also count lines, with the debug kernel's tests that run anyway.
    counters = None
    if not options.pattern and not options.kernel:
        counters = coverage.start(forms.tree(), options.restart)
    progress = forms.Progress(options.restart)
    left = progress.left(tests)
    if len(left) < len(tests):
        say("... %d of %d have passed already, --restart forgets that" % (
            len(tests) - len(left), len(tests)))
    Runner(options.jobs, progress.note).run(left)
    progress.summary()
    return last_lines(counters, progress.counts())


def last_lines(counters, counts, whole=True):
    """A table that cannot be had, as nothing was counted, costs no last line."""
    try:
        if counters and coverage.table(counters) and whole:
            counts["fail"] += 1
    except RigError as error:
        say("no table of lines reached: %s" % error)
    return summary(counts)


def cmd_static(options):
    """Everything that reads or builds the sources, with what of the kernel's that takes."""
    prepare(check=True)
    roots.ensure([debug.NAME])
    tests = match(all_tests(), [name + "*" for name in STATIC])
    return summary(Runner(options.jobs).run(tests))


def cmd_coverage(options):
    prepare(check=True, kernels=KERNELS + (debug.NAME,))
    programs.build_host()
    if options.table:
        return coverage.table(coverage.last())
    folder = coverage.start()
    # also as they are called without a kernel
    names = options.pattern + ["%s-%s" % (name, debug.NAME) for name in options.pattern]
    tests = [test for test in match(forms.every(all_tests()), names or ["*"])
             if test.kernel == debug.NAME and not test.long]
    if not tests:
        raise no_test(options.pattern)
    counts = Runner(options.jobs).run(tests)
    return last_lines(folder, counts, not options.pattern)


def cmd_mutants(options):
    prepare(check=True)
    for name in {mutant.kernel for mutant in mutants.mutants(options.name)}:
        if name in debug.NAMES and not debug.ready(name):
            debug.make(name)
    return mutants.main(options.name, options.jobs)


def cmd_demo(_options):
    prepare(kernels=sorted({DEFAULT_KERNEL, "7.2"}))
    programs.build_host()
    return demo.main()


def cmd_bench(options):
    kernel = (options.kernel or [DEFAULT_KERNEL])[-1]
    prepare(kernels=sorted({kernel, "7.2"}))
    programs.build_host()
    return bench.main(kernel, options.part or bench.PARTS, options.rounds, options.seconds,
                      options.requests, options.json)


def cmd_fuzz(options):
    prepare(kernels=sorted({options.kernel, "7.2"}))
    programs.build_host()
    return fuzz.main(options.kernel, options.hours, options.seed, options.plugin or fuzz.PLUGINS)


def cmd_debug(options):
    host.setup()
    debug.make(debug.KCSAN if options.kcsan else debug.NAME, options.configure)


def cmd_source(options):
    """Needs no machine and nothing installed: dpkg and apt are there on every Debian."""
    return sources.main(options.kernel, options.file)


def cmd_shell(options):
    """For people: a machine with both ends of a link; runs lines from standard input."""
    kernel = (options.kernel or [DEFAULT_KERNEL])[-1]
    prepare(kernels=sorted({kernel, "7.2"}))
    programs.build_host()
    with Lab(kernel) as lab:
        link = lab.link()
        vm = lab.vm([link.peer(0), link.peer(1)], files=initramfs.extra(), sleeps=True)
        say("%s, console in %s; one command a line, end with Ctrl-D" % (kernel, vm.console))
        for line in sys.stdin:
            result = vm.run(line.strip(), timeout=600, check=False)
            print(result.out, end="" if result.out.endswith("\n") else "\n")
            say("[%d]" % result.status)


def count(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("%d, want at least 1" % number)
    return number


def parser():
    top = argparse.ArgumentParser(prog="rig", description="Real kernels in virtual machines, "
                                  "joined by ivshmem v2 links.")
    commands = top.add_subparsers(dest="command", required=True)

    def add(name, function, text):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        return sub

    def jobs(sub):
        sub.add_argument("-j", "--jobs", type=count, default=JOBS,
                         help="tests that run side by side (default: $IVSHMEM_JOBS, or one more "
                         "than there are processors, three at most)")

    def kernels(sub, choices=KERNELS + debug.NAMES):
        sub.add_argument("-k", "--kernel", action="append", choices=choices,
                         help="only this kernel (may be repeated)")

    built = KERNELS + (roots.I386,) + debug.NAMES
    kernels(add("matrix", cmd_matrix, "build the modules for all kernels"), built)
    kernels(add("setup", cmd_setup, "install what is missing and make the root file systems"), built)
    sub = add("check", cmd_check, "run the tests")
    jobs(sub)
    kernels(sub)
    sub.add_argument("--list", action="store_true", help="only tell the tests")
    sub.add_argument("--long", action="store_true",
                     help="all tests on all kernels; goes on where it was ended")
    sub.add_argument("--restart", action="store_true", help="with --long: from the beginning")
    sub.add_argument("pattern", nargs="*", help="tests or suites, for example net.* (default: all)")
    add("demo", cmd_demo, "two machines talk over a link; one is killed and comes back")
    sub = add("bench", cmd_bench, "compare the link with veth, and remote system calls with raw "
              "doorbells; tables, and JSON")
    kernels(sub)
    sub.add_argument("part", nargs="*", help="net, calls (default: both)")
    sub.add_argument("--requests", type=int, default=1000000,
                     help="remote system calls to 16 proxies (default: 1000000)")
    sub.add_argument("--rounds", type=int, default=5, help="alternating rounds (default: 5)")
    sub.add_argument("--seconds", type=int, default=4, help="length of each run (default: 4)")
    sub.add_argument("--json", default="bench.json", help="file for all figures (bench.json)")
    sub = add("fuzz", cmd_fuzz, "attack the plugins, drawn from a seed, until one gives in")
    sub.add_argument("-k", "--kernel", choices=KERNELS + debug.NAMES, default=debug.NAME,
                     help="(default: %s)" % debug.NAME)
    sub.add_argument("--hours", type=float, default=1, help="(default: 1)")
    sub.add_argument("--seed", type=int, help="of the first attack (default: a fresh one)")
    sub.add_argument("--plugin", action="append", choices=fuzz.PLUGINS,
                     help="only this one (may be repeated)")
    jobs(add("check-static", cmd_static, "compilers, sparse, Coccinelle, checkpatch, shellcheck, "
             "pyflakes"))
    sub = add("coverage", cmd_coverage, "run tests on the debug kernel: which lines of the modules do "
              "they reach? Adds up until a source changes")
    jobs(sub)
    sub.add_argument("--table", action="store_true", help="run nothing, tell what was reached")
    sub.add_argument("pattern", nargs="*", help="tests or suites (default: all)")
    sub = add("mutants", cmd_mutants, "put known faults back, one at a time: do the tests find them?")
    sub.add_argument("-j", "--jobs", type=count, default=JOBS, help="trees to work with")
    sub.add_argument("name", nargs="*", help="of selftests/mutants (default: all)")
    add("lint", lambda options: lint.main(), "shellcheck, pyflakes and checkpatch over the tree")
    sub = add("debug-kernel", cmd_debug, "build the kernel that finds bugs, or see that it is current")
    sub.add_argument("--kcsan", action="store_true",
                     help="the one that finds data races, for make check-long")
    sub.add_argument("--configure", action="store_true",
                     help="only see that Kconfig takes all of the configuration")
    sub = add("source", cmd_source, "fetch files of a kernel's source package; tells their paths")
    sub.add_argument("kernel", choices=sources.KERNELS, help="kernel version")
    sub.add_argument("file", nargs="+", help="for example drivers/tty/serial/amba-pl010.c")
    kernels(add("shell", cmd_shell, "boot one machine with both ends of a link, run commands"))
    return top


def main():
    options = parser().parse_args()
    end_on_signals()
    try:
        return options.function(options) or 0
    except (RigError, OSError) as error:
        say("rig: %s" % error)
        # .ci/run ends with it whatever happens.
        check = options.command == "check" and not options.list
        return summary({"pass": 0, "fail": 1, "skip": 0}) if check else 1
    except KeyboardInterrupt:
        say("rig: interrupted")
        return 130
    finally:
        Lab.close_all()


if __name__ == "__main__":
    sys.exit(main())
