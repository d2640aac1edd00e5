# SPDX-License-Identifier: GPL-2.0
"""Cycles of all that comes and goes, in a random order; selftests/lifecycle walks, in the machine.

QEMU's device_del of a vfio-user-pci ends QEMU by an assertion (11.1), so devices are unplugged by
the machine's own PCI bus: /sys/bus/pci/devices/*/remove, and plugged in by its rescan."""
import os
import re
import statistics
import time

from .. import debug, qemu, tap
from ..kmemleak import KMEMLEAK, forget_leaks, leaks
from ..lab import Lab
from ..splats import LOST_CPU
from ..suite import Fixture, equal, expect, seed, test, until
from ..util import DEFAULT_KERNEL

PROGRAM = "/selftests/lifecycle/lifecycle"
# All plugins can have it. The peer tells what our driver broke.
LINK = {"protocol": "net", "vectors": 3, "rw_size": "4M", "output_size": "0x40000"}
# Of each kind; the debug kernel takes five times as long for one.
CYCLES = int(os.environ.get("IVSHMEM_CYCLES") or 0)
USUAL, USUAL_ON = 30, {"5.10": 12, debug.NAME: 3, debug.KCSAN: 3}
LONG, LONG_ON = 100, {"7.2": 1000, debug.NAME: 30, debug.KCSAN: 30}     # 1,000 take 20 minutes
REAL_SLEEPS = 6
KINDS = ("modules", "bind", "claim", "protocol", "hotplug", "hold", "updown", "mtu", "sleep")
REQUEST = re.compile(r"lifecycle: \d+: host: peer (\d+) (kill|stop) (\d+) (timed|untimed)\n")


class Ends(Lab):
    """One machine with both ends of a link, or one, and no module of ours loaded."""

    sleeps = True

    def __init__(self, kernel=DEFAULT_KERNEL, ends=2):
        super().__init__(kernel)
        self.link = self.link(**LINK)
        self.leaky = kernel == debug.NAME
        self.vm = self.vm([self.link.peer(number) for number in range(ends)],
                          append=KMEMLEAK if self.leaky else "")
        self.ends, self.other, self.times, self.answers = ends, None, [], []
        self.vm.run("modprobe uio")
        # Fragments of what was cut off are no leak, but would be kept for a minute.
        self.vm.run("echo 1 >/proc/sys/net/ipv6/ip6frag_time")
        if self.leaky:
            forget_leaks(self.vm)

    def quick(self):
        self.walk(CYCLES or USUAL_ON.get(self.kernel, USUAL))

    def long(self):
        self.walk(CYCLES or LONG_ON.get(self.kernel, LONG))

    def walk(self, cycles):
        kinds = dict.fromkeys(KINDS, cycles)
        kinds["hold"] = 2 * cycles      # either UIO's or shadow's
        if self.kernel not in debug.NAMES and qemu.accelerator() != qemu.KVM:
            # See splats.LOST_CPU. So few come before the first look, and do not count in the next.
            kinds["sleep"] = min(cycles, REAL_SLEEPS)
        if self.ends == 1:
            kinds["peer"] = cycles
            self.start_peer()
        job = self.vm.job("%s --seed %d --ends %d %s" % (
            PROGRAM, seed(), self.ends, " ".join("%s=%d" % kind for kind in kinds.items())),
            timeout=40 * cycles + 1500)
        self.serve(job)
        self.judge(job.result(check=False).out, cycles)

    def serve(self, job):
        """Does what the machine cannot: wakes it, and starts other peers."""
        with open(self.vm.console, errors="replace") as console:
            text = ""
            while not job.done(0.02):
                text += console.read()
                for request in REQUEST.findall(text):
                    self.restart_peer(*request)
                # The rest would take for ever.
                expect(not LOST_CPU.search(text), "a processor did not come back")
                text = text[text.rfind("\n") + 1:]
                if self.vm.happened("SUSPEND"):
                    self.vm.qmp("system_wakeup")

    def judge(self, text, cycles):
        for line in text.splitlines():
            if line.startswith("#"):
                print(line)
        bad = [name for name, outcome, _ in tap.parse(text) if outcome == "fail"]
        expect(not bad and "ok 3" in text, "%s", text)
        for number in range(self.ends):
            peer = self.link.stats(number)
            equal((peer["state"], peer["interrupt_control"]), (0, 0), "state, interrupt control")
        for answer in self.answers:
            answer.result()
        if self.ends == 1:
            self.stop_peer()
            # What finds a stalled ring would hide that a peer's return goes unnoticed.
            expect("returned none of" not in self.vm.log(), "a peer was given up for silent")
            # About a sixth is: where the link can be up then.
            expect(self.times or cycles < USUAL, "no return of a peer was timed")
            if self.times:
                print("# from a peer's return to RUN: %.1f ms (median), %.1f ms (maximum) of %d" % (
                    statistics.median(self.times), max(self.times), len(self.times)))
        if self.leaky:
            equal(leaks(self.vm), "", "what kmemleak found")

    def start_peer(self):
        self.other = self.peer(self.link.peer(1), "reflect", wait=3600, allow_loss=True)

    def stop_peer(self):
        equal(self.other.stop()["broken"], {}, "rules that our driver broke")

    def restart_peer(self, number, how, milliseconds, timed):
        if how == "kill":
            self.other.process.kill()
            self.other.process.communicate()
        else:
            self.stop_peer()
        self.peers.remove(self.other)
        time.sleep(int(milliseconds) / 1000)
        self.start_peer()
        if timed == "timed":
            self.times.append(self.link.time_back(1))
        else:
            until(lambda: self.link.stats(1)["state"], "the peer takes part")
        # The machine goes on at once, maybe to sleep: who waited here could not wake it.
        self.answers.append(self.vm.job("echo %s >/run/lifecycle.host" % number))


BOTH, ONE = Fixture(Ends), Fixture(Ends, ends=1)
SECONDS = 20 * (CYCLES or USUAL) + 1600  # that a quick test may take
LONG_SECONDS = 40 * max(LONG_ON.values()) + 1600
BACK = ": all is as it should be after each step, nothing is left or grows, the link comes back"
WALK = "cycles of %s in a random order" % ", ".join(KINDS) + BACK
PEER = "a peer that is killed and returns, amid cycles of the other side" + BACK


@test(WALK, BOTH, timeout=SECONDS)
def pair(lab):
    lab.quick()


@test(PEER, ONE, timeout=SECONDS)
def peer(lab):
    lab.quick()


@test("many " + WALK, BOTH, timeout=LONG_SECONDS, long=True)
def pair_long(lab):
    lab.long()


@test("many times " + PEER, ONE, timeout=LONG_SECONDS, long=True)
def peer_long(lab):
    lab.long()
