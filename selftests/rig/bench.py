# SPDX-License-Identifier: GPL-2.0
"""make bench: our link beside veth, alternating in one boot, so that noise hits both alike."""
import json
import os
import platform
import re
import statistics
import time

from . import calls, initramfs, qemu, roots
from .machines import NET, Pair
from .suite import until
from .util import RigError, say, step

MTU = 16384
VETH = "10.12.0."
OFFLOADS = "tso gso gro tx rx sg"
# name -> options of iperf3; the receiver's rate is what counts.
STREAMS = {
    "TCP": "",
    "UDP 64 B": "-u -b 0 -l 64 -w 4M",
    "UDP 1400 B": "-u -b 0 -l 1400 -w 4M",
}
# How much of what the link carried flat out a receiver is given when it shall keep up.
PACE = 0.5
COALESCE = (8, 16, 32, 64)


class Bench(Pair):
    """Both ends of a link in two namespaces, and a veth pair between the same two."""

    def __init__(self, kernel):
        self.files = initramfs.extra()
        super().__init__(kernel)
        self.vm.run("modprobe veth; ip link add va type veth peer name vb")
        for number, end in enumerate("ab"):
            self.vm.run("ip link set v%s netns %s name veth0; ip -n %s addr add %s%d/24 dev veth0"
                        % (end, end, end, VETH, number + 1))
            self.at(end, "; ".join("ethtool -K veth0 %s off" % name for name in OFFLOADS.split())
                    + "; ip link set link0 mtu %d; ip link set veth0 mtu %d up" % (MTU, MTU))
        self.at("b", "iperf3 -s -D")
        # Sockets that hold a burst: else it is the scheduler that is measured.
        self.vm.run("sysctl -qw net.core.rmem_max=8000000 net.core.wmem_max=8000000")
        for net in (NET, VETH):
            self.start("b", "sockperf sr -i %s2" % net, timeout=36000)
        until(lambda: self.at("b", "grep -q ':1451 ' /proc/net/tcp /proc/net/tcp6", check=False).status == 0,
              "iperf3 listens")

    def counters(self):
        """What is measured around a run: doorbells, packets, busy time of guest and device."""
        stat = self.vm.out("head -n 1 /proc/stat").split()[1:]
        with open("/proc/%d/stat" % self.link.process.pid) as own:
            process = own.read().rsplit(")", 1)[1].split()
        tick = os.sysconf("SC_CLK_TCK")
        return {
            "doorbells": self.link.total("doorbells"),
            "packets": self.figure("b", "rx_packets"),
            "frames": self.figure("b", "rx_packets") + self.figure("a", "rx_packets"),
            "lost_on_link": self.figure("a", "tx_packets") - self.figure("b", "rx_packets"),
            "guest_cpu": sum(int(stat[i]) for i in (0, 1, 2, 5, 6)) / 100,
            "device_cpu": (int(process[11]) + int(process[12])) / tick,
        }

    def figure(self, end, name):
        return int(self.read(end, "statistics/" + name))

    def iperf(self, net, options, seconds):
        text = self.at("a", "iperf3 -J -c %s2 -t %d %s" % (net, seconds, options),
                       timeout=seconds + 60).out
        sums = json.loads(text)["end"]
        # The sum over the receiver's side; older iperf3 has but one sum for UDP.
        got = sums.get("sum_received") or sums["sum"]
        return got["bits_per_second"] / 1e6, sums.get("sum", {}).get("lost_percent", 0.0)

    def stream(self, net, options, seconds):
        before = self.counters()
        rate, lost = self.iperf(net, options, seconds)
        after = self.counters()
        used = {name: after[name] - before[name] for name in after}
        return {
            "mbit_per_second": rate,
            "lost_percent": lost,
            "doorbells": used["doorbells"],
            "packets": used["packets"],
            "frames": used["frames"],
            "lost_on_link": used["lost_on_link"],
            "cpu_seconds_per_gbit": (used["guest_cpu"] + used["device_cpu"]) /
                                    max(rate * seconds / 1e3, 1e-9),
        }

    def ping_pong(self, net, seconds):
        text = self.at("a", "sockperf pp -i %s2 -t %d" % (net, seconds), timeout=seconds + 60).out
        found = dict(re.findall(r"percentile (50|99)\.000 =\s+([\d.]+)", text))
        return {"median_us": float(found["50"]), "p99_us": float(found["99"])}


def measure(bench, net, seconds):
    result = {name: bench.stream(net, options, seconds) for name, options in STREAMS.items()}
    result["ping-pong"] = bench.ping_pong(net, seconds)
    return result


def rounds(bench, count, seconds):
    """Alternating, and which goes first alternates too."""
    found = {"veth": [], "link": []}
    for number in range(count):
        order = (("veth", VETH), ("link", NET))
        for path, net in order if number % 2 == 0 else reversed(order):
            with step("round %d of %d: %s" % (number + 1, count, path)):
                found[path].append(measure(bench, net, seconds))
    return found


def paced(bench, found, seconds):
    """Loss when the receiver can keep up."""
    rate = statistics.median(r["UDP 1400 B"]["mbit_per_second"] for r in found["link"]) * PACE
    with step("1400-byte UDP at %.0f Mbit/s" % rate):
        return dict(bench.stream(NET, "-u -b %dK -l 1400 -w 4M" % (rate * 1e3), seconds),
                    offered_mbit_per_second=rate)


def coalescing(bench, seconds):
    """Interrupts for each thousand frames, as the number of frames to wait for doubles."""
    table = []
    for frames in COALESCE:
        bench.at("b", "ethtool -C link0 adaptive-rx off rx-usecs 10000 rx-frames %d" % frames)
        before, start = bench.counters(), bench.link.stats(1)["interrupts"]
        # At a pace: flat out, NAPI polls and there is nothing to coalesce.
        bench.iperf(NET, "-u -l 64 -b 4M --pacing-timer 100", seconds)
        got = bench.counters()["packets"] - before["packets"]
        interrupts = bench.link.stats(1)["interrupts"] - start
        table.append({"rx_frames": frames, "packets": got,
                      "interrupts_per_1000": 1000 * interrupts / got})
    bench.at("b", "ethtool -C link0 adaptive-rx on rx-usecs 80 rx-frames 64")
    return table


def spread(values):
    """median, lowest, highest"""
    return statistics.median(values), min(values), max(values)


def summary(found):
    """One row for each measure: unit, veth and link as (median, low, high), their ratio."""
    rows = []
    measures = [(name, "mbit_per_second", "Mbit/s") for name in STREAMS]
    measures += [(name, "cpu_seconds_per_gbit", "CPU s/Gbit") for name in STREAMS]
    measures += [("UDP 64 B", "lost_percent", "% lost"), ("UDP 1400 B", "lost_percent", "% lost"),
                 ("ping-pong", "median_us", "us"), ("ping-pong", "p99_us", "us, 99 %")]
    for name, key, unit in measures:
        veth, link = (spread([r[name][key] for r in found[path]]) for path in ("veth", "link"))
        ratios = [l[name][key] / v[name][key] for v, l in zip(found["veth"], found["link"])
                  if v[name][key]]
        rows.append({"measure": name, "unit": unit, "veth": veth, "link": link,
                     "ratio": statistics.median(ratios) if ratios else None})
    return rows


def doorbells(found):
    table = {}
    for name in STREAMS:
        rung = sum(r[name]["doorbells"] for r in found["link"])
        table[name] = sum(r[name]["frames"] for r in found["link"]) / max(rung, 1)
    return table


def conditions(kernel):
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "host_cpus": os.cpu_count(),
        "host_kernel": platform.release(),
        "qemu": qemu.version(),
        "accelerator": qemu.accelerator()[1],
        "guest_kernel": roots.release(kernel),
        "guest_cpus": 2,
        "mtu": MTU,
        "veth_offloads": "off: " + OFFLOADS,
    }


def show(result):
    """The table of Documentation/benchmarks.md, on standard output."""
    print("| measure | unit | veth | link | link / veth |")
    print("|---|---|---|---|---|")
    for row in result["summary"]:
        cells = ["%.4g (%.4g-%.4g)" % tuple(row[path]) for path in ("veth", "link")]
        ratio = "" if row["ratio"] is None else "%.2f" % row["ratio"]
        print("| %s | %s | %s | %s |" % (row["measure"], row["unit"], " | ".join(cells), ratio))
    print()
    for name, ratio in result["packets_per_doorbell"].items():
        print("- %s: %.1f frames for each doorbell, both directions" % (name, ratio))
    lost = sum(r[name]["lost_on_link"] for r in result["rounds"]["link"] for name in STREAMS)
    sent = sum(r[name]["packets"] for r in result["rounds"]["link"] for name in STREAMS)
    print("- frames sent by one interface and not received by the other: %d of %d" % (lost, sent))
    slow = result["paced"]
    print("- UDP 1400 B offered at %.0f Mbit/s: %.2f %% lost"
          % (slow["offered_mbit_per_second"], slow["lost_percent"]))
    for row in result["coalescing"]:
        print("- rx-frames %d: %.0f interrupts for 1000 frames"
              % (row["rx_frames"], row["interrupts_per_1000"]))


def ethernet(kernel, count, seconds):
    """All figures of the Ethernet link, and what no run may cause."""
    with step("a machine with both ends of a link and a veth pair"):
        bench = Bench(kernel)
    with bench:
        found = rounds(bench, count, seconds)
        result = {"rounds": found, "summary": summary(found),
                  "packets_per_doorbell": doorbells(found),
                  "paced": paced(bench, found, seconds)}
        with step("coalescing"):
            result["coalescing"] = coalescing(bench, seconds)
        return result, bench.problems()


PARTS = ("net", "calls")


def main(kernel, parts, count, seconds, requests, path):
    if count < 1 or seconds < 1 or requests < 1:
        raise RigError("want at least 1 round of 1 second and 1 request, found %d of %d and %d"
                       % (count, seconds, requests))
    for part in parts:
        if part not in PARTS:
            raise RigError("there is no part '%s', want one of %s" % (part, ", ".join(PARTS)))
    result, problems = {"conditions": conditions(kernel)}, []
    if "net" in parts:
        result["net"], found = ethernet(kernel, count, seconds)
        problems += found
    if "calls" in parts:
        result["calls"], found = calls.measure(kernel, count, seconds, requests)
        problems += found
    with open(path, "w") as out:
        json.dump(result, out, indent=1)
    if "net" in parts:
        show(result["net"])
    if "calls" in parts:
        calls.show(result["calls"])
    say("    all figures: %s" % path)
    for problem in problems:
        say("    PROBLEM %s" % problem)
    return 1 if problems else 0
