# SPDX-License-Identifier: GPL-2.0
"""Which lines of the modules do the tests reach? By gcov, with the debug kernel.

Each machine's counters are fetched when it ends; those of one that is killed are lost."""
import base64
import itertools
import json
import pathlib
import re
import shutil
import tempfile
import uuid

from . import debug, matrix, roots
from .util import RigError, TOP, checkout_cache, digest, output, remove, say

WAY = "gcov"
folder = None                           # for counters; set while they are collected
READ = """cd /sys/kernel/debug/gcov/mnt 2>/dev/null || exit 0
for name in framework/*.gcda plugins/*/*.gcda; do
	[ ! -e "$name" ] || echo "$name $(base64 -w 0 <"$name")"
done"""
# Below this, in percent, this page has to tell why.
WANTED = 90
PAGE = "Documentation/testing.md"


def way(kernel):
    """How to build the modules; see matrix.WAYS."""
    return WAY if folder and kernel == debug.NAME else ""


def drivers():
    """Tells what is counted: a version of the sources."""
    return digest([(name, (TOP / name).read_bytes()) for name in sorted(matrix.sources())
                   if name.startswith(("framework/", "plugins/", "include/", "compat/"))])


def start(tests="", restart=False):
    """From now on modules for the debug kernel count. Where to: counters are of one version of the
    sources, and of the tests where those are told; those of others go, or all."""
    global folder
    folder = checkout_cache("coverage-long" if tests else "coverage", drivers() + tests)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir() if restart else ():
        remove(old)
    for other in folder.parent.iterdir():
        if other != folder:
            remove(other)
    return folder


def last():
    """Where the last counters of these sources are."""
    found = checkout_cache("coverage").parent.glob("coverage*/%s*" % drivers())
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def collect(vm):
    if not way(vm.kernel) or not vm.alive():
        return
    try:
        text = vm.run(READ, timeout=300).out
    except RigError as error:
        say("no counters of %s: %s" % (vm.name, str(error).splitlines()[0]))
        return
    if not text:
        say("no counters of %s: no module that counts was loaded" % vm.name)
        return
    (folder / uuid.uuid4().hex).write_text(text)


def counted(record):
    """What gcov makes of one machine's counters: for each source (line, count, function)."""
    source = checkout_cache("%s-%s" % (debug.NAME, WAY), "src")
    with tempfile.TemporaryDirectory() as name:
        for line in record.read_text().splitlines():
            path, data = line.split()
            target = pathlib.Path(name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(base64.b64decode(data))
            shutil.copy(str((source / path).with_suffix(".gcno")), str(target.parent))
        said = output(roots.enter(debug.NAME, "cd /mnt && find . -name '*.gcda' -exec gcov --json-format "
                                  "--stdout {} +", binds=[(name, "/mnt")]), cwd="/")
    for line in said.splitlines():
        for file in json.loads(line)["files"]:
            path = file["file"].replace("/mnt/", "")
            if path.startswith(("framework/", "plugins/")):
                for entry in file["lines"]:
                    yield path, entry["line_number"], entry["count"], entry.get("function_name")


def reached(where):
    """Source -> line -> [count, function], over all machines."""
    lines = {}
    for record in sorted(where.iterdir()):
        for path, number, count, function in counted(record):
            found = lines.setdefault(path, {}).setdefault(number, [0, function])
            found[0] += count
    return lines


def spans(numbers):
    """Numbers, in order, as spans."""
    for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        group = [number for _, number in group]
        yield "%d" % group[0] if len(group) == 1 else "%d-%d" % (group[0], group[-1])


def explained():
    """(path, function), of those that a row of the page's table has in its first column."""
    section = (TOP / PAGE).read_text().partition("\n## Which lines are reached\n")[2]
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    names = [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in rows]
    return {pair for row in names for pair in itertools.product(row, row)}


def hit(lines):
    return sum(count > 0 for count, _ in lines.values())


def missed(lines):
    """Function -> numbers of its lines."""
    functions = {}
    for number, (count, function) in sorted(lines.items()):
        if not count:
            functions.setdefault(function, []).append(number)
    return functions


def unexplained(path, lines, told):
    """Of a file that lacks too much: the functions that lack something for no reason that is told.
    Some lines are no function's own, but of one that is inline."""
    if 100 * hit(lines) >= WANTED * len(lines):
        return []
    return [name for name in missed(lines) if name and (path, name) not in told]


def table(where):
    """The exit status: 1 where a file lacks too much, and a reason."""
    lines, told = reached(where) if where else {}, explained()
    if not lines:
        raise RigError("nothing was counted yet")
    silent = {path: unexplained(path, lines[path], told) for path in sorted(lines)}
    rows = [(path, len(lines[path]), hit(lines[path]), len(silent[path])) for path in silent]
    rows.append(("all",) + tuple(sum(row[column] for row in rows) for column in (1, 2, 3)))
    print("%-28s %6s %8s %6s" % ("file", "lines", "reached", "%"))
    for path, total, found, functions in rows:
        print("%-28s %6d %8d %6.1f%s" % (path, total, found, 100 * found / total, functions and
                                         " < %d functions not in %s" % (functions, PAGE) or ""))
    print("\nnot reached:")
    for path in silent:
        for function, numbers in missed(lines[path]).items():
            print("%s: %s: %s%s" % (path, function, " ".join(spans(numbers)),
                                    " <" * (function in silent[path])))
    return int(any(silent.values()))
