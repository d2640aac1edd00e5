# SPDX-License-Identifier: GPL-2.0
"""ivshmem_core: what it refuses, what it tells, how it comes and goes."""
import re
import time

from .. import debug, tap
from ..forms import QUICK
from ..lab import Lab
from ..machines import LIB, PING, NET, all_came_back
from ..suite import Fixture, equal, expect, test, until
from ..util import DEFAULT_KERNEL, KERNELS

SYSFS = "/sys/bus/ivshmem/devices/ivshmem%d"
EMPTY = Fixture(Lab)

# What the device pretends -> what the log must say of it.
REFUSED = (
    ({"lie": "no-cap"}, "no vendor specific capability"),
    ({"lie": "cap-length=0x10"}, "capability is 0x10 bytes, want at least 0x18"),
    ({"lie": "state-size=0"}, "state table is 0x0 bytes, want at least 0x8 for 2 peers"),
    ({"lie": "state-size=0x1800"}, "state table is 0x1800 bytes, want a multiple of 0x1000"),
    ({"lie": "rw-size=0x123"}, "R/W section is 0x123 bytes, want a multiple of 0x1000"),
    ({"lie": "rw-size=0xfffffffffffff000"}, "overflow"),
    ({"lie": "output-size=0x1800"}, "output section is 0x1800 bytes, want a multiple of 0x1000"),
    ({"lie": "output-size=0x8000000000000000"}, "overflow"),
    ({"lie": "output-size=0x40000000"}, "sections need 0x80001000 bytes, BAR 2 is 0x400000"),
    ({"lie": "bar2-size=0x100000"}, "sections need 0x201000 bytes, BAR 2 is 0x100000"),
    ({"lie": "id=2"}, "ID is 2, want it below the 2 of maximum peers"),
    ({"lie": "id=0xffffffff"}, "ID is 4294967295, want it below"),
    ({"lie": "max-peers=0"}, "maximum peers is 0, want 2 to 65536"),
    ({"lie": "max-peers=1"}, "maximum peers is 1, want 2 to 65536"),
    ({"lie": "max-peers=65537"}, "maximum peers is 65537, want 2 to 65536"),
    ({"lie": "max-peers=65536"}, "state table is 0x1000 bytes, want at least 0x40000"),
    ({"base_address": "0x100000000", "lie": "base-address=0x100000123"},
     "base address is 0x100000123, want a multiple of 0x1000"),
)
# Not ours: no driver may bind, nothing is logged.
IGNORED = ("vendor=0x1234", "device=0x1234", "class=0x050000")
# Unusual, but no reason to refuse a device.
ACCEPTED = ("subsystem=0x9999", "subsystem-vendor=0x9999", "revision=1", "cap-length=0x40",
            "msix-vectors=1")


class Liars(Lab):
    """One machine with a device for each set of options."""
    shared = True

    def __init__(self, wanted, kernel=DEFAULT_KERNEL):
        super().__init__(kernel)
        self.vm = self.vm([self.link(**options).peer(0) for options in wanted])
        self.vm.run("modprobe ivshmem_core")

    @staticmethod
    def address(number):
        return "0000:00:%02x.0" % (8 + number)

    def said(self, number):
        return "\n".join(line for line in self.vm.log().splitlines()
                         if "ivshmem" in line and self.address(number) in line)

    def driver(self, number):
        path = "/sys/bus/pci/devices/" + self.address(number)
        return self.vm.out("[ -d %s ] && { basename $(readlink %s/driver || echo none); }"
                           % (path, path))


@test("a malformed device is refused, and the log names the field, its value and what was wanted",
      Fixture(Liars, wanted=[options for options, _ in REFUSED]))
def refusals(lab):
    for number, (options, message) in enumerate(REFUSED):
        expect(message in lab.said(number), "%s: the log says %r, want %r", options,
               lab.said(number), message)
        equal(lab.driver(number), "none", "driver of the device with %s" % options)
    claimed = lab.vm.run("grep ivshmem /proc/iomem", check=False).out
    equal(claimed, "", "what is still claimed")


@test("a device of another kind is left alone without a word",
      Fixture(Liars, wanted=[{"lie": lie} for lie in IGNORED + ACCEPTED]))
def other_devices(lab):
    for number, lie in enumerate(IGNORED):
        equal(lab.driver(number), "none", "driver of the device with %s" % lie)
        equal(lab.said(number), "", "what the log says of the device with %s" % lie)


@test("an unusual provider, revision or capability is no reason to refuse a device",
      Fixture(Liars, wanted=[{"lie": lie} for lie in IGNORED + ACCEPTED]))
def unusual_devices(lab):
    for number, lie in enumerate(ACCEPTED, len(IGNORED)):
        equal(lab.driver(number), "ivshmem_core", "driver of the device with %s" % lie)


@test("an operator can give it a device of an ID that it does not know, by driver_override or new_id",
      Fixture(Liars, wanted=[{"lie": "device=0x1234"}]))
def unknown_id(lab):
    device, driver = lab.address(0), "/sys/bus/pci/drivers/ivshmem_core"
    override = "/sys/bus/pci/devices/%s/driver_override" % device
    for give, take in (("echo ivshmem_core >%s && echo %s >/sys/bus/pci/drivers_probe" % (
            override, device), "echo >" + override),
            ("echo 110a 1234 >%s/new_id" % driver, "echo 110a 1234 >%s/remove_id" % driver)):
        equal(lab.driver(0), "none", "driver before")
        lab.vm.run(give)
        equal(lab.driver(0), "ivshmem_core", "driver after '%s'" % give)
        lab.vm.run("%s && echo %s >%s/unbind" % (take, device, driver))
    equal(lab.said(0).count("other provider, protocol 0x0001"), 2, "how often it was found")


class Core(Lab):
    """One machine, both ends of a link, no plugin but those that a test loads."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, **link):
        super().__init__(kernel)
        self.link = self.link(**link)
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)])
        self.vm.run("modprobe ivshmem_core")

    def attribute(self, name, number=0):
        return self.vm.out("cat " + SYSFS % number + "/" + name)

    def write(self, name, value, number=0):
        return self.vm.run("echo %s >%s/%s" % (value, SYSFS % number, name), check=False).status


def check_sysfs(vm):
    tap.all_pass(vm.job("/selftests/core/sysfs.sh"))


def all_vectors_arrive(vm, number=0):
    """Both. The self-test waits 200 ms, in which a slow host may not come to raise them."""
    path, all_of_them = SYSFS % number + "/self_test", "2 of 2 vectors arrived"
    for _ in range(3):
        said = vm.out("echo 1 >%s && cat %s" % (path, path))
        if said == all_of_them:
            break
        time.sleep(1)
    equal(said, all_of_them, "self-test")


def attributes(kernel, quick=None, **link):
    how = " ".join("--%s" % name for name in link)
    @test("the attributes in sysfs are right on Linux %s %s" % (kernel, how),
          Fixture(Core, kernel=kernel, **link), suffix="%s-%s" % (how[1:], kernel), quick=quick)
    def sysfs(lab):
        check_sysfs(lab.vm)
        equal(lab.attribute("interrupt_type"), "intx" if link.get("intx") else "msi-x", "vectors")


for version in KERNELS + (debug.NAME,):
    attributes(version)
attributes(DEFAULT_KERNEL, QUICK, intx=True)


@test("devices survive unbind and bind of the PCI driver, 20 times, while attributes are read",
      Fixture(Core, output_size="0x10000"))
def rebind(lab):
    # The shell's own read: often enough that each unbinding meets it.
    lab.vm.run("while :; do for name in protocol state self_test; do read -r line <%s/$name; done; "
               "done 2>/dev/null & cd /sys/bus/pci/drivers/ivshmem_core; for i in $(seq 20); do "
               "echo 0000:00:08.0 >unbind && echo 0000:00:08.0 >bind || exit 1; done" % SYSFS % 0,
               timeout=280)
    check_sysfs(lab.vm)


@test("the core unloads and loads again, 20 times, and leaves the device quiet",
      Fixture(Core, output_size="0x10000"))
def reload(lab):
    lab.vm.run("for i in $(seq 20); do rmmod ivshmem_core && modprobe ivshmem_core || exit 1; "
               "done; rmmod ivshmem_core", timeout=280)
    for peer in lab.link.stats()["peers"]:
        equal((peer["state"], peer["interrupt_control"]), (0, 0), "state, interrupt control")
    lab.vm.run("modprobe ivshmem_core")


@test("an interrupt after a plugin is gone reaches nobody", Fixture(Core, output_size="0x10000"))
def after_plugin(lab):
    for _ in range(3):
        lab.vm.run("modprobe ivshmem_net; sleep 0.1; rmmod ivshmem_net")
        all_vectors_arrive(lab.vm)


@test("a device that is unplugged goes, and one that is plugged in comes", EMPTY)
def hotplug(lab):
    link = lab.link(output_size="0x10000")
    vm = lab.vm([link.peer(0), link.peer(1)])
    vm.run("modprobe ivshmem_core")
    for _ in range(3):
        vm.run("echo 1 >/sys/bus/pci/devices/0000:00:09.0/remove")
        equal(link.stats(1)["interrupt_control"], 0, "interrupt control after the removal")
        equal(vm.out("ls /sys/bus/ivshmem/devices"), "ivshmem0", "devices after the removal")
        vm.run("echo 1 >/sys/bus/pci/rescan")
        until(lambda: vm.out("ls /sys/bus/ivshmem/devices").split() == ["ivshmem0", "ivshmem1"],
              "the device is back")


@test("both ends of a link that QEMU plugs into a running machine are found, and ping each other",
      EMPTY, quick=("7.2",))
def plugged_in(lab):
    link = lab.link(output_size="0x10000")
    vm = lab.vm(slots=True)
    vm.run("modprobe ivshmem_net")
    for number in (0, 1):
        vm.qmp("device_add", **vm.device(number, link.peer(number)))
    until(lambda: vm.out("ls /sys/bus/ivshmem/drivers/net").count("ivshmem") == 2,
          "both have a plugin")
    vm.run(LIB + "pair_up")
    all_came_back(vm.out("ip netns exec a %s -c 5 %s2" % (PING, NET)))


@test("sections are mapped as memory that others share, also where the machine's own is encrypted",
      Fixture(Core))
def shared_memory(lab):
    flags = lab.vm.out("""
        cd /sys/kernel/tracing && echo 'p:map memremap flags=%dx' >kprobe_events || exit
        echo 1 >events/kprobes/enable; echo >trace
        modprobe ivshmem_net; cd /sys/bus/pci/drivers/ivshmem_core
        echo 0000:00:08.0 >unbind; echo 0000:00:08.0 >bind
        cd /sys/kernel/tracing; echo 0 >events/kprobes/enable
        sed -n 's/.* flags=//p' trace; echo >kprobe_events; rmmod ivshmem_net""").split()
    # MEMREMAP_WB and MEMREMAP_DEC; of each device the table and both output sections
    expect(len(flags) >= 6 and set(flags) == {"0x11"}, "flags of memremap(): %s", flags)


@test("the right module loads by itself when a device appears", EMPTY)
def autoload(lab):
    link = lab.link(output_size="0x10000")
    vm = lab.vm([link.peer(0)])
    vm.run("/usr/lib/systemd/systemd-udevd --daemon && udevadm trigger --action=add && "
           "udevadm settle -t 270", timeout=280)
    loaded = vm.out("lsmod")
    for name in ("ivshmem_core", "ivshmem_net"):
        expect(re.search("^%s " % name, loaded, re.M), "%s is not loaded:\n%s", name, loaded)


def sleep_and_wake(vm, seconds=200):
    """Real S3; the machine wakes when QMP says so."""
    job = vm.job("echo mem >/sys/power/state", timeout=seconds + 30)
    vm.event("SUSPEND", seconds)
    vm.qmp("system_wakeup")
    job.result()


@test("vectors work again after suspend to memory (S3)", EMPTY, sleeps=True)
def suspend(lab):
    link = lab.link(output_size="0x10000")
    vm = lab.vm([link.peer(0), link.peer(1)])
    vm.run("modprobe ivshmem_core")
    for _ in range(2):
        sleep_and_wake(vm)
        check_sysfs(vm)
