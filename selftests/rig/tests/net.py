# SPDX-License-Identifier: GPL-2.0
"""ivshmem_net with both ends in one machine: every variant of the device, every kernel."""
import json
import re
import statistics
import time

from .. import debug, tap
from ..lab import Lab
from ..machines import LIB, NET, PING, Pair, all_came_back, found_by_recheck, has_carrier
from ..suite import Fixture, Skip, equal, expect, test, until
from ..util import DEFAULT_KERNEL, KERNELS

# name -> options of the device, how much a connection carries (slow ones less), and where the
# quick form runs it.
VARIANTS = {
    "one-vector": ({"vectors": 1}, "STEP=13", "5.10"),
    "jailhouse-size": ({"output_size": "0x7f000"}, "STEP=13", "7.2"),
    "intx": ({"intx": True, "output_size": "0x7000"}, "STEP=300 BYTES=20000 PINGS=20", "7.2"),
    "strict": ({"strict": True, "output_size": "0x10000"}, "STEP=97 BYTES=50000", "5.10"),
    "drops-interrupts": ({"drop_interrupts": "0.02"}, "STEP=97 BYTES=200000", "7.2"),
}


class Loaded(Pair):
    """The interfaces are there, but a guest's script sets them up."""

    def join(self):
        pass


def pair(name, kernel, options, settings, *quick):
    @test("Ethernet works in every respect: %s, Linux %s" % (name, kernel),
          Fixture(Loaded, kernel=kernel, **options), timeout=1500, suffix="-%s-%s" % (name, kernel),
          quick=quick)
    def pair_sh(lab):
        begin = time.monotonic()
        tap.all_pass(lab.vm.job(settings + " /selftests/net/pair.sh", 1400))
        # Each is a second lost. A machine that stands still has some all the same.
        found, took = found_by_recheck(lab), time.monotonic() - begin
        print("# rechecks found %d in %d s" % (found, took))
        expect("drop_interrupts" in options or found < 20 + took / 10,
               "rechecks found %d in %d s", found, took)


for version in KERNELS:
    pair("msix", version, {}, "STEP=1 BYTES=8000000")
pair("msix", debug.NAME, {}, "STEP=97 BYTES=200000")
for variant in VARIANTS:
    pair(variant, DEFAULT_KERNEL, *VARIANTS[variant])


@test("unbind and rmmod under traffic, 15 times each, 4 on a debug kernel: the link returns each time",
      Fixture(Loaded), timeout=1500)
def remove(lab):
    count = 4 if lab.kernel in debug.NAMES else 15
    tap.all_pass(lab.vm.job("COUNT=%d /selftests/net/remove.sh" % count, 1400))


@test("an interface that is brought up the moment that it is there gets its link", Fixture(Loaded),
      timeout=600)
def opened_at_once(lab):
    driver, flags = "/sys/bus/ivshmem/drivers/net/", "/sys/class/net/eth0/flags"
    lab.vm.run("ip link set eth1 up")
    # Nothing that is started would be as fast.
    opener = lab.vm.job("while :; do echo 0x1003 >%s; done 2>/dev/null" % flags, timeout=600)
    for _ in range(5):
        lab.vm.run("cd %s; echo ivshmem0 >unbind && echo ivshmem0 >bind" % driver)
        until(lambda: has_carrier(lab.vm.run), "the carrier of eth0")
    opener.kill()
    lab.vm.run("ip link set eth0 down; ip link set eth1 down")


PAIR = Fixture(Pair)


def iperf(lab, options, seconds=3):
    """iperf3 from a to b; its JSON."""
    server = lab.start("b", "iperf3 -s -1", seconds + 250)
    until(lambda: lab.at("b", "ss -Hlnt 'sport = :5201'").out, "iperf3 listens")
    result = json.loads(lab.at("a", "iperf3 -J -c %s2 -t %d %s" % (NET, seconds, options),
                               seconds + 200, check=False).out)
    server.result()
    expect("error" not in result, "iperf3: %s", result.get("error"))
    return result["end"]


@test("bulk TCP rings at most one doorbell for ten packets", PAIR, alone=True, quick=("5.10", "7.2"))
def doorbells(lab):
    def count():
        packets = sum(map(int, lab.read("a", "statistics/?x_packets").split()))
        return packets, lab.link.total("doorbells")
    before = count()
    iperf(lab, "")
    packets, rung = [after - b for after, b in zip(count(), before)]
    expect(packets > 1000, "only %d packets moved", packets)
    expect(rung * 10 <= packets, "%d doorbells for %d packets", rung, packets)


@test("doubling how many frames are coalesced halves the interrupts", PAIR, alone=True,
      quick=("7.2",))
def coalescing(lab):
    def count():
        moved = lab.read("b", "statistics/rx_packets")
        return lab.link.stats(1)["interrupts"], int(moved)
    if lab.kernel in debug.NAMES:
        raise Skip("frames come too slowly on a debug kernel, it is the time that decides",
                   optional=True)
    interrupts = {16: [], 32: []}       # for each frame
    for _ in range(10):
        for frames, found in interrupts.items():
            lab.at("b", "ethtool -C link0 adaptive-rx off rx-usecs 10000 rx-frames %d" % frames)
            shown = lab.at("b", "ethtool -c link0").out
            expect(re.search(r"rx-frames:\s+%d\n" % frames, shown), "ethtool -c shows %s", shown)
            before = count()
            iperf(lab, "-u -l 200 -b 10M")
            arrived, moved = [after - b for after, b in zip(count(), before)]
            found.append(arrived / moved)
        # Where a processor is late it is the time that decides, after 62 frames of this rate, or
        # all that have come by then take one interrupt: that pair tells nothing.
        ratios = [b / a for a, b in zip(*interrupts.values()) if a > 1 / 25 and b > 1 / 50]
        if len(ratios) == 3:
            break
    lab.at("b", "ethtool -C link0 adaptive-rx on rx-usecs 80 rx-frames 64")
    expect(ratios and 0.3 < statistics.median(ratios) < 0.75, "interrupts for each frame: %s",
           interrupts)


@test("ethtool tells driver, bus, link, rings and statistics; a coalescing time too long is refused",
      PAIR)
def ethtool(lab):
    info = lab.at("a", "ethtool -i link0").out
    expect("driver: ivshmem_net\n" in info and "bus-info: 0000:00:08.0\n" in info,
           "ethtool -i says %s", info)
    expect("Link detected: yes" in lab.at("a", "ethtool link0").out, "ethtool sees no link")
    expect(re.search(r"TX:\s+4096", lab.at("a", "ethtool -g link0").out), "no ring of 4096")
    one = lab.at("a", "ethtool -S link0").out
    expect(re.search(r"link_ups: [1-9]", one), "ethtool -S says %s", one)
    refused = lab.at("a", "ethtool -C link0 rx-usecs 10001", check=False)
    expect(refused.status, "rx-usecs 10001 was accepted")


@test("netconsole's lines arrive at the other end", PAIR)
def netconsole(lab):
    # netconsole sends from the first namespace only.
    lab.vm.run("ip -n a link set link0 netns 1; ip addr add %s1/24 dev link0; "
               "ip link set link0 up" % NET)
    try:
        lab.wait_carrier("b")
        mac = lab.read("b", "address")
        listener = lab.start("b", "socat -u udp-recv:6666 create:/tmp/heard")
        until(lambda: lab.at("b", "ss -Hlnu 'sport = :6666'").out, "socat listens")
        lab.vm.run("modprobe netconsole netconsole=@%s1/link0,6666@%s2/%s" % (NET, NET, mac))
        lab.vm.run("for i in 1 2 3 4 5; do echo over the link $i >/dev/kmsg; sleep 0.1; done")
        until(lambda: "over the link 5" in lab.vm.out("cat /tmp/heard"), "b hears the last line")
        listener.kill()
    finally:
        lab.vm.run("rmmod netconsole; ip addr flush dev link0; ip link set link0 netns a; "
                   "ip -n a addr add %s1/24 dev link0; ip -n a link set link0 up" % NET,
                   check=False)


@test("the MAC address is the same after a reload, differs between the ends, and can be set; "
      "multicast addresses can be added", PAIR)
def mac(lab):
    def macs():
        return [lab.read(end, "address") for end in "ab"]
    first = macs()
    expect(first[0] != first[1], "both ends have %s", first[0])
    lab.at("a", "ip link set link0 down; ip link set link0 address 02:00:00:00:00:42; "
           "ip link set link0 up")
    lab.wait_carrier("a")
    equal(macs()[0], "02:00:00:00:00:42", "the address that was set")
    lab.at("a", "ip maddr add 01:80:c2:00:00:0e dev link0")
    all_came_back(lab.ping())
    lab.vm.run(LIB + "pair_down; rmmod ivshmem_net && modprobe ivshmem_net && pair_up")
    equal(macs(), first, "addresses after the reload")
    lab.vm.restart()
    lab.vm.run("modprobe ivshmem_net; " + LIB + "pair_up")
    equal(macs(), first, "addresses after a reboot")


@test("the default MTU is Ethernet's, which all peers have buffers for", PAIR)
def mtu(lab):
    for end in "ab":
        equal(lab.read(end, "mtu"), "1500", "MTU of " + end)


TRACING = "cd /sys/kernel/tracing && "
# Who does what to the ring, and what the peer is told
PROBES = TRACING + """echo 8192 >buffer_size_kb || exit 1
for probe in net:ivshmem_net_down net:ivshmem_net_up core:ivshmem_tx_commit; do
	echo "p:ring/${probe#*:} ivshmem_$probe link=%di" >>kprobe_events || exit 1
done
echo 1 >events/ivshmem/ivshmem_set_state/enable && echo 1 >events/ring/enable"""
NO_PROBES = TRACING + "echo 0 >events/enable; echo >kprobe_events; echo >trace; " \
    "echo 1408 >buffer_size_kb"


def after_leaving(trace):
    """(how often a link went down, frames sent between its peer was told and the next up)"""
    leaving, left, late, downs = {}, set(), 0, 0
    for task, event, text in re.findall(r"^ *(\S+) .*?: (ivshmem_\w+): (.*)", trace, re.M):
        link = text.rpartition("link=")[2]
        if event == "ivshmem_net_down":
            leaving[task], downs = link, downs + 1
        elif event == "ivshmem_set_state" and task in leaving:
            expect(text.endswith("state=0"), "after it went down, its state is %s", text)
            left.add(leaving.pop(task))
        elif event == "ivshmem_net_up":
            left.discard(link)
        elif event == "ivshmem_tx_commit":
            late += link in left
    expect(not leaving, "a link went down after its peer was told")
    return downs, late


@test("a link's peer learns that it goes down when nothing of ours is in the ring any more", PAIR)
def down_first(lab):
    if lab.vm.run(TRACING + "[ -e kprobe_events ]", check=False).status:
        raise Skip("the kernel has no CONFIG_KPROBE_EVENTS")
    flood = lab.start("a", "ping -q -f -s 1000 %s2" % NET)
    lab.vm.run(PROBES)
    try:
        # The second time within a second, the kernel takes its time to stop the queue itself.
        for _ in range(4):
            lab.at("b", "ip link set link0 down")
            lab.wait_carrier("a", False)
            lab.at("b", "ip link set link0 up")
            lab.wait_carrier("a")
        downs, late = after_leaving(lab.vm.out(TRACING + "cat trace"))
    finally:
        lab.vm.run(NO_PROBES)
        flood.kill()
    expect(downs >= 8, "only %d times a link went down", downs)
    equal(late, 0, "frames that were sent after the peer was told")


EMPTY = Fixture(Lab)


@test("the interface's name says which PCI function it is", EMPTY)
def name(lab):
    link = lab.link(output_size="64K")
    vm = lab.vm([link.peer(0), link.peer(1)])
    vm.run("/usr/lib/systemd/systemd-udevd --daemon && udevadm trigger --action=add && "
           "udevadm settle -t 270", timeout=280)
    names = vm.out(LIB + "link_names").split()
    expect(re.match(r"^(enp0s|ens)8$", names[0]) and re.match(r"^(enp0s|ens)9$", names[1]),
           "the interfaces are called %s", names)


@test("two links in one machine do not mind each other", EMPTY)
def two_links(lab):
    links = [lab.link(output_size="64K"), lab.link(output_size="1M")]
    vm = lab.vm([link.peer(n) for link in links for n in (0, 1)])
    vm.run("modprobe ivshmem_net")
    for number, (a, b) in enumerate((("eth0", "eth1"), ("eth2", "eth3"))):
        vm.run(LIB + "NET=10.11.%d; end_up a%d %s 1; end_up b%d %s 2"
               % (number, number, a, number, b))
    for number in (0, 1):
        all_came_back(vm.out(LIB + "wait_until 10 carrier a%d; ip netns exec a%d %s -c 20 -s 1400 "
                             "10.11.%d.2" % (number, number, PING, number)))
    changes = "ip netns exec a0 cat /sys/class/net/link0/carrier_changes"
    before = vm.out(changes)
    vm.run("ip netns exec a0 ping -f -q -w 200 10.11.0.2 >/dev/null & "
           "ip -n b1 link set link0 down; sleep 0.5; ip -n b1 link set link0 up; "
           + LIB + "wait_until 10 carrier a1; kill $!")
    equal(vm.out(changes), before, "carrier changes of the first link when the second went down")


@test("an interface takes less than 1 MiB of kernel memory beside its sections", EMPTY,
      quick=("5.10", "7.2"))
def memory(lab):
    links = [lab.link() for _ in range(8)]
    vm = lab.vm([link.peer(n) for link in links for n in (0, 1)])

    def used():
        vm.run("sync; echo 3 >/proc/sys/vm/drop_caches")
        sizes = dict(line.split(":") for line in vm.out("cat /proc/meminfo").splitlines())
        return -int(sizes["MemFree"].split()[0])
    vm.run("modprobe ivshmem_net; rmmod ivshmem_net; rmmod ivshmem_core")
    before = used()
    vm.run("modprobe ivshmem_net")
    vm.run(LIB + "for i in $(link_names); do ip link set $i up; done")
    vm.run(LIB + "up() { [ $(cat /sys/class/net/eth*/carrier | grep -c 1) = 16 ]; }; "
           "wait_until 10 up")
    each = (used() - before) / 16
    print("# %d KiB for each interface" % each)
    expect(each < 1024, "each interface takes %d KiB", each)


@test("the trace tells why a link comes up", EMPTY)
def trace(lab):
    link = lab.link(output_size="64K")
    vm = lab.vm([link.peer(0), link.peer(1)])
    vm.run("modprobe ivshmem_core; echo 1 >/sys/kernel/tracing/events/ivshmem/enable; "
           "modprobe ivshmem_net; " + LIB + "pair_up; ip netns exec a ping -q -c 3 %s2" % NET)
    text = vm.out("cat /sys/kernel/tracing/trace")
    for event in ("ivshmem_doorbell", "ivshmem_interrupt", "ivshmem_set_state",
                  "ivshmem_peer_state", "ivshmem_link"):
        expect(" %s: " % event in text, "no event %s in the trace:\n%s", event, text[-3000:])
    expect("ivshmem_ring_error" not in text, "ring errors between our own ends:\n%s", text[-3000:])


@test("the link comes back by itself after suspend to memory (S3)", PAIR, sleeps=True,
      timeout=600)
def suspend(lab):
    all_came_back(lab.ping())
    for _ in range(3):
        job = lab.vm.job("echo mem >/sys/power/state", timeout=230)
        lab.vm.event("SUSPEND")
        lab.vm.qmp("system_wakeup")
        job.result()
        lab.wait_carrier("a")
        lab.wait_carrier("b")
        all_came_back(lab.ping(20))


# Where the timers of the interfaces ended: address and CPU
EXPIRED = re.compile(r" \[(\d+)\] .* hrtimer_expire_entry: hrtimer=(\S+) function=ivshmem_net_timer")


def timers_shares(lab, cpu):
    """Timer -> the share of its expiries that were on CPU 1, while a sends from that CPU."""
    lab.vm.run(TRACING + "echo >trace; echo 1 >events/timer/hrtimer_expire_entry/enable")
    lab.at("a", "taskset -c %d /usr/bin/ping -q -f -c 1000 %s2" % (cpu, NET))
    lab.vm.run(TRACING + "echo 0 >events/timer/hrtimer_expire_entry/enable")
    cpus = {}
    for where, timer in EXPIRED.findall(lab.vm.out(TRACING + "cat trace")):
        cpus.setdefault(timer, []).append(int(where))
    return {timer: statistics.mean(found) for timer, found in cpus.items() if len(found) > 100}


@test("who asks is answered on its own CPU: the timer follows", PAIR)
def timer_follows(lab):
    if lab.kernel in debug.NAMES:
        raise Skip("a ping takes longer than the timer here", optional=True)
    # On a busy host a timer is often over before the next ping could take it along.
    for _ in range(3):
        shares = [timers_shares(lab, cpu) for cpu in (0, 1)]
        if not shares[0]:
            raise Skip("doorbells are quick here, no timer is needed", optional=True)
        print("# on CPU 1 while CPU 0 or CPU 1 sends: %s" % shares)
        followed = [timer for timer in shares[0]
                    if shares[1].get(timer, 0) - shares[0][timer] > 0.2]
        if followed:
            break
    expect(followed, "no timer was where the sender was: %s", shares)
