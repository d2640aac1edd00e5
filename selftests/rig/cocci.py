# SPDX-License-Identifier: GPL-2.0
"""Coccinelle: the project's own semantic patches in cocci/, and the kernel's."""
import concurrent.futures
import contextlib
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import debug, roots, verdicts
from .lint import own_files
from .util import RigError, TOP

FOLDER = TOP / "cocci"
MARK = "/* found */"
# What the kernel's own are run over: what is, or could be, part of it, and what is built like it.
SOURCES = ("framework", "plugins", "Documentation/example-plugin", "include", "compat",
           "selftests/core")
KERNEL_SKIP = (
    "check_bq27xxx_data",   # about one driver
    "badzero",              # its script is in OCaml, which wants a compiler; sparse tells the same
)
# Coccinelle about a semantic patch, not about what it was run over
CHATTER = re.compile(r"warning: line \d+: should \w+ be a metavariable\?$")


def rules():
    return sorted(path.stem for path in FOLDER.glob("*.cocci"))


def header(patch, key):
    """The words of a '// Key:' line, as the kernel's semantic patches have them."""
    found = re.search(r"^// *%s:(.*)$" % key, patch.read_text(), re.M)
    return found.group(1).split() if found else []


def spatch(patch, target, folder):
    """All that it says, as lines, paths relative to the folder. Nothing where all is well."""
    command = ["nice", "spatch", "--very-quiet", "--no-show-diff", "-D", "report",
               "--sp-file", str(patch)] + header(patch, "Options") + [target]
    try:
        done = subprocess.run(command, cwd=str(folder), stdin=subprocess.DEVNULL, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        raise RigError("spatch with %s does not end within 300 s" % patch) from None
    text = done.stdout.decode(errors="replace")
    if done.returncode:
        raise RigError("spatch with %s failed (%d):\n%s" % (patch, done.returncode, text))
    return [line for line in text.splitlines() if line and not CHATTER.match(line)]


def not_understood(name):
    """What Coccinelle leaves out of a source's functions, without a word where a rule is run."""
    done = subprocess.run(["nice", "spatch", "--parse-c", name], cwd=str(TOP), timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode(errors="replace")
    if done.returncode or "PARSING: " not in text:
        raise RigError("spatch --parse-c %s (%d):\n%s" % (name, done.returncode, text))
    # One part after the other; a function's body begins and ends at a line's beginning.
    parts = re.findall(r"(?:^(?:bad:|BAD:!!!!!) ?.*\n)+", text, re.M)
    return "".join(part for part in parts if re.search(r"^(bad:|BAD:!!!!!) \{$", part, re.M))


@contextlib.contextmanager
def copied(folders):
    """The sources in a folder of their own: spatch takes several targets for one program."""
    with tempfile.TemporaryDirectory() as name:
        for source in own_files(*folders):
            if source.endswith((".c", ".h")):
                copy = pathlib.Path(name, source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(TOP / source), str(copy))
        yield name


def over_tree(rule):
    """What one of our rules has to say about the folders that it is for."""
    patch = FOLDER / (rule + ".cocci")
    with copied(header(patch, "Folders")) as folder:
        return spatch(patch, ".", folder)


def marked(path):
    return {number for number, line in enumerate(path.read_text().splitlines(), 1) if MARK in line}


def found(rule, path):
    """Numbers of the lines that a rule complains about."""
    numbers = set()
    for line in spatch(FOLDER / (rule + ".cocci"), path.name, path.parent):
        place = re.match(r"%s:(\d+):" % re.escape(path.name), line)
        if not place:
            raise RigError("spatch with %s.cocci says: %s" % (rule, line))
        numbers.add(int(place.group(1)))
    return numbers


def kernel_scripts():
    """None where the source has not been fetched."""
    if not roots.ready(debug.NAME):
        return None
    scripts = (debug.static_checks() / "scripts/coccinelle").rglob("*.cocci")
    return sorted(path for path in scripts
                  if path.stem not in KERNEL_SKIP and "virtual report" in path.read_text())


def kernel(scripts):
    """What the kernel's have to say about our sources."""
    with copied(SOURCES) as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda script: spatch(script, ".", folder), scripts)
        return [line for lines in said for line in lines]


def content(scripts):
    """All that this goes by."""
    return verdicts.packages(), scripts, verdicts.texts(own_files(*SOURCES, "selftests/rig/cocci.py"))
