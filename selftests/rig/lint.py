# SPDX-License-Identifier: GPL-2.0
"""shellcheck over all scripts; checkpatch of the debug kernel's source over all C."""
import shutil
import subprocess

from . import debug, host, roots
from .util import TOP, checkout_cache, digest, output

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
KERNEL_SIDE = ("framework/", "plugins/", "include/", "Documentation/", "selftests/core/")
# Left out: macros that stand for half a function, TRACE_EVENT() with its own layout, the
# kernel's macros themselves, and examples of what is wrong.
CHECKPATCH_SKIP = ("compat/", "framework/trace.h", "selftests/harness_kernel.h", "hosted/include/",
                   "cocci/")


def tracked(*patterns):
    names = output(["git", "-c", "safe.directory=*", "-C", TOP, "ls-files", "--"] + list(patterns)
                   ).splitlines()
    return [name for name in names if (TOP / name).exists()]


def scripts():
    """Everything that starts with a shell's name, wherever it lies."""
    for name in tracked():
        with open(TOP / name, "rb") as file:
            first = file.readline(64)
        if first.startswith(b"#!") and b"sh" in first.split(b"/")[-1]:
            yield name


def shellcheck():
    """The complaints, empty when there are none."""
    names = list(scripts())
    done = subprocess.run(["shellcheck", "-x", "--format=gcc"] + names, cwd=str(TOP),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode().strip()


def checkpatch_script():
    """None where the source has not been fetched."""
    return debug.static_checks() / "scripts/checkpatch.pl" if roots.ready(debug.NAME) else None


def checkpatch(script):
    """Three rounds: what only makes sense in the kernel is not asked of programs.

    Files that are as they were in the last good run are not looked at again."""
    names = [n for n in tracked("*.c", "*.h") if not n.startswith(CHECKPATCH_SKIP)]
    keys = {n: digest(script, KERNEL_EXCEPTIONS, HOSTED_EXCEPTIONS, n, (TOP / n).read_bytes())
            for n in names}
    stamp = checkout_cache("checkpatch-good")
    good = stamp.read_text().split() if stamp.exists() else []
    names = [n for n in names if keys[n] not in good]
    kernel = [n for n in names if n.startswith(KERNEL_SIDE)]
    hosted = [n for n in names if n.startswith("hosted/")]
    programs = [n for n in names if n not in kernel + hosted]
    texts = (run_checkpatch(script, kernel, KERNEL_EXCEPTIONS),
             run_checkpatch(script, hosted, HOSTED_EXCEPTIONS),
             run_checkpatch(script, programs, PROGRAM_EXCEPTIONS))
    if not any(texts):
        stamp.write_text("\n".join(keys.values()))
    return "\n".join(filter(None, texts))


def run_checkpatch(script, names, ignore):
    if not names:
        return ""
    # It looks for headers below its root, and leaves a cache in its current folder.
    folder = script.parents[1]
    done = subprocess.run(["perl", str(script), "--no-tree", "--root=%s" % folder, "--strict",
                           "--terse", "--quiet", "--no-summary", "--ignore", ",".join(ignore), "-f"]
                          + [str(TOP / name) for name in names],
                          cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode().strip().replace("%s/" % TOP, "")


def main():
    text = shellcheck() if shutil.which("shellcheck") else ""
    if not roots.ready(debug.NAME):
        host.setup()
        roots.ensure([debug.NAME])
    text = "\n".join(filter(None, (text, checkpatch(checkpatch_script()))))
    if text:
        print(text)
    return 1 if text else 0
