# SPDX-License-Identifier: GPL-2.0
"""The documents tell the truth: what they print, list and promise is what is there."""
import re

from .. import forms, mutants
from ..lab import Lab
from ..machines import Pair
from ..suite import TESTS, Fixture, equal, expect, test, until
from ..util import TOP

DOCS = TOP / "Documentation"
EXAMPLE = DOCS / "example-plugin"
BUS = "/sys/bus/ivshmem/devices/"


@test("plugins.md prints the example's files as they are")
def example_printed():
    page = (DOCS / "plugins.md").read_text()
    for path in sorted(EXAMPLE.iterdir()):
        if path.name != "Kbuild" and path.suffix != ".c":
            continue
        block = re.search(r"^`%s`:\n\n```\w+\n(.*?)^```$" % re.escape(str(path.relative_to(TOP))),
                          page, re.M | re.S)
        expect(block, "plugins.md does not print %s", path.name)
        expect(block.group(1) == path.read_text(), "plugins.md prints another %s", path.name)


@test("every link of a document leads to a file that is there")
def links():
    for page in [TOP / "README.md"] + sorted(DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            expect(":" in target or (page.parent / target).exists(), "%s links to %s, which is "
                   "not there", page.relative_to(TOP), target)


def named(cell):
    return re.findall(r"`([^`]+)`", cell)


@test("testing.md tells each fault that can be put back, and tests that there are, with those that "
      "have to find it, which make check runs")
def faults():
    section = (DOCS / "testing.md").read_text().partition("\n## Known faults\n")[2].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0].strip() != "fault"]
    told = [name for row in rows for name in named(row[2])]
    equal(sorted(set(told)), sorted(path.stem for path in (TOP / "selftests/mutants").glob("*.patch")),
          "the faults that it tells")
    # Rules and programs are not suites of ours.
    tests = {one.family for one in TESTS} | {"model"}
    for name in [name for row in rows for name in named(row[1])]:
        expect(name in tests, "there is no test %s", name)
    run = {one.id: one.family for one in forms.quick(TESTS)}
    run["model"] = "model"
    for mutant in mutants.mutants():
        expect(run.keys() >= set(mutant.tests), "make check does not run what finds %s: %s",
               mutant.name, mutant.tests)
        beside = {name for row in rows if mutant.name in named(row[2]) for name in named(row[1])}
        for name in mutant.tests:
            expect(run[name] in beside, "no row with %s has %s, which finds it", mutant.name, name)


def refusals(source):
    """The longest fixed part of each message by which a probe refuses a device."""
    for text in re.findall(r'(?:dev_err|dev_err_probe)\([^"]*?"([^"]*)"', source):
        yield max(re.split(r"%[-#0-9]*[lzh]*[a-z]", text.replace("\\n", "")), key=len).strip(" ,:")


@test("troubleshooting.md explains every refusal of a device")
def refusals_explained():
    page = (DOCS / "troubleshooting.md").read_text()
    told = set()
    for name in ("framework/pci.c", "framework/vectors.c", "framework/link.c", "plugins/net/net.c",
                 "plugins/uio/uio.c", "plugins/uio/events.c", "plugins/shadow/shadow.c",
                 "plugins/shadow/chardev.c", "plugins/shadow/shmaddr.c"):
        told.update(refusals((TOP / name).read_text()))
    expect(len(told) > 15, "only %d messages found in the sources", len(told))
    for text in sorted(told):
        expect(text in page or text.startswith("is"), "not explained: '%s'", text)


def attributes(vm):
    """Of a device without a plugin; the driver core's own are described in the kernel."""
    found = vm.out("cd %sivshmem0 && find . -type f ! -path './power/*' ! -name uevent" % BUS)
    return {name[2:] for name in found.split()}


@test("Documentation/ABI describes the attributes that a device has, and no others",
      Fixture(Lab))
def abi(lab):
    vm = lab.vm([lab.link(protocol="0x7fff").peer(0)])
    vm.run("modprobe ivshmem_core")
    page = (DOCS / "ABI/testing/sysfs-bus-ivshmem").read_text()
    described = set(re.findall(r"^What:\s+%sivshmemN/(\S+)$" % BUS, page, re.M))
    equal(attributes(vm), described, "attributes")


@test("net.md describes the statistics that an interface has, and no others", Fixture(Pair))
def statistics(lab):
    found = set(re.findall(r"^ +(\w+): \d+$", lab.at("a", "ethtool -S link0").out, re.M))
    page = (DOCS / "net.md").read_text()
    table = page[page.index("`ethtool -S` has"):page.index("## Transmit timeout")]
    equal(found, set(re.findall(r"^\| (\w+) \|", table, re.M)) - {"counter"}, "statistics")


def pings(vm, number):
    return vm.out("cat %sivshmem%d/ping" % (BUS, number))


@test("the example's pings are answered, over restarts and lost interrupts", Fixture(Lab),
      quick=("5.10", "7.2"))
def example_works(lab):
    link = lab.link(protocol="0x4242", output_size="64K", strict=True, drop_interrupts="0")
    vm = lab.vm([link.peer(0), link.peer(1)])
    vm.run("modprobe ivshmem_core; modprobe $(cat %sivshmem0/modalias)" % BUS)
    equal(vm.out("cat %sivshmem1/peer_states" % BUS).split(), ["0", "1", "1", "1"], "states")
    vm.run("for i in $(seq 50); do echo 1 >%sivshmem0/ping; done" % BUS)
    until(lambda: pings(vm, 0) == "sent 50 answered 50", "all pings are answered")
    vm.run("cd /sys/bus/ivshmem/drivers/example && echo ivshmem1 >unbind && "
           "echo 1 >%sivshmem0/ping && echo ivshmem1 >bind" % BUS)
    until(lambda: pings(vm, 0) == "sent 51 answered 51", "a peer that returns answers")
    link.ask("drop 1")
    vm.run("echo 1 >%sivshmem1/ping" % BUS)
    until(lambda: pings(vm, 1) == "sent 1 answered 1", "a lost doorbell costs a second")
    rechecks = vm.out("cat %sivshmem0/counters/rechecks_found_work" % BUS)
    expect(int(rechecks) > 0, "the answer came without a recheck: %s", rechecks)
    vm.run("rmmod ivshmem_example")
