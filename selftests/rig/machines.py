# SPDX-License-Identifier: GPL-2.0
"""The machines that most tests and the demo use."""
import re
import shlex

from .lab import Lab
from .suite import expect, until
from .util import DEFAULT_KERNEL, RigError

NET = "10.11.0."
LIB = ". /selftests/net/lib.sh; "
# With -c it goes on until so many answers came. Without -w it would end when an answer takes twice
# as long as those before, which is nothing to a machine that stands still for a moment.
PING = "ping -n -i 0.05 -w 60"


def has_carrier(run):
    return run(LIB + "carrier_of /sys/class/net/eth0", check=False).status == 0


def found_by_recheck(lab):
    """How often links had something to do that no interrupt had told of."""
    return sum(int(n) for n in lab.vm.out(
        "cat /sys/bus/ivshmem/devices/*/counters/rechecks_found_work").split())


class Pair(Lab):
    """One machine with both ends of a link, in the network namespaces a and b."""

    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, append="", **link):
        super().__init__(kernel)
        self.link = self.link(**link)
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)], append=append)
        self.vm.run("modprobe ivshmem_net")
        self.join()

    def join(self):
        self.vm.run(LIB + "pair_up")

    def at(self, end, command, timeout=200, check=True):
        """Runs a shell command in namespace a or b."""
        return self.vm.run(self.inside(end, command), timeout, check)

    def start(self, end, command, timeout=200):
        return self.vm.job(self.inside(end, command), timeout)

    @staticmethod
    def inside(end, command):
        # By path, or busybox's nsenter starts its own sh, and that its own ping
        return "nsenter --net=/run/netns/%s /bin/sh -c %s" % (end, shlex.quote(command))

    def read(self, end, name):
        """From the interface's folder in sysfs."""
        return self.vm.out(LIB + "cat $SYSFS/%s/class/net/link0/%s" % (end, name)).strip()

    def ping(self, count=5, options="", end="a"):
        other = NET + ("2" if end == "a" else "1")
        return self.at(end, "%s -c %d %s %s" % (PING, count, options, other)).out

    def carrier(self, end):
        return self.vm.run(LIB + "carrier " + end, check=False).status == 0

    def wait_carrier(self, end, value=True, timeout=60):
        what = "carrier of %s %s" % (end, "on" if value else "off")
        return until(lambda: self.carrier(end) == value, what, timeout)[1]


class Two(Lab):
    """Two machines, a link between them; the interface is eth0 in both."""

    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, load=True, **link):
        super().__init__(kernel)
        self.link = self.link(**link)
        for number in (0, 1):
            self.vm([self.link.peer(number)], start=False).spawn()
        for vm in self.vms:
            vm.ready()
        if load:
            for number in (0, 1):
                self.bring_up(number)
            self.wait_both()

    def bring_up(self, number):
        """What an operator does after a boot."""
        self.start_up(number).result()

    def start_up(self, number):
        return self.vms[number].job("modprobe ivshmem_net && ip addr add %s%d/24 dev eth0 && "
                                    "ip link set eth0 up" % (NET, number + 1))

    def restart(self, number):
        """Power cut, boot, and the interface configured again."""
        self.vms[number].restart()
        self.bring_up(number)

    def carrier(self, number):
        return has_carrier(self.vms[number].run)

    def wait_both(self, timeout=60):
        return max(until(lambda n=n: self.carrier(n), "carrier of %s" % self.vms[n].name,
                         timeout)[1] for n in (0, 1))

    def ping(self, count=5, number=0, options=""):
        other = NET + str(2 - number)
        return self.vms[number].run("%s -c %d %s %s" % (PING, count, options, other)).out


def ping_figures(text):
    """(sent, received, average milliseconds)"""
    counts = re.search(r"(\d+) packets transmitted, (\d+) received", text)
    times = re.search(r"= [\d.]+/([\d.]+)/", text)
    if not counts:
        raise RigError("this is no output of ping: %s" % text)
    return int(counts.group(1)), int(counts.group(2)), float(times.group(1)) if times else None


def all_came_back(text):
    """Those that PING sent: the last ones may still be on their way, but none may be left out."""
    came = {int(number) for number in re.findall(r"icmp_seq=(\d+) ttl=", text)}
    expect(came and len(came) == max(came), "of pings 1 to %d these came back: %s\n%s",
           max(came, default=0), sorted(came), text[-500:])
