# SPDX-License-Identifier: GPL-2.0
"""What can be told without running anything of ours."""
from .. import debug, lint, matrix, mutants, roots, verdicts
from ..suite import Skip, expect, test
from ..util import KERNELS, TOP, checkout_cache, lock, output


def builds(kernel):
    where = "6.1 on 32-bit x86" if kernel == roots.I386 else kernel

    @test("the modules build for Linux %s with W=1 and without a warning" % where, timeout=300,
          suffix="-" + kernel, long=kernel == debug.KCSAN)
    def builds_for():
        if kernel in debug.NAMES:
            debug.need(kernel)
        names = [path.stem for path in matrix.build(kernel)]
        for name in ("ivshmem_core", "ivshmem_net"):
            expect(name in names, "no %s among the modules built: %s", name, names)


for version in KERNELS + (roots.I386,) + debug.NAMES:
    builds(version)


@test("Kconfig takes all that is asked of the KCSAN kernel, which is rarely built", timeout=300)
def kcsan_config():
    debug.need()
    debug.configure(debug.KCSAN, root=debug.NAME, config="../tried.config")


@test("shellcheck has nothing to say about any script")
def shellcheck():
    text = lint.shellcheck()
    expect(not text, "it says:\n%s", text)


@test("pyflakes has nothing to say about any Python file")
def pyflakes():
    text = lint.pyflakes()
    expect(not text, "it says:\n%s", text)


@test("checkpatch --strict has nothing to say about any C file", timeout=300)
def checkpatch():
    script = lint.checkpatch_script()
    if not script:
        raise Skip("no kernel source, make lint fetches it", optional=True)
    text = lint.checkpatch(script)
    expect(not text, "it says:\n%s", text)


@test("each fault of selftests/mutants can be put into the tree as it is, and builds", timeout=600)
def mutants_build():
    mutants.all_build()


# Besides "all". Of hosted/ what has no drivers of Linux' own in it, as these are fetched.
TESTS = {"tools": "./obj/tool-tests", "selftests/peer": "peer-tests",
         "selftests/shadow": "rtos-tests",
         "hosted": "programs link " + " ".join("build/clang/" + name for name in (
             "hosted-supervise", "hosted-serial", "bench-link", "test-link", "test-pl010",
             "test-serve", "test-liar", "serve/hosted-uart.o", "serve/server.o",
             "serve/channel.o"))}
NO_PROGRAMS = ("Documentation/", "README.md", "cocci/", "selftests/mutants/", "selftests/rig/tests/")


@test("clang builds each program, and each program of the tests, without a warning", timeout=300)
def clang_programs():
    def content():
        return TESTS, verdicts.packages(), verdicts.texts(
            name for name in lint.own_files() if not name.startswith(NO_PROGRAMS))

    verdicts.unless_good("clang-programs", content, clang_builds)


def clang_builds():
    with lock(checkout_cache("clang-programs.lock"), "the programs by clang"):
        copy = mutants.Copy("clang")
        for path in sorted(copy.tree.glob("**/Makefile")):
            folder = str(path.parent.relative_to(copy.tree))
            goals = ["all"] + TESTS.get(folder, "").split()
            if folder != ".":
                copy.call("make", "-s", "-C", folder, "CC=clang", *goals)


@test("make help tells every target of the Makefile")
def make_help():
    told = output(["make", "-s", "-C", TOP, "help"])
    phony = [line for line in (TOP / "Makefile").read_text().splitlines()
             if line.startswith(".PHONY:")]
    for target in phony[0].split()[1:]:
        expect(target in ("all", "modules", "help") or "make " + target in told,
               "make help does not tell about %s", target)
