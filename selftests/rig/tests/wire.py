# SPDX-License-Identifier: GPL-2.0
"""ivshmem_net against a peer without a machine that speaks as known drivers do."""
import functools
import os
import signal

from .. import debug
from ..lab import Lab
from ..machines import NET, PING, all_came_back, has_carrier
from ..suite import Fixture, equal, expect, test, until
from ..util import DEFAULT_KERNEL

PROFILES = ("linux", "nuttx", "zephyr")
REFLECT = ("tc qdisc replace dev eth0 root pfifo limit 10000; "
           "tc qdisc add dev eth0 clsact; tc filter add dev eth0 ingress matchall "
           "action mirred egress redirect dev eth0")


class Against(Lab):
    """A machine at peer 0; the tests are peer 1."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, mtu=1500, **link):
        super().__init__(kernel)
        self.link = self.link(**link)
        self.vm = self.vm([self.link.peer(0)])
        self.vm.run("modprobe ivshmem_net && ip addr add %s1/24 dev eth0 && ip link set eth0 "
                    "mtu %d up" % (NET, mtu))

    def other(self, mode, *argument, **options):
        return self.peer(self.link.peer(1), mode, *argument, **options)

    def carrier(self):
        return has_carrier(self.vm.run)

    def wait_carrier(self, value):
        return until(lambda: self.carrier() == value, "carrier %s" % value)[1]


def profiles(name, timeout=300):
    """One test for each profile; NuttX copies what it gets into 592 bytes."""
    def add(function):
        for profile in PROFILES:
            bound = functools.partial(function, profile=profile)
            functools.update_wrapper(bound, function)
            machine = Fixture(Against, mtu=576 if profile == "nuttx" else 1500)
            test(name % profile, machine, timeout, suffix="-" + profile)(bound)
        return function
    return add


@profiles("a peer that speaks like %s answers ping and breaks no rule of its own")
def ping(lab, profile):
    peer = lab.other("echo", profile=profile, ip=NET + "2")
    lab.wait_carrier(True)
    size = 500 if profile == "nuttx" else 1400
    for options in ("", "-s %d" % size):
        all_came_back(lab.vm.out("%s -c 50 %s %s2" % (PING, options, NET)))
    result = peer.stop()
    equal(result["broken"], {}, "rules that our driver broke")
    lab.wait_carrier(False)


@profiles("frames of a peer that speaks like %s come back unchanged and in order")
def reflect(lab, profile):
    lab.vm.run(REFLECT)
    largest, came = 590 if profile == "nuttx" else 1514, []
    # Linux drops until its queue is awake, and when the peer is slow to take frames, or itself is.
    share = 0.5 if lab.kernel in debug.NAMES else 0.9
    try:
        # What is on its way at the end counts as lost, and is more of the few of a slow machine.
        for seconds in (5, 20):
            result = lab.other("source", profile=profile, seconds=seconds, size="60-%d" % largest,
                               expect_echo=True, allow_loss=True).result()
            equal(result["broken"], {}, "rules that our driver broke")
            for what in ("changed", "reordered", "doubled"):
                equal(result[what], 0, what + " frames")
            came.append((result["intact"], result["tx_frames"]))
            if result["intact"] > share * result["tx_frames"] > share * 1000:
                return
    finally:
        lab.vm.run("tc qdisc del dev eth0 clsact; tc qdisc del dev eth0 root")
    expect(False, "of frames came back, and were sent: %s", came)


@profiles("the link returns each of 100 times that a %s peer takes its interface down and up")
def flap(lab, profile):
    result = lab.other("flap", profile=profile, count=100).result(280)
    equal(result["broken"], {}, "rules that our driver broke")


@profiles("our interface taken down and up 100 times, 30 with a debug kernel, is in step with a %s "
          "peer each time")
def down_up(lab, profile):
    peer = lab.other("discard", profile=profile)
    lab.wait_carrier(True)
    lab.vm.run("for i in $(seq %d); do ip link set eth0 down; ip link set eth0 up; "
               "[ $((i %% 5)) = 0 ] && sleep 0.05; done; true"
               % (30 if lab.kernel in debug.NAMES else 100), timeout=280)
    lab.wait_carrier(True)
    equal(peer.stop()["broken"], {}, "rules that our driver broke")


@test("our interface stays in RESET as long as the peer has not seen that it went there",
      Fixture(Against, mtu=1500))
def wait_in_reset(lab):
    peer = lab.other("discard")
    lab.wait_carrier(True)
    writes = "cat /sys/bus/ivshmem/devices/ivshmem0/counters/state_writes"
    for _ in range(5):
        before = int(lab.vm.out(writes))
        os.kill(peer.process.pid, signal.SIGSTOP)
        lab.vm.run("ip link set eth0 down; ip link set eth0 up; sleep 0.2")
        after = int(lab.vm.out(writes))
        os.kill(peer.process.pid, signal.SIGCONT)
        equal(after - before, 1, "state writes while the peer sleeps in RUN")
        lab.wait_carrier(True)
    equal(peer.stop()["broken"], {}, "rules that our driver broke")


@profiles("a %s peer that dies and returns 1000 times always finds the link again", timeout=400)
def restart(lab, profile):
    result = lab.other("restart", profile=profile, count=1000, wait=10).result(380)
    equal(result["rounds"], 1000, "restarts done")
    print("# %s: link back after %.1f ms (median), %.1f ms (99 %%), %.1f ms (worst), %d by recheck"
          % (profile, result["median_ms"], result["p99_ms"], result["max_ms"],
             result["rechecks_found"]))
    lab.wait_carrier(False)


@test("no carrier while the peer goes no further than RESET or INIT",
      Fixture(Against, mtu=1500))
def hold(lab):
    for state, wanted in (("reset", 1), ("init", 2)):
        # They begin when our side is there, and we have to see it before they end.
        peer = lab.other("hold", state, seconds=6)
        until(lambda w=wanted: lab.vm.out(
            "cat /sys/bus/ivshmem/devices/ivshmem0/state") == str(w), "state %d" % wanted)
        expect(not lab.carrier(), "carrier although the peer is in %s", state)
        peer.result()


@test("a queue that stops for a frame which the peer has returned by then goes on at once",
      Fixture(Against, mtu=1500))
def stops_late(lab):
    limit = "/sys/class/net/eth0/queues/tx-0/byte_queue_limits/limit_max"
    usual = lab.vm.out("cat " + limit)
    # Each frame stops the queue. The peer is no machine: it is done while our doorbell returns.
    # What is not seen then waits for a recheck, so for most of a second, each of three times.
    for _ in range(3):
        peer = lab.other("discard")
        lab.wait_carrier(True)
        lab.vm.run("echo 1 >%s; ip neigh replace %s2 lladdr 02:00:00:00:00:02 dev eth0"
                   % (limit, NET))
        lab.vm.run("timeout 3 socat -u -b 64 /dev/zero udp-sendto:%s2:5000; echo %s >%s; "
                   "ip neigh flush dev eth0" % (NET, usual, limit))
        result = peer.stop()
        equal(result["broken"], {}, "rules that our driver broke")
        if result["rx_frames"] > 500:
            return
        lab.wait_carrier(False)
    expect(False, "only %d frames in 3 s", result["rx_frames"])
