# SPDX-License-Identifier: GPL-2.0
"""shellcheck over all scripts; checkpatch over all C where a kernel source is installed."""
import pathlib
import shutil
import subprocess
import tarfile

from .util import TOP, cache, output

CHECKPATCH_IGNORE = ("FILE_PATH_CHANGES,SPDX_LICENSE_TAG,LINUX_VERSION_CODE,CONST_STRUCT,"
                     "PREFER_DEFINED_ATTRIBUTE_MACRO,CAMELCASE,MACRO_ARG_REUSE,"
                     "MACRO_ARG_PRECEDENCE,NEW_TYPEDEFS,AVOID_EXTERNS,COMPLEX_MACRO")


def tracked(*patterns):
    names = output(["git", "-C", TOP, "ls-files", "--"] + list(patterns)).splitlines()
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
    """checkpatch.pl of an installed kernel source, None where there is none."""
    for tree in sorted(pathlib.Path("/usr/src").glob("linux-source-*.tar.xz"), reverse=True):
        folder = cache("checkpatch", tree.name.replace(".tar.xz", ""))
        script = folder / "checkpatch.pl"
        if not script.exists():
            folder.mkdir(parents=True, exist_ok=True)
            wanted = ("checkpatch.pl", "spelling.txt", "const_structs.checkpatch")
            with tarfile.open(tree) as source:
                for member in source:
                    path = pathlib.PurePath(member.name)
                    if path.parent.name == "scripts" and path.name in wanted:
                        (folder / path.name).write_bytes(source.extractfile(member).read())
                        if all((folder / name).exists() for name in wanted):
                            break
        return script
    return None


def checkpatch(script):
    names = [n for n in tracked("*.c", "*.h") if not n.startswith("compat/")]
    done = subprocess.run(["perl", str(script), "--no-tree", "--strict", "--terse", "--quiet",
                           "--no-summary", "--ignore", CHECKPATCH_IGNORE, "-f"] + names,
                          cwd=str(TOP), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode().strip()


def main():
    text = shellcheck() if shutil.which("shellcheck") else ""
    script = checkpatch_script()
    if script:
        text = "\n".join(filter(None, (text, checkpatch(script))))
    if text:
        print(text)
    return 1 if text else 0
