# SPDX-License-Identifier: GPL-2.0
"""Plugins against a peer that breaks the rules, on the debug kernel where there is one."""
import json
import subprocess
import time

from .. import debug
from ..lab import Lab
from ..machines import NET, PING, all_came_back, has_carrier
from ..suite import Fixture, equal, expect, test, until
from ..util import DEFAULT_KERNEL, RigError, TOP

PROGRAM = TOP / "selftests/hostile/ivshmem-attack"
RTOS = TOP / "selftests/shadow/ivshmem-rtos"
# What is wrong with the ring, or with a frame in it.
RING = ("avail-jump", "avail-back", "avail-id", "addr-low", "addr-high", "addr-wrap", "len-zero",
        "len-huge", "len-over", "flags-next", "flags-indirect", "used-id", "used-id-huge",
        "used-len", "used-jump", "used-back")
FRAMES = ("runt", "giant")
REST = ("events", "doorbells", "states", "races")
TOLD = "broke the ring"
SET_UP = "ip addr add %s1/24 dev eth0 && ip link set eth0 up; " \
    "ip neigh add %s2 lladdr 02:00:00:00:00:02 dev eth0" % (NET, NET)


# What only a shadow link has; requests that keep to the ring's rules leave it up.
REQUESTS = ("bad-slots", "stale-slots", "same-tcb", "odd-tcbs", "priorities", "keep-replies",
            "words")
RESETS = ("flood", "early", "resets", "states", "races")
NODE = "/sys/class/shadow-process/shadow-process0/"


def finish(command, timeout):
    """What subprocess.run() returns; an error tells what did not end."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout)
    except subprocess.TimeoutExpired:
        raise RigError("%s: no end after %d s" % (" ".join(map(str, command)), timeout)) from None


def load_works(socket, count, *options):
    """Remote system calls of an RTOS that keeps to the rules."""
    done = finish([RTOS, "--socket", socket, "--json", "--count", count, "--timeout", "60000",
                   *options, "load"], 200)
    equal(done.returncode, 0, "exit status of ivshmem-rtos (%s)" % (
        done.stderr + done.stdout).decode())
    equal(json.loads(done.stdout.decode())["errors"], 0, "remote system calls that failed")


def attack(socket, name, seconds, seed, *options):
    command = [PROGRAM, "--socket", socket, "--seconds", str(seconds), "--seed", str(seed)]
    what = "ivshmem-attack --seconds %g --seed %d %s" % (seconds, seed, name)
    done = finish(command + list(options) + [name], seconds + 200)
    if done.returncode:
        raise RigError("%s: exit status %d: %s" % (
            what, done.returncode, done.stderr.decode().strip()))
    return json.loads(done.stdout.decode())


class Victim(Lab):
    """A machine at peer 0 that always has something to send; the attacks are peer 1."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, **link):
        super().__init__(kernel)
        self.link = self.link(**link)
        self.vm = self.vm([self.link.peer(0)])
        self.vm.run("modprobe ivshmem_net && " + SET_UP)
        self.vm.job("ping -q -i 0.05 %s2" % NET, timeout=3600)

    def attack(self, name, seconds=3, seed=1):
        return attack(self.link.peer(1), name, seconds, seed)

    def statistic(self, name):
        return int(self.vm.out("ethtool -S eth0 | sed -n 's/ *%s: //p'" % name))

    def figure(self, name):
        return int(self.vm.out("cat /sys/class/net/eth0/statistics/" + name))

    def told(self):
        return self.vm.log().count(TOLD)

    def still_works(self):
        """With a peer that keeps to the rules, without anybody touching our side."""
        peer = self.peer(self.link.peer(1), "echo", profile="linux", ip=NET + "2",
                         mac="02:00:00:00:00:02")
        until(lambda: has_carrier(self.vm.run), "carrier")
        all_came_back(self.vm.out("%s -c 20 %s2" % (PING, NET)))
        equal(peer.stop()["broken"], {}, "rules that our driver broke")


def on(kernel):
    suffix = "" if kernel == DEFAULT_KERNEL else "-" + kernel
    victim = Fixture(Victim, kernel=kernel)

    def hostile(name, timeout=500):
        return test(name + " (Linux %s)" % kernel, victim, timeout, suffix)

    @hostile("each broken rule of the ring is counted once and told once, resets the link, and "
             "leaves it usable")
    def ring(lab):
        timeouts, first = lab.statistic("tx_timeouts"), lab.told()
        for name in RING:
            errors, told = lab.statistic("ring_errors"), lab.told()
            lab.attack(name)
            equal(lab.statistic("ring_errors") - errors, 1, "ring errors by " + name)
            expect(lab.told() - told <= 1, "%s is told %d times", name, lab.told() - told)
        # All in a second are told once.
        expect(lab.told() > first, "none of these is told")
        # They reset the link, too: a ring that nobody sets up anew would look well after 5 s.
        equal(lab.statistic("tx_timeouts") - timeouts, 0, "transmit timeouts")
        equal([lab.figure("rx_frame_errors") for _ in range(2)], [lab.statistic("ring_errors")] * 2,
              "the interface's frame errors, read twice")
        lab.still_works()

    @hostile("a frame too short or too long for Ethernet is dropped and counted, nothing more")
    def frames(lab):
        for name, frames in zip(FRAMES, (13, 1)):
            before = lab.figure("rx_length_errors")
            lab.attack(name)
            equal(lab.figure("rx_length_errors") - before, frames, "length errors by " + name)
        lab.still_works()

    @hostile("states, doorbells, events and all of the ring flat out: bounded log, usable link")
    def flat_out(lab):
        for name in REST:
            lines, start = len(lab.vm.log().splitlines()), time.monotonic()
            # With the look at its outcome, half of the 5 s after which frames that were not
            # returned reset the link: the machine may stand still for a second, or two.
            for seed in range(4 if name == "races" else 1):
                lab.attack(name, seconds=1, seed=1 + seed)
            # Once a second at most, and a second or two to come up and down.
            lines, took = len(lab.vm.log().splitlines()) - lines, time.monotonic() - start
            expect(lines <= 5 + took, "%s makes %d lines of log in %.1f s", name, lines, took)
        lab.still_works()

    @hostile("a peer that returns no frame loses the link after 5 s, and gets it again")
    def keep(lab):
        before = lab.statistic("tx_timeouts")
        flood = lab.vm.job("ping -q -f -s 1400 %s2" % NET)
        lab.attack("keep", seconds=20)
        flood.kill()
        expect(lab.statistic("tx_timeouts") > before, "no transmit timeout is counted")
        lab.still_works()


class Prey(Lab):
    """A machine at peer 0 with four proxies and one that has stopped; the attacks are the RTOS."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        self.link = self.link(protocol="shadow", rw_size="1M", output_size="16K")
        self.vm = self.vm([self.link.peer(0)])
        self.vm.run("modprobe ivshmem_shadow && ls /dev/shadow-process0")
        slots = self.proxy("live", "--threads 4")
        dead = self.proxy("dead", "")
        self.vm.run("kill -STOP $(cat /run/dead.pid)")
        self.options = [word for slot in slots for word in ("--slot", slot)]
        self.options += ["--dead-slot", dead[0]]

    def proxy(self, name, options):
        """Its slots."""
        self.vm.job("echo $$ >/run/%s.pid; exec shadow-proxy %s >/run/%s" % (name, options, name),
                    timeout=3600)
        until(lambda: "ready" in self.vm.run("cat /run/" + name, check=False).out, "slots")
        lines = self.vm.out("cat /run/" + name).splitlines()
        return [line.split()[1] for line in lines if line.startswith("slot ")]

    def attack(self, name, seconds=3, seed=1):
        """Returns how many lines of log it made."""
        before, start = len(self.vm.log().splitlines()), time.monotonic()
        attack(self.link.peer(1), "shadow-" + name, seconds, seed, *self.options)
        lines, took = len(self.vm.log().splitlines()) - before, time.monotonic() - start
        # Once a second at most for the ring, and what up and down say.
        expect(lines <= 9 + took, "%s makes %d lines of log in %.1f s", name, lines, took)

    def counter(self, name):
        return int(self.vm.out("cat %scounters/%s" % (NODE, name)))

    def still_works(self):
        """With an RTOS that keeps to the rules, without anybody touching our side."""
        load_works(self.link.peer(1), "200", *self.options[:8])
        equal(int(self.vm.out("cat %sslots_used" % NODE)), 5, "slots in use")


def shadow_on(kernel):
    suffix = "-shadow" + ("" if kernel == DEFAULT_KERNEL else "-" + kernel)
    prey = Fixture(Prey, kernel=kernel)

    def hostile(name, timeout=500):
        return test("shadow: " + name + " (Linux %s)" % kernel, prey, timeout, suffix)

    @hostile("each broken rule of the ring is counted once, resets the link, and leaves it usable")
    def ring(lab):
        for name in RING:
            errors = lab.counter("ring_errors")
            lab.attack(name)
            equal(lab.counter("ring_errors") - errors, 1, "ring errors by " + name)
        lab.still_works()

    @hostile("a message of another length than 80 bytes resets the link, and leaves it usable")
    def lengths(lab):
        errors = lab.counter("ring_errors")
        lab.attack("lengths")
        equal(lab.counter("ring_errors") - errors, 12, "ring errors")
        lab.still_works()

    @hostile("each request has exactly one reply, whatever its slot, tcb and priority are, and "
             "when they change")
    def requests(lab):
        errors = lab.counter("ring_errors")
        for name in REQUESTS:
            lab.attack(name)
        equal(lab.counter("ring_errors") - errors, 0, "ring errors")
        lab.still_works()

    @hostile("early doorbells, a flood, resets and all of the ring flat out leave a usable link")
    def flat_out(lab):
        for name in RESETS + ("events", "doorbells", "requests"):
            lab.attack(name)
        lab.still_works()


for version in (DEFAULT_KERNEL, debug.NAME):
    on(version)
    shadow_on(version)
