# SPDX-License-Identifier: GPL-2.0
"""What programs that read the sources have to say: sparse, clang, Coccinelle."""
from .. import cocci, debug, matrix, roots, verdicts
from ..lint import own_files
from ..suite import Skip, equal, expect, test


def build(kernel, way):
    if kernel in debug.NAMES:
        debug.need(kernel)
    roots.install(kernel, way)

    def content():
        return way, verdicts.packages(kernel), verdicts.texts(
            [*matrix.sources(), "selftests/rig/matrix.py"])

    def look():
        matrix.build(kernel, way)       # else an error

    verdicts.unless_good(way, content, look)


def sparse(kernel, what):
    @test("sparse has nothing to say about %s, for Linux %s" % (what, kernel), timeout=300,
          suffix="-" + kernel)
    def sparse_for():
        build(kernel, "sparse")


def clang(kernel, what):
    @test("clang builds %s for Linux %s with W=1 and without a warning" % (what, kernel),
          timeout=300, suffix="-" + kernel)
    def clang_for():
        build(kernel, "clang")


for (version, way), goal in matrix.CHECKED.items():
    {"sparse": sparse, "clang": clang}[way](version, goal)


def rule(name):
    @test("the rule %s finds what is marked in its bad example, and nothing in the good" % name,
          suffix="-" + name)
    def example():
        for kind in ("bad", "good"):
            path = cocci.FOLDER / "tests" / ("%s-%s.c" % (name, kind))
            equal(sorted(cocci.found(name, path)), sorted(cocci.marked(path)),
                  "lines found in " + path.name)
            equal(bool(cocci.marked(path)), kind == "bad", "a line of %s is marked" % path.name)

    @test("the rule %s holds everywhere" % name, suffix="-" + name)
    def holds():
        said = cocci.over_tree(name)
        expect(not said, "it does not:\n%s", "\n".join(said))


for stem in cocci.rules():
    rule(stem)


@test("Coccinelle understands each function that one of our rules is for")
def understood():
    folders = {folder for name in cocci.rules()
               for folder in cocci.header(cocci.FOLDER / (name + ".cocci"), "Folders")}
    names = [name for name in own_files(*sorted(folders)) if name.endswith((".c", ".h"))]
    expect(len(names) > 20, "only %d sources", len(names))
    for name in names:
        missed = cocci.not_understood(name)
        expect(not missed, "not all of %s:\n%s", name, missed)


@test("the kernel's own semantic patches find nothing", timeout=600)
def kernel_cocci():
    scripts = cocci.kernel_scripts()
    if scripts is None:
        raise Skip("no kernel source, make check-static fetches it", optional=True)
    expect(len(scripts) > 50, "only %d semantic patches in the kernel's source", len(scripts))
    said = verdicts.unless_good("coccinelle", lambda: cocci.content(scripts),
                                lambda: cocci.kernel(scripts))
    expect(not said, "they do:\n%s", "\n".join(said))
