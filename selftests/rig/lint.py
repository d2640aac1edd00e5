# SPDX-License-Identifier: GPL-2.0
"""shellcheck and pyflakes over all scripts; checkpatch of the debug kernel's source over all C."""
import os
import re
import shutil
import subprocess
import tempfile

from . import debug, host, roots, verdicts
from .util import TOP, digest, output

# What checkpatch --strict may not complain about, and why.
KERNEL_EXCEPTIONS = {
    "CONST_STRUCT": "up to 6.1 the driver core takes no const struct bus_type",
    "MACRO_ARG_REUSE": "IVSHMEM_PROTOCOL(n) is a range from n to n, in an initializer",
}
PROGRAM_EXCEPTIONS = {
    "ARRAY_SIZE": "the kernel's macros, types and functions are not there",
    "PREFER_DEFINED_ATTRIBUTE_MACRO": "the same",
    "PREFER_KERNEL_TYPES": "the same",
    "STRCPY": "the same",
    "VOLATILE": "no READ_ONCE() either, for memory that others write",
    "ENOSYS": "programs that stand in for a kernel answer with it",
    "AVOID_EXTERNS": "libFuzzer calls a function that no header declares",
    "CAMELCASE": "libFuzzer's and the C standard's names",
    "COMPLEX_MACRO": "tables of initializers",
    "MACRO_ARG_REUSE": "tables and tests, arguments without side effects",
    "EMBEDDED_FUNCTION_NAME": "words of a usage text that are also functions",
    "STATIC_CONST": "it takes the inline of 'static inline const char *' for a type",
}
HOSTED_EXCEPTIONS = dict(PROGRAM_EXCEPTIONS, **{
    "MSLEEP": "tests of what checkpatch advises against",
    "USLEEP_RANGE": "the same",
    "CONSIDER_COMPLETION": "the same",
    "CONSIDER_KSTRTO": "what drivers still use is there, and tested",
    "STRLCPY": "the same",
    "IN_ATOMIC": "the same",
    "WAITQUEUE_ACTIVE": "the same",
    "LOCKDEP": "the same",
    "JIFFIES_COMPARISON": "the same",
    "VSPRINTF_SPECIFIER_PX": "the same",
    "PRINTK_WITHOUT_KERN_LEVEL": "the same",
    "PREFER_PR_LEVEL": "the same",
    "NAKED_SSCANF": "the same",
    "AVOID_BUG": "it ends a process, which is what a check is for",
    "NEW_TYPEDEFS": "types that kernel and host share",
    "BIT_MACRO": "what both sides include has no macros of the kernel",
    "CONST_STRUCT": "drivers of 6.1 take no const struct bus_type",
    "LINUX_VERSION_CODE": "drivers of several versions are compiled",
    "MACRO_WITH_FLOW_CONTROL": "tests and benchmarks",
    "SUSPECT_COMMA_SEMICOLON": "it takes initializers for statements",
})
COMPAT_EXCEPTIONS = {
    "MACRO_ARG_UNUSED": "a macro that gives a function its old signature drops its arguments",
    "MACRO_WITH_FLOW_CONTROL": "such a macro may be a whole function, with its return",
    "MACRO_ARG_PRECEDENCE": "a type that is declared or cast to has no parentheses",
    "MACRO_ARG_REUSE": "types, names; in container_of_const() as in the kernel's",
}
TRACE_EXCEPTIONS = {
    "OPEN_ENDED_LINE": "the parts of TRACE_EVENT() have a layout of their own, in the kernel too",
    "PARENTHESIS_ALIGNMENT": "the same",
}
# Who may do what, by what a name begins with: the first that fits.
EXCEPTIONS = (
    ("compat/", COMPAT_EXCEPTIONS),
    ("framework/trace.h", TRACE_EXCEPTIONS),
    (("framework/", "plugins/", "include/", "Documentation/", "selftests/core/"),
     KERNEL_EXCEPTIONS),
    ("hosted/", HOSTED_EXCEPTIONS),
    ("", PROGRAM_EXCEPTIONS),
)
# Left out: the kernel's own macros, what stands for its headers, examples of what is wrong.
CHECKPATCH_SKIP = ("selftests/harness_kernel.h", "hosted/include/", "cocci/")
CHECKPATCH = ("--no-tree", "--strict", "--terse", "--quiet", "--no-summary")


def own_files(*patterns):
    """What belongs to the tree, or will: git need not have been told yet."""
    names = output(["git", "-c", "safe.directory=*", "-C", TOP, "ls-files", "--cached", "--others",
                    "--exclude-standard", "--"] + list(patterns)).splitlines()
    return sorted(name for name in set(names) if (TOP / name).is_file())


def scripts(ending, interpreter):
    """All that starts with the interpreter's name, wherever it lies, and what such source."""
    for name in own_files():
        with open(TOP / name, "rb") as file:
            first = file.readline(64)
        named = first.startswith(b"#!") and interpreter in first.split(b"/")[-1]
        if named or name.endswith(ending):
            yield name


def complaints(command, names):
    """Empty when there are none."""
    done = subprocess.run(command + list(names), cwd=str(TOP), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    text = done.stdout.decode().strip()
    return text or done.returncode and "it ends with status %d" % done.returncode or ""


def shellcheck():
    return complaints(["shellcheck", "-x", "--format=gcc"], scripts(".sh", b"sh"))


def pyflakes():
    return complaints(["pyflakes3"], scripts(".py", b"python"))


def checkpatch_script():
    """None where the source has not been fetched."""
    return debug.static_checks() / "scripts/checkpatch.pl" if roots.ready(debug.NAME) else None


def exceptions(name):
    return next(which for begins, which in EXCEPTIONS if name.startswith(begins))


def marks(script):
    """(name, file that is there once the name's content was found good), in any checkout."""
    parts = [(path.name, path.read_bytes()) for path in sorted(script.parent.iterdir())
             if path.is_file()]
    recipe = digest(parts, CHECKPATCH)
    for name in own_files("*.c", "*.h"):
        if not name.startswith(CHECKPATCH_SKIP):
            yield name, verdicts.mark("checkpatch", recipe, sorted(exceptions(name)), name,
                                      (TOP / name).read_bytes())


def checkpatch(script):
    """In rounds: what only makes sense in the kernel is not asked of programs. A verdict is on one
    file."""
    found = dict(marks(script))
    left = [name for name in found if not found[name].exists()]
    texts = [run_checkpatch(script, names, which) for which, names in (
        (which, [name for name in left if exceptions(name) is which]) for _, which in EXCEPTIONS)]
    if not any(texts):
        for name, mark in marks(script):
            if found.get(name) == mark:     # as it was when the script began
                mark.touch()
        verdicts.forget("checkpatch")
    return "\n".join(filter(None, texts))


def run_checkpatch(script, names, ignore):
    """Paths are the same for all checkouts, as it goes by them, too."""
    if not names:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        # It looks for headers below its root, and leaves a cache in its current folder.
        os.symlink(str(TOP), folder + "/tree")
        done = subprocess.run(["perl", str(script), "--root=%s" % script.parents[1], *CHECKPATCH,
                               "--ignore", ",".join(ignore), "-f"] + ["tree/" + n for n in names],
                              cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = re.sub(r"^tree/", "", done.stdout.decode().strip(), flags=re.M)
    return text or done.returncode and "checkpatch.pl ends with status %d" % done.returncode or ""


def main():
    texts = [check() for program, check in (("shellcheck", shellcheck), ("pyflakes3", pyflakes))
             if shutil.which(program)]
    if not roots.ready(debug.NAME):
        host.setup()
        roots.ensure([debug.NAME])
    text = "\n".join(filter(None, texts + [checkpatch(checkpatch_script())]))
    if text:
        print(text)
    return 1 if text else 0
