# SPDX-License-Identifier: GPL-2.0
"""Remote system calls: round trips beside raw doorbells, in one boot, and full load."""
import contextlib
import json
import os
import signal
import statistics
import subprocess
import time

from .lab import Lab
from .suite import until
from .util import DEFAULT_KERNEL, TOP, RigError, step

RTOS = "selftests/shadow/ivshmem-rtos"
# The vector that announces messages of protocol 0002
VECTOR = 1
# Proxies and requests in flight
LOADS = ((1, 1), (1, 2), (1, 4), (4, 16), (16, 64))
PERCENTILES = ("p50", "p99", "p99.9")


class Proxies(Lab):
    """Peer 0 is Linux with proxies."""

    shared = True

    @contextlib.contextmanager
    def proxies(self, count):
        self.vm.run("rm -f /tmp/slots")
        proxy = self.vm.job("shadow-proxy --threads %d > /tmp/slots" % count, timeout=3600)
        try:
            until(lambda: self.vm.run("tail -n 1 /tmp/slots", check=False).out.strip() == "ready",
                  "shadow-proxy is ready", timeout=240)
            yield
        finally:
            proxy.kill(signal.SIGKILL)


class Calls(Proxies):
    """Peer 1 is a UIO program, the RTOS; peer 0 another one, or Linux with its proxies."""

    def __init__(self, kernel, **link):
        super().__init__(kernel)
        self.link = self.link(protocol="shadow", rw_size="1M", **link)
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)])
        self.vm.run("modprobe ivshmem_uio; modprobe ivshmem_shadow")
        self.choose(1, "uio")

    def choose(self, number, plugin):
        self.vm.run("echo %s > /sys/bus/ivshmem/devices/ivshmem%d/protocol" % (plugin, number))

    def raw(self, options):
        """Round trips of two one-shot UIO programs: what ivshmem-tool pingpong tells."""
        self.choose(0, "uio")
        pong = self.vm.job("ivshmem-tool pong ivshmem1 --vector %d" % VECTOR, timeout=600)
        try:
            return json.loads(self.vm.out("ivshmem-tool pingpong ivshmem0 --vector %d --json %s"
                                          % (VECTOR, options)))
        finally:
            pong.kill()

    def call(self, options):
        """Round trips of a remote system call."""
        self.choose(0, "shadow")
        with self.proxies(1):
            return json.loads(self.vm.out("/%s --uio /dev/uio0 --slots /tmp/slots --json ping %s"
                                          % (RTOS, options)))


class Load(Proxies):
    """The RTOS is a process beside the machine: what it does costs Linux nothing."""

    def __init__(self, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        self.link = self.link(protocol="shadow", rw_size="1M")
        self.vm = self.vm([self.link.peer(0)])
        self.vm.run("modprobe ivshmem_shadow slots=4096")

    def cpu_seconds(self):
        """What machine, device and finished children have used of the host's CPUs."""
        ticks = 0
        for pid in (self.vm.process.pid, self.link.process.pid):
            with open("/proc/%d/stat" % pid) as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        children = os.times()
        return ticks / os.sysconf("SC_CLK_TCK") + children.children_user + children.children_system

    def rtos(self, options):
        slots = self.folder / "slots"
        slots.write_text(self.vm.out("cat /tmp/slots") + "\n")
        done = subprocess.run([str(TOP / RTOS), "--socket", str(self.link.peer(1)),
                               "--slots", str(slots), "--json"] + options.split(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=3600)
        if done.returncode:
            raise RigError("ivshmem-rtos %s: %s" % (options, done.stderr.strip()))
        return json.loads(done.stdout)

    def load(self, proxies, in_flight, requests):
        with self.proxies(proxies):
            rung, used, start = self.link.total("doorbells"), self.cpu_seconds(), time.monotonic()
            result = self.rtos("--timeout 60000 load --count %d --threads %d --in-flight %d"
                               % (requests, max(proxies, in_flight), in_flight))
            result["cpus"] = (self.cpu_seconds() - used) / (time.monotonic() - start)
            result["doorbells_per_request"] = (self.link.total("doorbells") - rung) / requests
        return dict(result, proxies=proxies, in_flight=in_flight)


def pingpong(calls, rounds, seconds):
    """Alternating, and which goes first alternates too."""
    found = {"raw": [], "call": []}

    def raw(number):
        with step("round %d of %d: raw doorbells" % (number + 1, rounds)):
            us = calls.raw("--seconds %d --count 10000000" % seconds)["us"]
            found["raw"].append({name: us[name] for name in PERCENTILES})

    def call(number):
        with step("round %d of %d: remote system call" % (number + 1, rounds)):
            got = calls.call("--seconds %d --count 0" % seconds)
            found["call"].append({"p50": got["p50_us"], "p99": got["p99_us"],
                                  "p99.9": got["p999_us"],
                                  "interrupts": got["interrupts_per_ping"]})

    for number in range(rounds):
        for one in (raw, call) if number % 2 == 0 else (call, raw):
            one(number)
    return found


def loads(kernel, requests):
    """A hundredth of the requests is enough but for the last."""
    found = []
    with step("a machine for remote system calls, and an RTOS beside it"):
        lab = Load(kernel)
    with lab:
        for load in LOADS:
            share = requests if load == LOADS[-1] else max(requests // 100, 1000)
            with step("%d requests to %d proxies, %d in flight" % ((share,) + load)):
                found.append(lab.load(*load, share))
        return found, lab.problems()


def measure(kernel, rounds, seconds, requests):
    """All figures, and what no run may cause."""
    with step("a machine with both ends of a link for remote system calls"):
        calls = Calls(kernel)
    with calls:
        result, problems = {"rounds": pingpong(calls, rounds, seconds)}, calls.problems()
    result["load"], found = loads(kernel, requests)
    return result, problems + found


def show(result):
    """The tables of Documentation/benchmarks.md."""
    print("\n| round trip | unit | two UIO programs | remote getpid | ratio |")
    print("|---|---|---|---|---|")
    for name in PERCENTILES:
        raw, call = ([r[name] for r in result["rounds"][path]] for path in ("raw", "call"))
        ratio = statistics.median(c / r for c, r in zip(call, raw))
        cells = ["%.4g (%.4g-%.4g)" % (statistics.median(v), min(v), max(v)) for v in (raw, call)]
        print("| %s %% | us | %s | %s | %.2f |" % (name[1:], cells[0], cells[1], ratio))
    print("\n| proxies | in flight | requests | lost | calls/s | 50 % us | 99 % us | 99.9 % us | "
          "interrupts/request | doorbells/request | CPUs busy |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for row in result["load"]:
        print("| %d | %d | %d | %d | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f | %.2f |" % (
            row["proxies"], row["in_flight"], row["requests"], row["requests"] - row["replies"],
            row["per_second"], row["p50_us"], row["p99_us"], row["p999_us"],
            row["interrupts_per_request"],
            row["doorbells_per_request"], row["cpus"]))
