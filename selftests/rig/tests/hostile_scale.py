# SPDX-License-Identifier: GPL-2.0
"""All plugins against a peer whose attacks are drawn from a seed, for a minute or for hours."""
import itertools
import json
import os
import statistics
import subprocess
import time

from .. import debug
from ..lab import Lab
from ..machines import all_came_back
from ..suite import Fixture, equal, expect, seed, test, until
from ..util import DEFAULT_KERNEL, KERNELS, RigError, end, spawn
from .hostile import PROGRAM, RTOS

LINKS = {
    "net": {"output_size": "128K"},
    "shadow": {"protocol": "shadow", "rw_size": "1M", "output_size": "128K"},
    "uio": {"protocol": "uio", "peers": 3, "rw_size": "64K", "output_size": "64K"},
}
SECONDS = 45                            # of each of the two attacks in CI
SOAK_SECONDS = 300                      # ... of one that is repeated
MINUTES = float(os.environ.get("IVSHMEM_FUZZ_MINUTES") or 10)
# Lines that a link may have told in a second, as a broken ring is once in each, and besides.
LINES, FIRST_LINES = 1.2, 10


class Attack:
    """ivshmem-attack while it runs."""

    def __init__(self, lab, link, *options):
        self.command = [PROGRAM, "--socket", link.peer(1)]
        self.command += [str(word) for word in options]
        self.errors = open(lab.folder / ("attack%d.log" % id(self)), "w+b")
        self.process = spawn(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=self.errors)

    def done(self):
        return self.process.poll() is not None

    def result(self):
        out = self.process.stdout.read().decode()
        self.errors.seek(0)
        if self.process.returncode:
            raise RigError("ivshmem-attack: exit status %d: %s\nagain: %s" % (
                self.process.returncode, self.errors.read().decode().strip(),
                " ".join(map(str, self.command))))
        return json.loads(out)

    def close(self):
        end(self.process)
        self.process.stdout.close()
        self.errors.close()


class Plugin:
    """One of them in the machine: the ends of its links, what it does, whether it works."""

    def __init__(self, lab, name, first):
        """Two links: the device of the first traps wrong writes, the other one is as fast as can
        be. Their devices are the machine's from number first on."""
        self.lab, self.name, self.first = lab, name, first
        self.links = [lab.link(strict=strict, **LINKS[name]) for strict in (True, False)]
        self.options = [[], []]

    def devices(self):
        return [link.peer(0) for link in self.links]

    def node(self, number, kind):
        """The name of a device of a class, for example eth1."""
        path = "/sys/bus/pci/devices/0000:00:%02x.0/%s" % (8 + self.first + number, kind)
        return self.lab.vm.out("ls " + path).split()[0]


class Net(Plugin):
    """Two interfaces, which always have something to send."""

    def start(self):
        vm = self.lab.vm
        vm.run("modprobe ivshmem_net")
        for number in (0, 1):
            name = self.node(number, "net")
            vm.run("ip addr add 10.11.%d.1/24 dev %s && ip link set %s up; "
                   "ip neigh add 10.11.%d.2 lladdr 02:00:00:00:00:02 dev %s"
                   % (number, name, name, number, name))
            vm.job("while :; do ping -q -i 0.02 -s 1000 10.11.%d.2 >/dev/null 2>&1; sleep 0.1; done"
                   % number, timeout=1000000)

    def works(self, number):
        address = "10.11.%d.2" % number
        peer = self.lab.peer(self.links[number].peer(1), "echo", profile="linux", ip=address,
                             mac="02:00:00:00:00:02")
        until(lambda: not self.lab.vm.run("ping -q -c 1 -W 1 " + address, check=False).status,
              "the first ping comes back", timeout=30)
        all_came_back(self.lab.vm.out("ping -q -i 0.05 -c 20 -W 10 " + address))
        equal(peer.stop()["broken"], {}, "rules that our driver broke")


class Shadow(Plugin):
    """Four proxies on each device."""

    def start(self):
        vm = self.lab.vm
        vm.run("modprobe ivshmem_shadow")
        for number in (0, 1):
            node = self.node(number, "shadow-process")
            vm.job("exec shadow-proxy --threads 4 --device /dev/%s >/run/%s" % (node, node),
                   timeout=1000000)
            until(lambda n=node: "ready" in vm.run("cat /run/" + n, check=False).out, "slots")
            slots = [line.split()[1] for line in vm.out("cat /run/" + node).splitlines()
                     if line.startswith("slot ")]
            self.options[number] = [word for slot in slots for word in ("--slot", slot)]

    def works(self, number):
        command = [RTOS, "--socket", self.links[number].peer(1), "--json", "--count", "100",
                   "--timeout", "20000"]
        done = subprocess.run(command + self.options[number] + ["load"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        equal(done.returncode, 0, "exit status of ivshmem-rtos (%s)" % done.stdout.decode())


class Uio(Plugin):
    """A program with eventfds on the first device, one with interrupts by UIO on the second. Each
    link has a third peer, for the programs that show that it works."""

    # What they do with what they are told is not what is measured.
    MODEST = "busybox renice -n 19 -p $$ && "
    ENABLE = ("exec 3<>/dev/%s; while :; do printf '\\1\\0\\0\\0' >&3; "
              "dd bs=4 count=1 <&3 >/dev/null 2>&1; done")

    def devices(self):
        return super().devices() + [link.peer(2) for link in self.links]

    def start(self):
        vm = self.lab.vm
        vm.run("modprobe ivshmem_uio")
        vm.job(self.MODEST + "exec ivshmem-tool watch ivshmem%d >/dev/null" % self.first,
               timeout=1000000)
        self.listen()

    def listen(self):
        self.listener = self.lab.vm.job(self.MODEST + self.ENABLE % self.node(1, "uio"),
                                        timeout=1000000)

    def works(self, number):
        if number:
            self.listener.kill()
        ends = [self.node(device, "uio")[3:] for device in (number, 2 + number)]
        self.lab.vm.run("/selftests/uio/example %s 2 & "
                        "/selftests/uio/example %s 0 begin && wait $!" % tuple(ends), timeout=30)
        if number:
            self.listen()


PLUGINS = {"net": Net, "shadow": Shadow, "uio": Uio}


class Prey(Lab):
    """A machine at peer 0 of links of all plugins; the attacks are peer 1."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, plugins=tuple(PLUGINS)):
        super().__init__(kernel)
        self.plugin, devices = {}, []
        for name in plugins:
            self.plugin[name] = PLUGINS[name](self, name, len(devices))
            devices += self.plugin[name].devices()
        self.vm = self.vm(devices)
        for plugin in self.plugin.values():
            plugin.start()


def watch(lab, attacks, seconds):
    """Until they end. What the kernel says ends them at once, and tells how long it took."""
    start = time.monotonic()
    while not all(attack.done() for attack in attacks):
        took = time.monotonic() - start
        splats = lab.vm.splats()
        expect(not splats, "after %.1f s the kernel says:\n%s", took, "\n".join(splats))
        expect(took < seconds + 60, "ivshmem-attack does not end within %d s", seconds + 60)
        time.sleep(0.2)
    # Its last words may explain why an attack found nobody there.
    splats = lab.vm.splats()
    expect(not splats, "the kernel says:\n%s", "\n".join(splats))
    return [attack.result() for attack in attacks]


def attack_both(lab, plugin, seconds, number, raced):
    """One link by one thread, whose seed repeats all of it; the other, raced, with a second thread
    that changes what is read. Where reads are trapped, there is more time for that between two."""
    print("# %s: seed %d" % (plugin.name, number), flush=True)
    attacks = []
    try:
        for link in (0, 1):
            words = ["--seconds", seconds, "--seed", number] + plugin.options[link]
            words += ["--racing"] if link == raced else []
            attacks.append(Attack(lab, plugin.links[link], *(words + ["fuzz"])))
        return watch(lab, attacks, seconds)
    except AssertionError as error:
        raise AssertionError("%s\nattacks: %s" % (error, "\n".join(
            " ".join(map(str, attack.command)) for attack in attacks))) from None
    finally:
        for attack in attacks:
            attack.close()


def tell(name, link, result):
    print("# %s, %s link%s: %d rounds, %d actions, link up %d times, median %.1f ms, worst %.1f ms, "
          "sections looked at %d, skipped %d" % (
              name, ("strict", "fast")[link], ", raced" if result["racing"] else "",
              result["rounds"], result["actions"], result["ups"], result["up_ms_median"],
              result["up_ms_max"], result["sections"], result["skipped"]), flush=True)


def fuzz(lab, name, seconds, number, raced=0):
    """Everything that must hold, whatever the peer does."""
    plugin = lab.plugin[name]
    lines = len(lab.vm.log().splitlines())
    results = attack_both(lab, plugin, seconds, number, raced)
    lines = len(lab.vm.log().splitlines()) - lines
    print("# %s: %d lines of log in %d s" % (name, lines, seconds))
    for link, result in enumerate(results):
        tell(name, link, result)
    problems = lab.problems()
    expect(not problems, "%s", "\n".join(problems))
    expect(lines <= 2 * (LINES * seconds + FIRST_LINES), "%d lines of log in %d s", lines, seconds)
    for link in (0, 1):
        start = time.monotonic()
        plugin.works(link)
        print("# %s: link %d is shown to work within %.1f s" % (
            name, link, time.monotonic() - start), flush=True)


def attacked(name, seconds):
    @test("%s: a peer that draws its attacks gets no splat, no write where we may not, no memory of "
          "ours, no flood of log; then the link works" % name,
          Fixture(Prey, kernel=debug.NAME), timeout=seconds + 400, suffix="-" + name)
    def drawn(lab):
        fuzz(lab, name, seconds, seed())


for each in PLUGINS:
    attacked(each, SECONDS)


@test("a seed gives the same attack again, as long as one thread makes it",
      Fixture(Prey, kernel=debug.NAME), timeout=500)
def repeated(lab):
    words = ["--seed", seed(), "--rounds", 10]
    for name, plugin in lab.plugin.items():
        logs = [lab.folder / ("%s-%d.log" % (name, number)) for number in (0, 1)]
        for log in logs:
            attack = Attack(lab, plugin.links[0], *(words + plugin.options[0] +
                                                    ["--log", log, "fuzz"]))
            try:
                watch(lab, [attack], 60)
            finally:
                attack.close()
        first, second = [log.read_text().splitlines() for log in logs]
        expect(len(first) > 10, "%s: the log is %s", name, first)
        differences = [pair for pair in zip(first, second) if pair[0] != pair[1]]
        equal(differences[:1], [], "what differs with " + name)
        equal(len(second), len(first), "lines of the second log")


def soak(lab, seconds, number, names=tuple(PLUGINS)):
    """Attack after attack; a failure tells the seed of the one that failed."""
    until_then = time.monotonic() + seconds
    for raced, name in itertools.cycle(itertools.product((0, 1), names)):
        left = until_then - time.monotonic()
        if left <= 0:
            return
        fuzz(lab, name, max(10, min(SOAK_SECONDS, int(left))), number, raced)
        number += 1


@test("all plugins, for a long time: as drawn-*, on any kernel", Fixture(Prey),
      timeout=int(60 * MINUTES) + 600, long=True)
def soaked(lab):
    soak(lab, 60 * MINUTES, seed())


# A loop on each CPU that does nothing but count, for 1.5 s: which CPU, and how far it came.
COMPUTE = ("for cpu in 0 1; do taskset -c $cpu timeout 60 sh -c 'trap \"echo $0 \\$i; exit\" TERM; i=0; "
           "while :; do i=$((i + 1)); done' $cpu & pids=\"$pids $!\"; done; sleep 1.5; kill $pids; wait")


def cpu_seconds(vm):
    """What the machine's CPUs have taken of the host's, which may have others to serve."""
    for cpu in vm.qmp("query-cpus-fast"):
        with open("/proc/%d/task/%d/stat" % (vm.process.pid, cpu["thread-id"])) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        yield (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def speeds(plugin, what):
    """Of the loop on each CPU during doorbells flat out, per second that the CPU had; and how many
    doorbells there were in a second."""
    vm = plugin.lab.vm
    attack = Attack(plugin.lab, plugin.links[1], "--seconds", 3.5, *(plugin.options[1] + [what]))
    try:
        time.sleep(1)
        before = list(cpu_seconds(vm))
        counts = dict(map(int, line.split()) for line in vm.out(COMPUTE).splitlines())
        had = [after - b for after, b in zip(cpu_seconds(vm), before)]
        until(attack.done, "the end of " + what, timeout=30)
        return [counts[cpu] / had[cpu] for cpu in (0, 1)], attack.result()["doorbells"] / 3.5
    finally:
        attack.close()


@test("compute loops keep half of their speed while a peer rings flat out",
      Fixture(Prey, kernel=KERNELS[-1]), timeout=300, alone=True)
def flood(lab):
    for name, plugin in lab.plugin.items():
        shares = []
        for _ in range(3):
            quiet, _ = speeds(plugin, "flood-nobody")
            loud, bells = speeds(plugin, "flood")
            shares.append([a / b for a, b in zip(loud, quiet)])
        worst = min(statistics.median(cpu) for cpu in zip(*shares))
        print("# %s: %d doorbells a second leave %d %% of the speed %s" % (
            name, bells, 100 * worst, [["%.2f" % s for s in cpu] for cpu in zip(*shares)]))
        expect(worst >= 0.5, "%s: doorbells leave %d %% of a loop's speed, want at least 50", name,
               100 * worst)
