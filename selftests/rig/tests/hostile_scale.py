# SPDX-License-Identifier: GPL-2.0
"""All plugins against a peer whose attacks are drawn from a seed, for a minute or for hours."""
import itertools
import json
import os
import signal
import subprocess
import time

from .. import debug
from ..kmemleak import KMEMLEAK, forget_leaks, leaks
from ..lab import Lab
from ..suite import Fixture, Skip, equal, expect, seed, test, until
from ..util import DEFAULT_KERNEL, RigError, end, spawn
from .core import all_vectors_arrive
from .hostile import PROGRAM, load_works

LINKS = {
    "net": {"output_size": "128K"},
    "shadow": {"protocol": "shadow", "rw_size": "1M", "output_size": "128K"},
    "uio": {"protocol": "uio", "peers": 3, "rw_size": "64K", "output_size": "64K"},
}
SECONDS = 30                            # of each of the two attacks in CI
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
        answered(self.lab, self.links[number], "10.11.%d.2" % number)


def answered(lab, link, address):
    peer = lab.peer(link.peer(1), "echo", profile="linux", ip=address, mac="02:00:00:00:00:02")
    # The first ones find no link yet; and a machine that gets no processor loses answers.
    until(lambda: " 0% packet loss" in lab.vms[0].run(
        "ping -q -i 0.05 -c 20 -W 2 " + address, check=False).out,
        "20 of 20 pings come back", timeout=200)
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
        load_works(self.links[number].peer(1), "100", *self.options[number])


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
                        "/selftests/uio/example %s 0 begin && wait $!" % tuple(ends))
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
        self.leaky = kernel == debug.NAME
        self.vm = self.vm(devices, append=KMEMLEAK if self.leaky else "")
        for plugin in self.plugin.values():
            plugin.start()
        if self.leaky:
            forget_leaks(self.vm)


def watch(lab, attacks, seconds):
    """Until they end. What the kernel says ends them at once, and tells how long it took."""
    start = time.monotonic()
    while not all(attack.done() for attack in attacks):
        took = time.monotonic() - start
        splats = lab.vm.splats()
        expect(not splats, "after %.1f s the kernel says:\n%s", took, "\n".join(splats))
        expect(took < seconds + 200, "ivshmem-attack does not end within %d s", seconds + 200)
        time.sleep(0.2)
    # Its last words may explain why an attack found nobody there.
    splats = lab.vm.splats()
    expect(not splats, "the kernel says:\n%s", "\n".join(splats))
    return [attack.result() for attack in attacks]


def attack_both(lab, plugin, seconds, number):
    """One link by one thread, whose seed repeats all of it; the other, raced, with a second thread
    that changes what is read. Which one is the seed's, too: both have to meet the link that traps
    wrong writes, where there also is more time between two reads."""
    print("# %s: seed %d" % (plugin.name, number), flush=True)
    attacks = []
    try:
        for link in (0, 1):
            words = ["--seconds", seconds, "--seed", number] + plugin.options[link]
            words += ["--racing"] if link == number % 2 else []
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
          "sections seen cleared %d, looked at %d, skipped %d" % (
              name, ("strict", "fast")[link], ", raced" if result["racing"] else "",
              result["rounds"], result["actions"], result["ups"], result["up_ms_median"],
              result["up_ms_max"], result["cleared"], result["sections"], result["skipped"]),
          flush=True)


def fuzz(lab, name, seconds, number):
    """Everything that must hold, whatever the peer does."""
    plugin = lab.plugin[name]
    lines, start = len(lab.vm.log().splitlines()), time.monotonic()
    results = attack_both(lab, plugin, seconds, number)
    lines, took = len(lab.vm.log().splitlines()) - lines, time.monotonic() - start
    print("# %s: %d lines of log in %d s" % (name, lines, took))
    for link, result in enumerate(results):
        tell(name, link, result)
        # An attack that never gets anywhere breaks nothing. UIO has no handshake, and no ring.
        for what in ("actions",) + (("ups", "cleared", "sections") if name != "uio" else ()):
            expect(result[what], "%s, link %d: no %s in %d s", name, link, what, seconds)
    problems = lab.problems()
    expect(not problems, "%s", "\n".join(problems))
    expect(lines <= 2 * (LINES * took + FIRST_LINES), "%d lines of log in %d s", lines, took)
    for link in (0, 1):
        start = time.monotonic()
        plugin.works(link)
        print("# %s: link %d is shown to work within %.1f s" % (
            name, link, time.monotonic() - start), flush=True)


def nothing_leaks(lab):
    """It takes half a minute, so once for all that is short."""
    if lab.leaky:
        equal(leaks(lab.vm), "", "what kmemleak found")


def attacked(name, seconds):
    @test("%s: a peer that draws its attacks gets no splat, no write where we may not, no memory of "
          "ours, no flood of log; then the link works" % name,
          Fixture(Prey, kernel=debug.NAME), timeout=seconds + 1000, suffix="-" + name)
    def drawn(lab):
        fuzz(lab, name, seconds, seed())
        if name == list(PLUGINS)[-1]:
            nothing_leaks(lab)


for each in PLUGINS:
    attacked(each, SECONDS)


@test("a seed gives the same attack again, as long as one thread makes it",
      Fixture(Prey, kernel=debug.NAME), timeout=1000)
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


def counted(plugin, number):
    """Interrupts, how often they were held back, and doorbells that met interrupts disabled."""
    counters = plugin.lab.vm.out("cd /sys/bus/ivshmem/devices/ivshmem%d/counters && "
                                 "cat interrupts throttles" % (plugin.first + number))
    return [int(word) for word in counters.split()] + [
        plugin.links[number].stats(0)["dropped_disabled"]]


def held_back(plugin, seconds=3):
    before = [counted(plugin, number) for number in (0, 1)]
    attacks = [Attack(plugin.lab, link, "--seconds", seconds, *options, "flood")
               for link, options in zip(plugin.links, plugin.options)]
    try:
        watch(plugin.lab, attacks, seconds)
    finally:
        for attack in attacks:
            attack.close()
    few = False
    for number in (0, 1):
        arrived, held, dropped = [now - then for now, then in zip(counted(plugin, number),
                                                                  before[number])]
        print("# %s, link %d: %d interrupts, held back %d times, %d doorbells dropped" % (
            plugin.name, number, arrived, held, dropped))
        if plugin.name == "uio" and number:
            equal(held, 0, "one-shot interrupts held back")
        elif held <= 20 and seconds == 3:
            few = True
        else:
            expect(held > 20, "%s: interrupts were held back %d times", plugin.name, held)
            expect(dropped > 10 * arrived, "%s: %d interrupts, only %d doorbells were dropped",
                   plugin.name, arrived, dropped)
        plugin.works(number)
    if few:                             # a slow machine has longer
        held_back(plugin, 20)


@test("interrupts beyond max_interrupts are held back while a peer rings flat out, and none of them "
      "is forgotten", Fixture(Prey), timeout=1000)
def throttled(lab):
    vm, limit = lab.vm, "/sys/module/ivshmem_core/parameters/max_interrupts"
    usual = vm.out("cat " + limit)
    # One in each tick: from then on every interrupt has the next ones held back.
    vm.run("echo 1 >" + limit)
    try:
        all_vectors_arrive(vm, lab.plugin["net"].first)
        for plugin in lab.plugin.values():
            held_back(plugin)
        expect("was reset" not in vm.log(), "a device is taken for one that was reset")
    finally:
        vm.run("echo %s >%s" % (usual, limit))


# A hold's timer is started, and expires unless somebody cancels it. Who unbinds has a CPU without
# interrupts: on theirs most holds are over when it gets to run.
TRACE_HOLDS = """cd /sys/kernel/tracing/events/timer && echo 8192 >../../buffer_size_kb || exit 1
timer=$(sed -n 's/^\\(\\w*\\) . end_throttle\t.*/0x\\1/p' /proc/kallsyms)
for event in hrtimer_start hrtimer_expire_entry; do
	echo "function == $timer" >$event/filter && echo 1 >$event/enable || exit 1
done
echo 1 >/proc/irq/default_smp_affinity"""
AS_HELD = """taskset -p 2 $$ >/dev/null
as_held() {
	read before </sys/bus/ivshmem/devices/ivshmem0/counters/throttles; now=$before
	until [ $now -gt $before ]; do
		read now </sys/bus/ivshmem/devices/ivshmem0/counters/throttles || exit 1
	done
	"$@"
}
"""
# A timer that is left expires before they are counted.
GO = AS_HELD + """go() { echo %(device)s >unbind; }
cd %(driver)s || exit 1
for i in 1 2 3 4 5 6 7 8; do echo %(device)s >bind && as_held go || exit 1; done
sleep 1; cd /sys/kernel/tracing
for event in hrtimer_start hrtimer_expire_entry; do grep -c $event: trace; done; true"""


def go(vm, driver, device, times=2, most=10):
    """The device and its driver part until so many holds were cancelled by that."""
    names = {"driver": driver, "device": device}
    vm.run("echo %(device)s >%(driver)s/unbind; sleep 1; echo >/sys/kernel/tracing/trace" % names)
    for count in range(1, most + 1):
        begun, over = map(int, vm.out(GO % names).split())
        if begun - over >= times:
            break
    vm.run("echo %(device)s >%(driver)s/bind" % names)
    text = "%s unbound %d times: of %d holds %d were cancelled" % (device, 8 * count, begun,
                                                                  begun - over)
    print("# " + text)
    expect(begun - over >= times, "%s, want %d", text, times)


@test("a hold of interrupts ends with the plugin, the device or the core, while a peer rings flat "
      "out; then the link works", Fixture(Lab), timeout=500, quick=(debug.NAME,))
def gone(lab):
    link = lab.link(output_size="128K")
    vm = lab.vm([link.peer(0)])
    vm.run("modprobe ivshmem_core max_interrupts=1 && modprobe ivshmem_net && "
           "ip link set eth0 up; " + TRACE_HOLDS)
    attack = Attack(lab, link, "--seconds", 1000, "flood")
    try:
        # What the machine leaves of the host is more than enough doorbells.
        os.setpriority(os.PRIO_PROCESS, attack.process.pid, 19)
        until(lambda: rung(link) > 1000, "doorbells")
        go(vm, "/sys/bus/pci/drivers/ivshmem_core", "0000:00:08.0")
        go(vm, "/sys/bus/ivshmem/drivers/net", "ivshmem0")
        vm.run(AS_HELD + "as_held rmmod ivshmem_net ivshmem_core")
        expect(not attack.done(), "the doorbells ended before the core was gone")
    finally:
        attack.close()
    vm.run("modprobe ivshmem_net && ip addr add 10.11.0.1/24 dev eth0 && ip link set eth0 up; "
           "ip neigh add 10.11.0.2 lladdr 02:00:00:00:00:02 dev eth0")
    answered(lab, link, "10.11.0.2")


def soak(lab, seconds, number, names=tuple(PLUGINS)):
    """Attack after attack; a failure tells how to repeat the one that failed."""
    until_then = time.monotonic() + seconds
    for number, name in ((n, name) for n in itertools.count(number) for name in names):
        left = until_then - time.monotonic()
        if left <= 0:
            return
        try:
            fuzz(lab, name, max(10, min(SOAK_SECONDS, int(left))), number)
            nothing_leaks(lab)
        except (AssertionError, RigError) as error:
            raise RigError("%s\nagain: selftests/rig/rig fuzz --kernel %s --plugin %s --seed %d" % (
                error, lab.kernel, name, number)) from error


@test("all plugins, for a long time: as drawn-*, on any kernel", Fixture(Prey),
      timeout=int(60 * MINUTES) + 1000, long=True)
def soaked(lab):
    soak(lab, 60 * MINUTES, seed())


def workers(vm):
    """Seconds since boot, and those that kernel workers have run."""
    uptime, *lines = vm.out("cut -d ' ' -f 1 /proc/uptime; cat /proc/[0-9]*/stat 2>/dev/null; true"
                            ).splitlines()
    fields = [line.rpartition(")")[2].split() for line in lines if "(kworker/" in line]
    return float(uptime), sum(int(stat[11]) + int(stat[12]) for stat in fields) / 100


def clearing(lab, link, plugin, resets):
    """What of a processor kernel workers take, from one reset of the link to another."""
    vm = lab.vms[0]

    def reset():
        """The next one: how many there were, and what workers() tells."""
        before = int(vm.out(resets))
        until(lambda: int(vm.out(resets)) > before, "the link is reset", 200)
        return (int(vm.out(resets)),) + workers(vm)
    attack = Attack(lab, link, "--seconds", 1000, "--seed", seed(), "states")
    try:
        first, then, before = reset()
        time.sleep(5)
        last, now, after = reset()
        expect(not attack.done(), "the attack ended before it was looked at")
    finally:
        attack.close()
    share = (after - before) / (now - then)
    print("# %s: %.0f %% of a processor, %d resets in %.1f s" % (
        plugin, 100 * share, last - first, now - then))
    expect(share < 0.5, "%s: kernel workers took %.0f %% of a processor", plugin, 100 * share)


@test("a peer that changes its state flat out has no processor busy for half of the time, however "
      "large what is cleared", Fixture(Lab), timeout=1000, alone=True, quick=("7.2",))
def cleared(lab):
    link = lab.link(rw_size="1M", output_size="64M")
    vm = lab.vm([link.peer(0)])
    vm.run("modprobe ivshmem_net && modprobe ivshmem_shadow && ip link set eth0 up")
    clearing(lab, link, "net", "ethtool -S eth0 | sed -n 's/.*link_resets: //p'")
    vm.run("echo shadow >/sys/bus/ivshmem/devices/ivshmem0/protocol")
    clearing(lab, link, "shadow", "cat /sys/class/shadow-process/shadow-process0/counters/resets")


LOOKS = 8 * 250         # a second: LOOKS_A_TICK, and CONFIG_HZ of all our kernels


@test("a peer that changes its state flat out has no more than eight looks at it in each tick, and "
      "the last state is seen", Fixture(Lab), quick=("7.2",))
def looked_at(lab):
    link = lab.link()
    vm = lab.vm([link.peer(0)])
    vm.run("modprobe ivshmem_net && ip addr add 10.11.0.1/24 dev eth0 && ip link set eth0 up")

    def changes():
        return [float(number) for number in vm.out(
            "cut -d ' ' -f 1 /proc/uptime; "
            "cat /sys/bus/ivshmem/devices/ivshmem0/counters/state_changes").split()]
    attack = Attack(lab, link, "--seconds", 1000, "--seed", seed(), "states")
    try:
        until(lambda: changes()[1] > 100, "the attack has begun")
        then, first = changes()
        time.sleep(5)
        now, last = changes()
        expect(not attack.done(), "the attack ended before it was looked at")
    finally:
        attack.close()
    rate = (last - first) / (now - then)
    print("# %d changes a second were seen, of %d at most" % (rate, LOOKS))
    # Ticks are not read at the same moment as the uptime.
    expect(rate < 1.1 * LOOKS, "%d looks a second found another state, want %d at most", rate, LOOKS)
    answered(lab, link, "10.11.0.2")


# A loop on each CPU that does nothing but count, and tells how far it is when asked.
LOOPS = ("for cpu in 0 1; do taskset -c $cpu /bin/sh -c 'trap \"echo \\$i >/run/count$0\" USR1; i=0; "
         "echo $$ >/run/loop$0; while :; do i=$((i + 1)); done' $cpu & done; wait")
COUNTS = ("until [ -s /run/loop0 ] && [ -s /run/loop1 ]; do sleep 0.01; done; "
          "rm -f /run/count?; kill -USR1 $(cat /run/loop?); "
          "until [ -s /run/count0 ] && [ -s /run/count1 ]; do sleep 0.01; done; cat /run/count?")
TURNS, CPU_SECONDS = 8, 0.25            # of either kind; of each CPU: a busy host takes longer


def cpu_seconds(vm):
    """What the machine's CPUs have taken of the host's, which may have others to serve."""
    for cpu in vm.qmp("query-cpus-fast"):
        with open("/proc/%d/task/%d/schedstat" % (vm.process.pid, cpu["thread-id"])) as stat:
            yield int(stat.read().split()[0]) / 1e9


def how_far(vm):
    return list(map(int, vm.out(COUNTS).split())), list(cpu_seconds(vm))


def turn(vm):
    """What the loop on each CPU does while this has CPU_SECONDS, and how much it had."""
    counts, had = how_far(vm)
    until(lambda: all(now - then >= CPU_SECONDS for now, then in zip(cpu_seconds(vm), had)),
          "each CPU runs for %g s" % CPU_SECONDS, timeout=200)
    later = how_far(vm)
    return [(c - a, d - b) for a, b, c, d in zip(counts, had, *later)]


def in_turns(vm, attack):
    """Rounds of the loop on each CPU, per second that this had, during doorbells to nobody and to
    us. The turns are short: who else is busy on the host slows down both kinds."""
    kinds = [], []
    for _ in range(TURNS):
        for turns in kinds:
            turns.append(turn(vm))
            os.kill(attack.process.pid, signal.SIGUSR1)
            time.sleep(0.1)             # what waits in its socket is of the old kind
    expect(not attack.done(), "the doorbells ended before the loops did")
    return [[sum(rounds for rounds, _ in cpu) / sum(seconds for _, seconds in cpu)
             for cpu in zip(*turns)] for turns in kinds]


def rung(link):
    return link.stats(1)["doorbells"]


def figures(values):
    return " and ".join("%.0f" % value for value in values)


@test("compute loops keep half of their speed while a peer rings flat out",
      Fixture(Prey), timeout=1200, alone=True, quick=("7.2",))
def flood(lab):
    if lab.kernel in debug.NAMES:
        raise Skip("it measures time, which tells nothing on a debug kernel", optional=True)
    lab.vm.job(LOOPS, timeout=10000)
    # On UIO's first link interrupts stay on, for the eventfds; on its second they are one-shot.
    for name, number, kind in (("net", 1, "flood-turns"), ("shadow", 1, "flood-turns"),
                               ("shadow", 1, "shadow-requests"), ("uio", 0, "flood-turns"),
                               ("uio", 1, "flood-turns")):
        plugin = lab.plugin[name]
        link = plugin.links[number]
        count = "cat /sys/bus/ivshmem/devices/ivshmem%d/counters/interrupts" % (
            plugin.first + number)
        before = rung(link)
        attack = Attack(lab, link, "--seconds", 1000, *plugin.options[number], kind)
        try:
            until(lambda k=link, n=before: rung(k) > n + 1000, "doorbells")
            if kind != "flood-turns":
                os.kill(attack.process.pid, signal.SIGUSR1)     # it begins with ours
            # Requests that are answered leave about 60: a host that is busy may take the rest.
            for _ in range(3):
                begin, bells, arrived = time.monotonic(), rung(link), int(lab.vm.out(count))
                quiet, loud = in_turns(lab.vm, attack)
                bells = (rung(link) - bells) / (time.monotonic() - begin)
                arrived = int(lab.vm.out(count)) - arrived
                left = [100 * b / a for a, b in zip(quiet, loud)]
                print("# %s, link %d, %s: %d doorbells a second, %d interrupts in all, leave %s %% "
                      "of the speed of %s thousand rounds a second" % (
                          name, number, kind, bells, arrived, figures(left),
                          figures(speed / 1000 for speed in quiet)))
                if min(left) >= 50:
                    break
        finally:
            attack.close()
        expect(arrived, "%s, link %d: no doorbell arrived", name, number)
        expect(min(left) >= 50, "%s, link %d: doorbells leave %d %% of a loop's speed, want at least "
               "50", name, number, min(left))
    lab.vm.run("kill $(cat /run/loop?)")
