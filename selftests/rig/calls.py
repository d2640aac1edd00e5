# SPDX-License-Identifier: GPL-2.0
"""Remote system calls beside raw doorbells: both ends in one machine, alternating in one boot."""
import contextlib
import json
import os
import statistics

from .lab import Lab
from .suite import until
from .util import step

RTOS = "/selftests/shadow/ivshmem-rtos --uio /dev/uio0 --slots /tmp/slots --json "
# The vector that announces messages of protocol 0002
VECTOR = 1
PROXIES = (1, 2, 4, 8, 16)
IN_FLIGHT = 4           # requests for each proxy
PERCENTILES = ("p50", "p99", "p99.9")


class Calls(Lab):
    """Peer 1 is a UIO program, the RTOS; peer 0 another one, or Linux with its proxies."""

    shared = True

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

    @contextlib.contextmanager
    def proxies(self, count):
        self.choose(0, "shadow")
        self.vm.run("rm -f /tmp/slots")
        proxy = self.vm.job("shadow-proxy --threads %d > /tmp/slots" % count, timeout=3600)
        try:
            until(lambda: "ready" in self.vm.run("cat /tmp/slots", check=False).out,
                  "shadow-proxy is ready")
            yield
        finally:
            proxy.kill("KILL")

    def rtos(self, options, timeout=60):
        return json.loads(self.vm.run(RTOS + options, timeout=timeout).out)

    def busy(self):
        """Seconds that the machine's CPUs and the device were busy, and what the CPUs had."""
        stat = [int(word) / 100 for word in self.vm.out("head -n 1 /proc/stat").split()[1:]]
        with open("/proc/%d/stat" % self.link.process.pid) as own:
            process = own.read().rsplit(")", 1)[1].split()
        return {"guest": sum(stat[i] for i in (0, 1, 2, 5, 6)), "all": sum(stat[:8]),
                "device": (int(process[11]) + int(process[12])) / os.sysconf("SC_CLK_TCK")}

    def load(self, count, requests):
        """A load of requests to so many proxies, several in flight for each."""
        before, rung = self.busy(), self.link.total("doorbells")
        with self.proxies(count):
            result = self.rtos("load --count %d --threads %d --in-flight %d"
                               % (requests, count * IN_FLIGHT, count * IN_FLIGHT), timeout=1800)
        after = self.busy()
        result["cpu_busy"] = (after["guest"] - before["guest"]) / \
            max(after["all"] - before["all"], 0.01)
        result["doorbells_per_request"] = (self.link.total("doorbells") - rung) / requests
        return result


def pingpong(calls, rounds, seconds):
    """Alternating, and which goes first alternates too."""
    found = {"raw": [], "call": []}

    def raw(number):
        with step("round %d of %d: raw doorbells" % (number + 1, rounds)):
            us = calls.raw("--seconds %d --count 10000000" % seconds)["us"]
            found["raw"].append({name: us[name] for name in PERCENTILES})

    def call(number):
        with step("round %d of %d: remote system call" % (number + 1, rounds)):
            with calls.proxies(1):
                got = calls.rtos("ping --seconds %d --count 0" % seconds)
            found["call"].append({"p50": got["p50_us"], "p99": got["p99_us"],
                                  "p99.9": got["p999_us"],
                                  "interrupts": got["interrupts_per_ping"]})

    for number in range(rounds):
        for one in (raw, call) if number % 2 == 0 else (call, raw):
            one(number)
    return found


def measure(kernel, rounds, seconds, requests):
    """All figures, and what no run may cause."""
    with step("a machine with both ends of a link for remote system calls"):
        calls = Calls(kernel)
    with calls:
        result = {"rounds": pingpong(calls, rounds, seconds), "load": []}
        for count in PROXIES:
            share = requests if count == PROXIES[-1] else max(requests // 100, 1000)
            with step("%d requests to %d proxies" % (share, count)):
                result["load"].append(dict(calls.load(count, share), proxies=count))
        return result, calls.problems()


def show(result):
    """The tables of Documentation/benchmarks.md."""
    print("\n| round trip | unit | two UIO programs | remote getpid | ratio |")
    print("|---|---|---|---|---|")
    for name in PERCENTILES:
        raw, call = ([r[name] for r in result["rounds"][path]] for path in ("raw", "call"))
        ratio = statistics.median(c / r for c, r in zip(call, raw))
        cells = ["%.4g (%.4g-%.4g)" % (statistics.median(v), min(v), max(v)) for v in (raw, call)]
        print("| %s %% | us | %s | %s | %.2f |" % (name[1:], cells[0], cells[1], ratio))
    print("\n| proxies | requests | lost | calls/s | 50 % us | 99 % us | 99.9 % us | "
          "interrupts/request | doorbells/request | CPUs busy |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in result["load"]:
        print("| %d | %d | %d | %.0f | %.0f | %.0f | %.0f | %.2f | %.2f | %.0f %% |" % (
            row["proxies"], row["requests"], row["requests"] - row["replies"], row["per_second"],
            row["p50_us"], row["p99_us"], row["p999_us"], row["interrupts_per_request"],
            row["doorbells_per_request"], 100 * row["cpu_busy"]))
