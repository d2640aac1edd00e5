# SPDX-License-Identifier: GPL-2.0
"""ivshmem-tool on real devices: both ends of a link in one machine, bound to the uio plugin."""
import json
import re

from .. import debug
from ..lab import Lab
from ..suite import Fixture, equal, expect, test, until
from ..util import DEFAULT_KERNEL, TOP, output

PAGE = TOP / "Documentation/ivshmem-tool.md"
SYSFS = "/sys/bus/ivshmem/devices/ivshmem%d/%s"


class Programs(Lab):
    """Any write to what a peer may only read fails the test, as the link is strict."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        self.link = self.link(protocol="uio", vectors=3, rw_size="64K", output_size="64K",
                              strict=True, drop_interrupts="0")
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)])
        self.vm.run("modprobe ivshmem_uio")

    def start(self, command, timeout=200):
        return self.vm.job("ivshmem-tool " + command, timeout)

    def tool(self, command, timeout=200):
        return self.vm.out("ivshmem-tool " + command, timeout)

    def json(self, command, timeout=200):
        return json.loads(self.tool(command + " --json", timeout))

    def sysfs(self, number, name):
        return self.vm.out("cat " + SYSFS % (number, name))

    def refused(self, command, text, status=1):
        """It fails with one line that has the text."""
        result = self.vm.run("ivshmem-tool " + command, check=False)
        equal(result.status, status, "exit status of " + command)
        expect(text in result.out and len(result.out.splitlines()) == 1,
               "%s says %r, want '%s' in one line", command, result.out, text)
        return result.out

    def wait_open(self, number):
        until(lambda: self.vm.out("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c /dev/uio%d$; true"
                                  % number) != "0", "a program opens uio%d" % number)

    def wait_watching(self, sources):
        until(lambda: self.vm.out("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c eventfd; true")
              == str(sources), "a program waits for %d sources" % sources)
        self.wait_settled()             # the last one is attached

    def wait_settled(self):
        """The only program that runs has set up what it needs: it sleeps, each time that we look,
        or has computed for a second."""
        def settled():
            text = self.vm.run("for i in 1 2; do cat /proc/$(pidof ivshmem-tool)/stat; "
                               "usleep 50000; done", check=False).out
            found = [line.rpartition(")")[2].split() for line in text.splitlines()]
            return len(found) == 2 and all(
                len(words) > 12 and (words[0] == "S" or int(words[11]) + int(words[12]) > 100)
                for words in found)
        until(settled, "the program waits for what comes")

    def end(self, job):
        """The only program that runs: told to stop, which job.kill() would not wait for."""
        self.vm.run("kill $(pidof ivshmem-tool)")
        return job.result().out

    def play(self, options="", ping_options="", pong_first=True):
        """A game from peer 0 to peer 1; both ends' reports."""
        command = "pong ivshmem1 --json %s" % options
        job = self.start(command) if pong_first else None
        if pong_first:
            self.wait_open(1)
        ping = self.start("pingpong ivshmem0 --json --wait 100 %s %s" % (options, ping_options))
        if not pong_first:
            self.wait_open(0)
            self.vm.run("sleep 0.3")
            job = self.start(command)
        report = json.loads(ping.result().out)
        return report, json.loads(self.end(job))


UIO = Fixture(Programs)


@test("list tells what sysfs has, for devices with a plugin and without", UIO)
def listing(lab):
    lab.vm.run("echo 0x4001 >" + SYSFS % (1, "protocol"))
    devices = lab.json("list")
    equal([device["device"] for device in devices], ["ivshmem0", "ivshmem1"], "devices")
    for number, device in enumerate(devices):
        for name in ("id", "max_peers", "vectors", "state_table_size", "rw_section_size",
                     "output_section_size"):
            equal(device[name], int(lab.sysfs(number, name)), name)
        for name, value in device["counters"].items():
            equal(value, int(lab.sysfs(number, "counters/" + name)), name)
        equal(len(device["counters"]), len(lab.vm.out("ls " + SYSFS % (number, "counters")).split()),
              "number of counters")
        equal(device["pci"], "0000:00:%02x.0" % (8 + number), "PCI address")
        equal("0x%04x %s %s" % (device["protocol"], device["plugin"],
                                "chosen" if device["chosen"] else "auto"),
              lab.sysfs(number, "protocol"), "protocol")
        equal(device.get("uio"), ("uio0", None)[number], "UIO device")
    lab.vm.run("echo auto >" + SYSFS % (1, "protocol"))
    equal(lab.json("list 00:09.0")[0]["uio"], "uio1", "UIO device of the second")


@test("what one end writes is what the other end reads, and nobody writes what is not theirs", UIO)
def sections(lab):
    lab.vm.run("dd if=/dev/urandom of=/tmp/data bs=1000 count=60 2>/dev/null")
    for written, read in (("output", "input:0"), ("rw", "rw")):
        lab.tool("write ivshmem0 %s --offset 4090 </tmp/data" % written)
        lab.vm.run("ivshmem-tool read ivshmem1 %s --offset 4090 --length 60000 | cmp - /tmp/data"
                   % read)
    for section in ("state_table", "input:0", "input:1"):
        lab.refused("write ivshmem0 %s --data x" % section, "read-only")
    lab.refused("write ivshmem0 output --offset 65530 --data 1234567", "room for 6")


@test("a state holds until its time is up, and is 0 when its program ends", UIO)
def states(lab):
    job = lab.start("state ivshmem0 77")
    until(lambda: lab.json("state ivshmem1")["states"] == {"0": 77}, "the other end sees it")
    equal(lab.sysfs(1, "peer_states"), "0 77", "peer_states")
    lab.refused("state ivshmem0 1", "uio0 is in use by another program")
    lab.end(job)
    equal(lab.json("state ivshmem1")["states"], {}, "states after the end")
    lab.tool("state ivshmem0 78 --hold 0.1")
    equal(lab.sysfs(1, "peer_states"), "", "peer_states")


@test("watch tells each doorbell by its vector and each state with the one before", UIO)
def watching(lab):
    def interrupts():
        return int(lab.sysfs(1, "counters/interrupts"))

    def play(command, count):
        """Vectors may be handled by different processors: each before the next one is rung."""
        before = interrupts()
        lab.tool(command)
        until(lambda: interrupts() >= before + count, "%d interrupts by %s" % (count, command))
        lab.wait_settled()

    job = lab.start("watch ivshmem1 --count 6 --seconds 180 --json")
    lab.wait_watching(4)
    for vector in (2, 1, 0):
        play("doorbell ivshmem0 1 %d" % vector, 1)
    # Longer than a machine stands still, as the watching program has to see it.
    play("state ivshmem0 5 --hold 3", 2)
    lab.tool("doorbell ivshmem0 1 2")
    events = [json.loads(line) for line in job.result().out.splitlines()]
    times = [event.pop("time") for event in events]
    expect(times == sorted(times), "times are not in order: %s", times)
    told = [(e["vector"] if e["event"] == "doorbell" else (e["peer"], e["old"], e["new"]))
            for e in events]
    equal(told, [2, 1, 0, (0, 0, 5), (0, 5, 0), 2], "events")
    equal([e["count"] for e in events if e["event"] == "doorbell"], [1] * 4, "doorbells in each")


@test("who may not have the device is told why, and what to do", UIO)
def refusals(lab):
    job = lab.start("pong ivshmem1")
    lab.wait_open(1)
    lab.refused("read /dev/uio1 rw", "uio1 is in use by another program")
    lab.refused("pingpong ivshmem1", "uio1 is in use by another program")
    equal(lab.end(job), "0 answers to peer 0\n", "report")
    equal(lab.tool("protocol ivshmem1 net"), "0x0000 net chosen", "protocol")
    lab.refused("read ivshmem1 rw",
                "ivshmem1 is bound to net, want uio; to switch: ivshmem-tool protocol ivshmem1 uio")
    equal(lab.tool("protocol ivshmem1 auto"), "0x0000 uio auto", "protocol")
    lab.refused("protocol ivshmem1 nonsense", "Invalid argument")
    result = lab.vm.run("ivshmem-tool protocol ivshmem1 0x4001", check=False)
    equal(result.status, 1, "exit status where no plugin serves the protocol")
    lab.refused("watch ivshmem1", "bound to no plugin")
    lab.tool("protocol ivshmem1 uio && ivshmem-tool protocol ivshmem1 auto")
    lab.refused("doorbell ivshmem0 0 3", "vector is 3, ivshmem0 has vectors 0 to 2")


@test("a ping-pong without an answer gives up after --wait, and says so", UIO)
def nobody_there(lab):
    text = "peer 1 has not answered for "
    waited = float(lab.refused("pingpong ivshmem0 --wait 0.5", text).partition(text)[2].split()[0])
    # Without --wait it is 10 s; a machine may stand still for some.
    expect(0.5 <= waited < 8, "it waited for %s s, want 0.5", waited)


def check_games(lab, mode, count):
    """Either end first; afterwards all has been rung, answered and counted."""
    for first, vector in ((True, 0), (False, 2)):
        before = lab.link.stats(0)["doorbells"]
        ping, pong = lab.play("--mode %s --vector %d" % (mode, vector),
                              "--count %d --warm-up 10 --timeout 5" % count, first)
        rung = lab.link.stats(0)["doorbells"] - before
        equal(ping["count"] + ping["timeouts"], count, "round trips")
        expect(ping["timeouts"] <= count // 50, "%d timeouts", ping["timeouts"])
        expect(pong["answers"] >= count + 9, "%d answers to %d numbers", pong["answers"], count + 10)
        expect(rung >= count + 10, "peer 0 rang %d times for %d round trips", rung, count + 10)
        us = ping["us"]
        figures = [us[key] for key in ("min", "p50", "p90", "p99", "p99.9", "max")]
        expect(figures == sorted(figures) and figures[0] > 1, "latencies are %s", figures)
        expect(us["min"] < us["mean"] < us["max"], "latencies are %s", us)


def check_unplug(lab, command):
    """The device goes under the program, which ends and says so; then the device is back."""
    job = lab.start(command, timeout=120)
    if command.startswith("watch"):
        lab.wait_watching(4)
    else:
        lab.wait_open(1)
        lab.wait_settled()
    lab.vm.run("echo 1 >/sys/bus/pci/devices/0000:00:09.0/remove")
    result = job.result(check=False)
    equal(result.status, 1, "exit status of " + command)
    expect("ivshmem1 is gone" in result.out, "%s says %r", command, result.out)
    lab.vm.run("echo 1 >/sys/bus/pci/rescan")
    until(lambda: lab.vm.out("ls /dev/uio*").split() == ["/dev/uio0", "/dev/uio1"],
          "the device is back")


def games(mode):
    @test("1,000 round trips happen, whichever end starts first (%s)" % mode, UIO,
          suffix="-" + mode)
    def pingpong(lab):
        check_games(lab, mode, 1000)

    @test("lost interrupts are rung again and counted, and the game goes on (%s)" % mode, UIO,
          suffix="-" + mode, alone=True)
    def losses(lab):
        lab.link.ask("drop 5%")
        try:
            ping, _ = lab.play("--mode " + mode, "--count 300 --timeout 0.2", pong_first=False)
        finally:
            lab.link.ask("drop 0")
        equal(ping["count"] + ping["timeouts"], 300, "round trips")
        # Of 600 doorbells, 30 are lost.
        expect(8 <= ping["timeouts"] <= 100, "%d timeouts", ping["timeouts"])
        expect(ping["us"]["max"] <= 200000, "the slowest in time took %.1f us", ping["us"]["max"])

    @test("unplugging ends each program that uses the device, with the reason (%s)" % mode, UIO,
          suffix="-" + mode)
    def unplugged(lab):
        for command in ("pingpong ivshmem1 --wait 100 --mode " + mode,
                        "pong ivshmem1 --mode " + mode, "state ivshmem1 1", "watch ivshmem1",
                        "bandwidth ivshmem1 --seconds 100"):
            check_unplug(lab, command)


for how in ("one-shot", "eventfd"):
    games(how)


@test("games and unplugging in the middle of them leave nothing for the debug kernel to complain "
      "about", Fixture(Programs, kernel=debug.NAME), timeout=900)
def debugged(lab):
    for mode in ("one-shot", "eventfd"):
        check_games(lab, mode, 100)
    check_unplug(lab, "pingpong ivshmem1 --wait 100")
    check_unplug(lab, "watch ivshmem1")


def examples():
    """(command, output) of each that ivshmem-tool.md prints."""
    for block in re.findall(r"^```\n(# .*?)^```$", PAGE.read_text(), re.M | re.S):
        for part in re.split(r"^# ", block, flags=re.M)[1:]:
            command, _, text = part.partition("\n")
            yield command, text


def numbers_aside(text):
    return re.sub(r"[\d.]+", "N", re.sub(" +", " ", text))


class Page(Lab):
    """The machine of rig shell, which the page is about."""

    def __init__(self, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        link = self.link()
        self.vm = self.vm([link.peer(0), link.peer(1)])
        self.vm.run("modprobe ivshmem_core")


@test("ivshmem-tool.md: each command prints what the page says, but for its numbers", Fixture(Page))
def page(lab):
    found = list(examples())
    expect(len(found) >= 9, "only %d commands found", len(found))
    for command, text in found:
        result = lab.vm.run(command.replace("/etc/passwd", "/etc/inittab"))
        equal(numbers_aside(result.out), numbers_aside(text), command)


@test("ivshmem-tool.md: the program of the page builds with what is installed, and works",
      Fixture(Lab))
def page_program(lab):
    output(["make", "-s", "-C", TOP / "tools", "install", "OUT=%s" % (lab.folder / "out"),
            "DESTDIR=%s" % lab.folder, "PREFIX=/usr"])
    source, program = lab.folder / "example.c", lab.folder / "example"
    source.write_text(re.search(r"^```c\n(.*?)^```$", PAGE.read_text(), re.M | re.S).group(1))
    output(["gcc", "-static", "-Wall", "-Wextra", "-Werror", "-I", lab.folder / "usr/include",
            "-o", program, source, "-L", lab.folder / "usr/lib", "-livshmem"])
    link = lab.link(protocol="uio", output_size="64K")
    vm = lab.vm([link.peer(0), link.peer(1)], files={"/root/example": program})
    vm.run("modprobe ivshmem_uio")
    vm.job("/root/example")
    until(lambda: vm.out("ivshmem-tool state ivshmem0") == "1: 1", "it sets its state")
    for number in (21, 400):
        vm.run("printf '\\%03o\\%03o' | ivshmem-tool write ivshmem0 output && "
               "ivshmem-tool doorbell ivshmem0 1 0" % (number % 256, number // 256))
        until(lambda n=number: answer(vm) == 2 * n, "it doubles %d" % number)


def answer(vm):
    return int.from_bytes(bytes.fromhex(json.loads(vm.out(
        "ivshmem-tool read ivshmem0 input:1 --length 4 --json"))["hex"]), "little")
