# SPDX-License-Identifier: GPL-2.0
"""make demo: two machines talk over a link; one dies, comes back, and so does the link. Then the
operator gives the same link to programs, and to an RTOS that calls Linux; at last a process takes
the place of a machine."""
import json
import time

from . import qemu, roots
from .link import Hosted
from .machines import NET, Two, ping_figures
from .suite import until
from .util import DEFAULT_KERNEL, say, step

ATTRIBUTES = ("protocol", "id", "max_peers", "vectors", "state", "peer_states",
              "output_section_size")


def show_devices(lab):
    for vm in lab.vms:
        say("    %s: /sys/bus/ivshmem/devices/ivshmem0" % vm.name)
        for name in ATTRIBUTES:
            value = vm.run("cat /sys/bus/ivshmem/devices/ivshmem0/%s" % name, check=False)
            say("        %-20s %s" % (name, " ".join(value.out.split())))


def iperf(lab, options="", seconds=4):
    """Bits per second as the receiver counted them, from vm0 to vm1."""
    server = lab.vms[1].job("iperf3 -s -1", timeout=seconds + 30)
    # The server needs a moment; the client tells when it was too early.
    client, _ = until(lambda: try_client(lab, options, seconds), "iperf3 connects", 10, 0.2)
    server.result(check=False)
    return client


def try_client(lab, options, seconds):
    text = lab.vms[0].run("iperf3 -J -c %s2 -t %d %s" % (NET, seconds, options),
                          timeout=seconds + 20, check=False).out
    end = json.loads(text).get("end", {})
    return end.get("sum_received", {}).get("bits_per_second")


def doorbells(lab):
    return lab.link.total("doorbells")


def packets(vm):
    return sum(int(vm.out("cat /sys/class/net/eth0/statistics/%s_packets" % way))
               for way in ("rx", "tx"))


def traffic(lab):
    figures = {}
    with step("ping, 50 times"):
        figures["ping"] = "%.2f ms" % ping_figures(lab.ping(50))[2]
    rung, moved = doorbells(lab), packets(lab.vms[0])
    for name, options in (("TCP vm0 to vm1", ""), ("TCP vm1 to vm0", "-R")):
        with step("iperf3, %s" % name):
            figures[name] = "%.0f Mbit/s" % (iperf(lab, options) / 1e6)
    rung, moved = doorbells(lab) - rung, packets(lab.vms[0]) - moved
    figures["packets for each doorbell, TCP"] = "%.1f (%d packets)" % (moved / max(rung, 1), moved)
    with step("iperf3, UDP vm0 to vm1"):
        figures["UDP 1400 bytes, vm0 to vm1"] = "%.0f Mbit/s" % (
            iperf(lab, "-u -b 100M -l 1400", 3) / 1e6)
    return figures


def crash_and_return(lab):
    """vm1 loses power; how long until the link stands again once its driver is loaded?"""
    survivor, victim = lab.vms
    with step("kill -9 of vm1's QEMU"):
        victim.kill()
        _, seconds = until(lambda: not lab.carrier(0), "vm0's carrier goes off")
        say("    vm0 took its carrier off after %.2f s" % seconds)
    with step("vm1 boots again"):
        victim.start()
    before = survivor.out("cat /sys/class/net/eth0/carrier_changes")
    start = time.monotonic()
    lab.bring_up(1)
    lab.wait_both()
    lab.ping(1)
    back = time.monotonic() - start
    after = survivor.out("cat /sys/class/net/eth0/carrier_changes")
    say("    vm0's interface: carrier changes %s -> %s, nobody touched it" % (before, after))
    return back


SCRIPT = r"""
open "/tmp/from-the-rtos" O_CREAT|O_WRONLY 0644 -> fd
write $fd "Hello from the RTOS\n" -> 20
close $fd -> 0
"""


def choose(lab, number, plugin):
    lab.vms[number].run("echo %s > /sys/bus/ivshmem/devices/ivshmem0/protocol" % plugin)


def programs(lab):
    """The same link for two programs that ring each other."""
    with step("protocol uio at both ends, ivshmem-tool pingpong"):
        for number in (0, 1):
            choose(lab, number, "uio")
        pong = lab.vms[1].job("ivshmem-tool pong ivshmem0")
        try:
            us = json.loads(lab.vms[0].out("ivshmem-tool pingpong ivshmem0 --count 2000 --json"))["us"]
        finally:
            pong.kill()
    return "%.0f us, 99 %% within %.0f us" % (us["p50"], us["p99"])


def remote_call(lab):
    """vm1 is the RTOS: its program writes a file, and the file is on vm0."""
    linux, rtos = lab.vms
    with step("protocol shadow at vm0, a proxy; vm1 plays the RTOS and writes a file"):
        choose(lab, 0, "shadow")
        proxy = linux.job("shadow-proxy > /tmp/slots", timeout=120)
        until(lambda: "ready" in linux.run("cat /tmp/slots", check=False).out, "the proxy is ready")
        run = "/selftests/shadow/ivshmem-rtos --uio /dev/uio0 --slot %s " % \
            linux.out("cat /tmp/slots").split()[1]
        rtos.run("cat > /tmp/script << 'END'%sEND\n%sscript /tmp/script" % (SCRIPT, run))
        say("    vm1 ran open(), write() and close(); vm0 has /tmp/from-the-rtos: %s"
            % linux.out("cat /tmp/from-the-rtos"))
        ping = json.loads(rtos.out(run + "ping --count 2000 --json"))
        proxy.kill()
    return "%.0f us, 99 %% within %.0f us" % (ping["p50_us"], ping["p99_us"])


def process(lab):
    """vm1 makes way for a process, with the same drivers; vm0 pings it."""
    with step("protocol net at vm0 again; hosted-link, a process, in vm1's place"):
        choose(lab, 0, "net")
        lab.vms[1].kill()
        hosted = Hosted(lab.link.peer(1), NET + "2/24")
        try:
            lab.bring_up(0)
            until(lambda: lab.carrier(0), "vm0's carrier comes on")
            figure = "%.2f ms" % ping_figures(lab.ping(50))[2]
            hosted.stop()
        finally:
            hosted.close()
    return figure


def summary(figures, stats, took):
    say("\n  Summary")
    for name, value in figures.items():
        say("    %-32s %s" % (name, value))
    for peer in stats["peers"]:
        say("    peer %d of the device              doorbells %d, interrupts %d, state changes %d"
            % (peer["id"], peer["doorbells"], peer["interrupts"], peer["state_changes"]))
    say("    %-32s %.0f s" % ("the demo took", took))


def main():
    start = time.monotonic()
    say("    QEMU:    %s (%s)" % (qemu.version(), qemu.accelerator()[1].split(",")[0]))
    say("    kernel:  %s" % roots.release(DEFAULT_KERNEL))
    with step("a link with two peers, and a machine at each of its ends"):
        lab = Two(load=False, rw_size="1M")
    with lab:
        say("    device:  %s" % " ".join(str(word) for word in lab.link.argv()))
        say("    QEMU:    -device '%s'" % json.dumps(lab.vms[0].device(0, lab.link.peer(0))))
        with step("modprobe ivshmem_net, addresses, links up"):
            for number in (0, 1):
                lab.bring_up(number)
            lab.wait_both()
        show_devices(lab)
        figures = traffic(lab)
        figures["link back after vm1's restart"] = "%.2f s" % crash_and_return(lab)
        figures["round trip of two UIO programs"] = programs(lab)
        figures["remote getpid()"] = remote_call(lab)
        figures["ping, a process in place of vm1"] = process(lab)
        problems = lab.problems()
        summary(figures, lab.link.stop(), time.monotonic() - start)
    for problem in problems:
        say("    PROBLEM %s" % problem)
    return 1 if problems else 0
