# SPDX-License-Identifier: GPL-2.0
"""The suites as a kselftest collection: in machines, in a kernel tree, and where something lacks."""
import re
import shutil
import signal

from .. import debug, lint, roots, tap
from ..lab import Lab
from ..suite import Fixture, Skip, equal, expect, test, until
from ..util import DEFAULT_KERNEL, KERNELS, TOP, output
from . import net, shadow, uio

SUITES = ("core", "net", "uio", "shadow")
TESTS, SLEEPERS = 13, 2
RUNNER = "/selftests/run_kselftest.sh"
# Less of what takes long, the suites of the plugins have it in full
QUICK = "STEP=397 BYTES=200000 COUNT=2 REPLIES=300 PROCESSES=100 BINDS=5 "


class Both(Lab):
    """One machine with both ends of a link that fits all suites; the core is all that is loaded."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, files=None):
        super().__init__(kernel)
        self.link = self.link(protocol="net", vectors=3, rw_size="64M", output_size="16K")
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)], files=files)
        self.vm.run("modprobe ivshmem_core")

    def protocols(self):
        return self.vm.out("cat /sys/bus/ivshmem/devices/ivshmem?/protocol").splitlines()

    def changes(self):
        """What the device counts, but for messages: to read a register is one, too."""
        return [dict(peer, messages=None) for peer in self.link.stats()["peers"]]


# busybox's has no --foreground, and leaves what it starts in the group that it is in
TIMEOUT = {"/usr/bin/timeout": roots.root("7.2") / "usr/bin/timeout"}


class Neighbour(Lab):
    """Both ends of a link, and one of another; the core is all that is loaded."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        pair, other = (self.link(protocol="net", vectors=2, output_size="64K") for _ in range(2))
        self.vm = self.vm([pair.peer(0), pair.peer(1), other.peer(0)], files=TIMEOUT)
        self.vm.run("modprobe ivshmem_core")

    def state(self):
        return self.vm.out("cd /sys/bus/ivshmem; cat devices/*/protocol drivers_autoprobe; "
                           "ls /sys/class/net; ip netns")


def collection(vm, words="", settings="", timeout=280):
    """Exit status, and (name, outcome, reason) of each test."""
    done = vm.run("%s %s %s" % (settings, RUNNER, words), timeout=timeout, check=False)
    return done.status, tap.parse(done.out)


def all_pass(results, count):
    bad = ["%s: %s\n%s" % result for result in results if result[1] != "pass"]
    expect(not bad and len(results) == count, "of %d tests, want %d, these did not pass:\n%s",
           len(results), count, "\n".join(bad)[-6000:])


@test("the collection passes in reverse order, and gives devices back as they were", Fixture(Both),
      timeout=1800, long=True, sleeps=True)
def backwards(lab):
    lab.vm.run("modprobe ivshmem_net && echo ivshmem1 >/sys/bus/ivshmem/drivers/net/unbind")
    before = lab.protocols()
    equal(before, ["0x0001 net auto", "0x0001 none auto"], "protocols")
    status, results = collection(lab.vm, "-r", QUICK + "IVSHMEM_SLEEP=20", timeout=1700)
    all_pass(results, TESTS)
    equal(status, 0, "exit status")
    equal(lab.protocols(), before, "protocols")
    equal(lab.vm.out("ls /sys/class/net").split(), ["eth0", "lo"], "interfaces")


@test("a device that is not named stays without a plugin when the others' is loaded",
      Fixture(Neighbour))
def neighbour(lab):
    before = lab.state()
    for test_ in ("net:remove.sh", "uio:maps.sh"):
        status, results = collection(lab.vm, test_, QUICK + "IVSHMEM_DEVICES='ivshmem0 ivshmem1'")
        all_pass(results, 1)
        equal(lab.state(), before, "devices, interfaces and namespaces after " + test_)


@test("a test that ^C, the terminal or a kill ends leaves all as it was",
      Fixture(Neighbour))
def ended(lab):
    before = lab.state()
    for command, number in ((RUNNER + " net:remove.sh", signal.SIGINT),
                            (RUNNER + " net:remove.sh", signal.SIGHUP),
                            ("/selftests/net/remove.sh", signal.SIGTERM)):
        job = lab.vm.job("IVSHMEM_DEVICES='ivshmem0 ivshmem1' exec " + command)
        until(lambda: lab.vm.run("ip netns exec a ping -q -c 1 -W 1 10.11.0.2", check=False)
              .status == 0, "the link works")
        expect(job.kill(number).status, "it ends with status 0 at signal %d", number)
        equal(lab.state(), before, "devices, interfaces and namespaces after signal %d" % number)
        equal(lab.vm.run("grep -sE 'ping|remove' /proc/[0-9]*/comm", check=False).out, "",
              "what goes on")


# A collection with one test, which fails; and a dmesg that is not allowed to tell anything
FAILING = """mkdir -p /run/failing/net /run/mute && cp %s /run/failing && cd /run/failing || exit 1
echo net:fails.sh >kselftest-list.txt
echo timeout=20 >net/settings
printf '#!/bin/sh\\necho "<6>the last words" >/dev/kmsg\\nexit 3\\n' >net/fails.sh
printf '#!/bin/sh\\necho not permitted >&2\\nexit 1\\n' >/run/mute/dmesg
chmod +x net/fails.sh /run/mute/dmesg""" % RUNNER


@test("a test that fails is told with the kernel's last words, and the command that repeats just this",
      Fixture(Neighbour))
def failing(lab):
    lab.vm.run(FAILING)
    again = 'IVSHMEM_DEVICES="ivshmem0 ivshmem1" IVSHMEM_SLEEP=1 /run/failing/run_kselftest.sh ' \
        "net:fails.sh"
    for called in (again.replace("/run/failing", ".").replace(" net:fails.sh", ""), again):
        done = lab.vm.run("cd /run/failing; " + called, check=False)
        equal(done.status, 1, "exit status of " + called)
        *before, command, last = done.out.splitlines()
        equal(last, "not ok 1 net: fails.sh # exit status 3", "the last line")
        equal(command, "# again: " + again, "the command")
        log = [line for line in before if line.startswith("# | ")]
        expect(any("the last words" in line for line in log), "of the log it tells %s", log)
        expect(len(log) <= 20, "of the log it tells %d lines", len(log))
    done = lab.vm.run("IVSHMEM_DEVICES= PATH=/run/mute:$PATH /run/failing/run_kselftest.sh",
                      check=False)
    equal(done.out.splitlines()[2:], ["# again: /run/failing/run_kselftest.sh net:fails.sh",
                                      "not ok 1 net: fails.sh # exit status 3"], "without a log")
    lab.vm.run("rm -r /run/failing /run/mute")


@test("devices that are not named are left alone", Fixture(Both), timeout=600)
def unnamed(lab):
    before = lab.protocols(), lab.changes()
    for named in ("", "ivshmem0", "ivshmem0 ivshmem7"):
        status, results = collection(lab.vm, settings="IVSHMEM_DEVICES='%s'" % named)
        equal([outcome for _, outcome, _ in results], ["pass"] + ["skip"] * (TESTS - 1), "outcomes")
        equal(status, 0, "exit status")
        if not named:
            equal((lab.protocols(), lab.changes()), before, "protocols and peers")
    expect("names 1 devices" in results[-1][2], "the reason is %s", results[-1][2])


@test("without the module, without a device, or with one end of a link, tests are skipped and say so",
      Fixture(Lab))
def lacking(lab):
    vm = lab.vm()
    for command, why in (("true", "the module ivshmem_core is not loaded"),
                         ("modprobe ivshmem_core", "there is no ivshmem device")):
        vm.run(command)
        status, results = collection(vm)
        equal(status, 4, "exit status")
        equal({(outcome, reason) for _, outcome, reason in results}, {("skip", why)}, "reasons")


@test("make kselftest builds the suites on this machine and runs what it can, or only a part")
def here():
    for words, count in (("", TESTS), ("TARGET=uio", 5), ("TARGET=net:pair.sh core", 2)):
        said = output(["env", "-u", "IVSHMEM_DEVICES", "make", "-s", "-C", TOP, "kselftest"]
                      + ([words] if words else []), timeout=280)
        results = [line for line in said.splitlines() if line.startswith("ok ")]
        equal(len(results), count, "tests that passed or were skipped of\n%s" % said)


def names(folder, program):
    """Of a C program's tests, or a script's"""
    if program.endswith(".sh"):
        return re.findall(r'^\t"\$1" (\w+)', (folder / program).read_text(), re.M)
    source = folder / (program + ".c")
    text = source.read_text()
    found = re.findall(r"^TEST(?:_F)?(?:_TIMEOUT)?\(((?:link, )?\w+)", text, re.M)
    equal(len(found), text.count("\nTEST") - 1, "tests found in " + source.name)
    return [name.replace(", ", ".") for name in found]


def alone(suite, fixture, programs, what="the suite %s", suffix="-%s", long=False,
          skips=lambda lab: (), **options):
    @test("each test of %s passes when it runs alone, in reverse order" % (what % suite),
          Fixture(fixture, **options), timeout=1200, suffix=suffix % suite, long=long)
    def one_by_one(lab):
        for program in programs:
            wanted = names(TOP / "selftests" / suite, program)[::-1]
            expect(wanted, "%s has no tests", program)
            for name in wanted:
                command = "%sHUGE=%d /selftests/%s/%s %s" % (QUICK, lab.kernel in shadow.HUGE, suite,
                                                            program, name)
                ran = tap.all_pass(lab.vm.job(command, timeout=280), skips(lab))
                equal(ran, 1, "tests that %s of %s runs" % (name, program))


class Window(Lab):
    """The R/W section lies elsewhere."""

    def __init__(self, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        self.vm = shadow.elsewhere(self)
        self.vm.run("modprobe ivshmem_shadow shmaddr=0x10000000+32M && ls " + shadow.NODE)


alone("net", net.Loaded, ("pair.sh",), long=True)
alone("uio", uio.Ends, ("maps", "events", "life"), skips=uio.skips)
alone("shadow", shadow.Both, ("test_node", "test_calls", "test_ring"))
alone("shadow", Window, ("test_window",), "the suite %s with shmaddr", "-%s-window")


@test("config fragments ask for what the kernels have, that the tests run on")
def config():
    for kernel in KERNELS:
        have = next((roots.root(kernel) / "boot").glob("config-*")).read_text().splitlines()
        for suite in SUITES:
            for line in (TOP / "selftests" / suite / "config").read_text().splitlines():
                expect(line in have or line.replace("=m", "=y") in have, "%s/config: %s is not "
                       "there in %s", suite, line, kernel)


def grafted(folder):
    """A kernel tree's tools/testing/selftests with the collection in it, as testing.md tells."""
    if not lint.checkpatch_script():
        raise Skip("no kernel source, make lint fetches it", optional=True)
    shutil.copytree(debug.static_checks(), folder)
    tree = folder / "tools/testing/selftests"
    for name in lint.own_files("selftests", "include"):
        target = tree / "drivers/ivshmem" / (name[len("selftests/"):] if name.startswith("selftests/")
                                             else name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TOP / name, target)
    return tree


@test("in a kernel tree the collection builds, installs, skips here and passes in a machine",
      Fixture(Lab), timeout=2000)
def kernel_tree(lab):
    tree = grafted(lab.folder / "tree")
    said = output(["make", "-C", tree, "TARGETS=drivers/ivshmem", "USERLDFLAGS=-static",
                   "FORCE_TARGETS=1", "install"], timeout=900, stdin=None)
    installed = tree / "kselftest_install"
    expect("warning:" not in said, "%s", said)
    here = output(["sh", installed / "run_kselftest.sh"])
    skipped = re.findall(r"^ok \d+ selftests: drivers/ivshmem/\w+: \w+.sh # SKIP", here, re.M)
    equal(len(skipped), TESTS, "skipped tests where there is no device")

    files = {"/tree/%s" % path.relative_to(installed): path
             for path in installed.rglob("*") if path.is_file()}
    files.update(TIMEOUT)
    link = lab.link(protocol="net", vectors=3, rw_size="4M", output_size="16K")
    vm = lab.vm([link.peer(0), link.peer(1)], files=files)
    vm.run("modprobe ivshmem_core; ln -sf /proc/self/fd/1 /dev/stdout")
    said = vm.run(QUICK + "sh /tree/run_kselftest.sh", timeout=1500, check=False).out
    passed = re.findall(r"^ok \d+ selftests: drivers/ivshmem/\S+: \S+$", said, re.M)
    expect(len(passed) == TESTS - SLEEPERS, "%d of %d passed:\n%s", len(passed), TESTS,
           said[-6000:])
