# SPDX-License-Identifier: GPL-2.0
"""The uio plugin: what a program gets, what it must not, and what is left when one of them goes."""
import collections
import re
import signal

from .. import debug, tap
from ..forms import QUICK
from ..kmemleak import KMEMLEAK, forget_leaks, leaks
from ..lab import Lab
from ..suite import Fixture, equal, expect, seed, test, until
from ..util import DEFAULT_KERNEL, KERNELS, TOP
from . import core
from .shadow import HUGE

SYSFS = "/sys/bus/ivshmem/devices/ivshmem%d/"
LINK = {"protocol": "uio", "vectors": 3, "rw_size": "0x8000", "output_size": "0x10000"}


class Ends(Lab):
    """One machine with all ends of one link, bound to uio."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, append="", **options):
        super().__init__(kernel)
        self.link = self.link(**dict(LINK, **options))
        self.vm = self.vm([self.link.peer(n) for n in range(self.link.peers)], append=append)
        self.load()

    def load(self):
        self.vm.run("modprobe ivshmem_core && modprobe ivshmem_uio && modprobe ivshmem_net")
        # The look that follows binding is over, programs that open now get no event of it.
        self.vm.run("sleep 1")

    def registers(self, number):
        peer = self.link.stats(number)
        return peer["state"], peer["interrupt_control"]

    def maps(self, number=0):
        return self.vm.out("cat /sys/class/uio/uio%d/maps/map?/name" % number).split()


def skips(lab):
    """Reasons to skip a test: what this device does not have, and this kernel does not do."""
    device = lab.link.options
    reasons = {
        "no R/W section": not device["rw_size"],
        "no output section(s| is behind the other)": not device["output_size"],
        "output sections are too small": device["output_size"] != "4M",     # two huge pages
        "one vector": device["vectors"] == 1,
        r"Linux \S+ has no huge entries here": lab.kernel not in HUGE,
    }
    return [reason for reason, expected in reasons.items() if expected]


def guest_tap(lab, program, timeout=280):
    """Runs a guest's TAP test, by its path below /selftests/uio; one failure fails ours."""
    tap.all_pass(lab.vm.job("/selftests/uio/" + program, timeout), skips(lab))


def programs(kernel):
    fixture = Fixture(Ends, kernel=kernel)

    @test("maps have the right names, places and protections on Linux %s" % kernel, fixture,
          suffix="-" + kernel)
    def maps(lab):
        guest_tap(lab, "maps")

    @test("interrupts reach programs by UIO, and each vector its own eventfd, on Linux %s" % kernel,
          fixture, suffix="-" + kernel)
    def events(lab):
        guest_tap(lab, "events")

    @test("programs that end and devices that go leave nothing but clear errors on Linux %s"
          % kernel, fixture, timeout=500, suffix="-" + kernel)
    def life(lab):
        guest_tap(lab, "life", timeout=480)
        lab.vm.run("rmmod ivshmem_uio")
        for number in (0, 1):
            equal(lab.registers(number), (0, 0), "state, interrupt control of %d" % number)
        lab.load()


for version in KERNELS + (debug.NAME,):
    programs(version)


# Which sections there are -> the maps' names; the numbers follow the order.
ABSENT = (
    ({"rw_size": 0}, ["registers", "state_table", "input_sections", "output_section"]),
    ({"output_size": 0}, ["registers", "state_table", "rw_section"]),
    ({"rw_size": 0, "output_size": 0}, ["registers", "state_table"]),
)


@test("an absent section has no map, and the others keep their names", Fixture(Lab))
def absent(lab):
    links = [lab.link(**dict(LINK, **sizes)) for sizes, _ in ABSENT]
    vm = lab.vm([link.peer(0) for link in links])
    vm.run("modprobe ivshmem_core && modprobe ivshmem_uio")
    for number, (sizes, names) in enumerate(ABSENT):
        equal(vm.out("cat /sys/class/uio/uio%d/maps/map?/name" % number).split(), names,
              "maps with %s" % sizes)


def variant(name, what, tests, quick=None, **options):
    @test("programs find all of this %s, too" % what, Fixture(Ends, **options), timeout=600,
          suffix="-" + name, quick=quick)
    def programs_in(lab):
        for program in tests:
            guest_tap(lab, program)


# The device itself refuses and counts what should not have been written; a write fails the test.
variant("strict", "where the device traps wrong writes", ("maps", "events", "life"), (debug.NAME,),
        strict=True)
variant("no-rw", "without an R/W section", ("maps", "life"), ("5.10",), rw_size=0)
variant("no-output", "without output sections", ("maps", "events"), ("7.2",), output_size=0)
for version in KERNELS[-2:] + (debug.NAME,):
    variant("large-" + version, "where sections are large and aligned, on Linux " + version,
            ("maps", "life"), kernel=version, state_size="2M", rw_size="2M", output_size="4M")
variant("intx", "with INTx", ("events",), QUICK, intx=True, vectors=1, rw_size="0x1000",
        output_size="0x1000")


class Circle(Ends):
    def go(self, first, last, rounds):
        return self.vm.job("/selftests/uio/circle %d %d %d" % (first, last, rounds), timeout=280)


def circle(peers, rounds):
    @test("%d programs that know only UIO pass a token round, %d times" % (peers, rounds),
          Fixture(Circle, peers=peers, vectors=peers + 1), suffix="-%d" % peers)
    def rounds_in(lab):
        said = lab.go(0, peers - 1, rounds).result().out
        equal(len(re.findall(r"peer \d+ of %d, %d rounds" % (peers, rounds), said)), peers,
              "peers that say they are done in %r" % said)
        for number in range(peers):
            equal(lab.registers(number), (0, 0), "state, interrupt control of %d" % number)
            expect(lab.link.stats(number)["doorbells"] >= rounds, "peer %d rang too seldom", number)


circle(2, 300)
circle(4, 200)


@test("programs that are killed in the middle of a circle leave states and interrupts at 0",
      Fixture(Circle, peers=4, vectors=5))
def killed(lab):
    before = lab.link.stats(3)["doorbells"]
    job = lab.go(0, 3, 1000000)
    until(lambda: lab.link.stats(3)["doorbells"] > before + 20, "the token goes round")
    job.kill(signal.SIGKILL)
    for number in range(4):
        until(lambda n=number: lab.registers(n) == (0, 0), "peer %d is quiet" % number)
    lab.go(0, 3, 5).result()


@test("two links in one machine do not mind each other", Fixture(Lab))
def two_links(lab):
    links = [lab.link(**dict(LINK, output_size=size)) for size in ("0x1000", "0x40000")]
    vm = lab.vm([link.peer(n) for link in links for n in (0, 1)])
    vm.run("modprobe ivshmem_core && modprobe ivshmem_uio")
    jobs = [vm.job("/selftests/uio/circle %d %d 200" % ends, timeout=280)
            for ends in ((0, 1), (2, 3))]
    for job in jobs:
        job.result()
    vm.run("echo ivshmem0 >/sys/bus/ivshmem/drivers/uio/unbind")
    vm.run("/selftests/uio/circle 2 3 20")


@test("the module loads for protocol 0000 and by its name", Fixture(Lab))
def choice(lab):
    vm = lab.vm([lab.link(**LINK).peer(0), lab.link(**dict(LINK, protocol="net")).peer(0)])
    vm.run("modprobe ivshmem_core && modprobe $(cat %smodalias)" % (SYSFS % 0))
    equal(vm.out("cat %sprotocol" % (SYSFS % 0)), "0x0000 uio auto", "protocol of device 0")
    equal(vm.out("cat %sprotocol" % (SYSFS % 1)), "0x0001 none auto", "protocol of device 1")
    vm.run("rmmod ivshmem_uio && echo uio >%sprotocol" % (SYSFS % 1))
    equal(vm.out("cat %sprotocol" % (SYSFS % 1)), "0x0001 uio chosen", "protocol of device 1")
    equal(vm.out("cat /sys/class/uio/*/name").split(),
          ["uio_ivshmem[0000:00:08.0]", "uio_ivshmem[0000:00:09.0]"], "names")


@test("nodes are root's alone until udev is told otherwise", Fixture(Ends))
def nodes(lab):
    equal(lab.vm.out("stat -c %a /dev/uio0 /dev/ivshmem-uio0").split(), ["600", "600"], "modes")


@test("the self-test works while no program has the device open, and leaves interrupts off",
      Fixture(Ends))
def self_test(lab):
    core.check_sysfs(lab.vm)
    equal(lab.registers(0), (0, 0), "state, interrupt control")
    busy = lab.vm.run("exec 3<>/dev/uio0; echo 1 >%sself_test" % (SYSFS % 0), check=False)
    expect(busy.status, "the self-test ran under a program in one-shot mode")


@test("programs start anew after suspend to memory (S3)", Fixture(Ends), timeout=400, sleeps=True)
def suspend(lab):
    job = lab.vm.job("/selftests/uio/suspend", timeout=380)
    for _ in range(2):
        lab.vm.event("SUSPEND")
        lab.vm.qmp("system_wakeup")
    said = job.result(check=False).out
    expect([outcome for _, outcome, _ in tap.parse(said)] == ["pass"] * 2, "%s", said)


@test("the example of uio.md plays to 100, and is printed there as it is", Fixture(Ends))
def example(lab):
    text = (TOP / "selftests/uio/example.c").read_text()
    expect("```c\n%s```" % text in (TOP / "Documentation/uio.md").read_text(),
           "uio.md prints another example.c")
    waiting = lab.vm.job("/selftests/uio/example 0 1")
    lab.vm.run("/selftests/uio/example 1 0 begin")
    waiting.result()


@test("a device may be unplugged and plugged in under programs", Fixture(Ends), timeout=400)
def hotplug(lab):
    job = lab.vm.job("SEED=%d /selftests/uio/stress 0 20 3" % seed(), timeout=280)
    for _ in range(5):
        lab.vm.run("sleep 1; echo 1 >/sys/bus/pci/devices/0000:00:08.0/remove; sleep 0.2; "
                   "echo 1 >/sys/bus/pci/rescan")
    counts = stress_counts(job.result().out)
    expect(counts["opened"] > 3, "hardly anything happened: %s", counts)
    lab.vm.run("rmmod ivshmem_uio")
    equal(lab.registers(0), (0, 0), "state, interrupt control")
    lab.load()


def stress_counts(text):
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2])))


@test("programs and unbinding race for 10 s, or longer on a slow machine, without a splat or a leak",
      Fixture(Ends, kernel=debug.NAME, append=KMEMLEAK), timeout=2500)
def race(lab):
    forget_leaks(lab.vm)
    done = [collections.Counter(), collections.Counter()]
    for seconds in (10, 20, 40):
        said = lab.vm.out("SEED=%d SECS=%d /selftests/uio/stress.sh" % (seed(), seconds),
                          timeout=seconds + 500)
        for counter, line in zip(done, re.findall("^opened .*", said, re.M)):
            counts = stress_counts(line)
            counter.update({what: counts[what] for what in ("opened", "busy", "attached")})
        if all(count > 3 for counter in done for count in counter.values()):
            break
    else:
        expect(False, "hardly any: %s", done)
    guest_tap(lab, "events")
    lab.vm.run("rmmod ivshmem_uio ivshmem_net")
    equal(leaks(lab.vm), "", "what kmemleak found")
    lab.load()
