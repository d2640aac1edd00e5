# SPDX-License-Identifier: GPL-2.0
"""shellcheck over all scripts; checkpatch of the debug kernel's source over all C."""
import shutil
import subprocess

from . import debug, host, roots
from .util import TOP, output

CHECKPATCH_IGNORE = ("FILE_PATH_CHANGES,SPDX_LICENSE_TAG,LINUX_VERSION_CODE,CONST_STRUCT,"
                     "PREFER_DEFINED_ATTRIBUTE_MACRO,CAMELCASE,MACRO_ARG_REUSE,"
                     "MACRO_ARG_PRECEDENCE,NEW_TYPEDEFS,AVOID_EXTERNS,COMPLEX_MACRO")
PROGRAMS_IGNORE = ",PREFER_KERNEL_TYPES,VOLATILE,ARRAY_SIZE,STRCPY,EMBEDDED_FUNCTION_NAME,ENOSYS"
KERNEL_SIDE = ("framework/", "plugins/", "include/", "Documentation/")
# TRACE_EVENT() has a layout of its own, which checkpatch does not know.
CHECKPATCH_SKIP = ("compat/", "framework/trace.h")


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
    """Two rounds: what only makes sense in the kernel is not asked of programs."""
    names = [n for n in tracked("*.c", "*.h") if not n.startswith(CHECKPATCH_SKIP)]
    kernel = [n for n in names if n.startswith(KERNEL_SIDE)]
    programs = [n for n in names if n not in kernel]
    texts = (run_checkpatch(script, kernel, CHECKPATCH_IGNORE),
             run_checkpatch(script, programs, CHECKPATCH_IGNORE + PROGRAMS_IGNORE))
    return "\n".join(filter(None, texts))


def run_checkpatch(script, names, ignore):
    # It looks for headers below its root, and leaves a cache in its current folder.
    folder = script.parents[1]
    done = subprocess.run(["perl", str(script), "--no-tree", "--root=%s" % folder, "--strict",
                           "--terse", "--quiet", "--no-summary", "--ignore", ignore, "-f"]
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
