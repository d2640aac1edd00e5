# SPDX-License-Identifier: GPL-2.0
"""ivshmem_shadow: programs on one side, an RTOS that misbehaves on the other."""
import re

from .. import debug, tap
from ..kmemleak import KMEMLEAK, forget_leaks, leaks
from ..lab import Lab
from ..suite import Fixture, equal, expect, seed, test, until
from ..util import DEFAULT_KERNEL, KERNELS, TOP

FOLDER = "/selftests/shadow/"
NODE = "/dev/shadow-process0"
CLASS = "/sys/class/shadow-process/shadow-process0/"
GEOMETRY = {"protocol": "shadow", "rw_size": "4M", "output_size": "16K", "strict": True}
# The kernel maps 2 MiB of memory without struct pages by one entry.
HUGE = ("6.12", "7.2") + debug.NAMES
FEWER = "REPLIES=500 PROCESSES=500 BINDS=10"    # each opens, duplicates and forks several times
FEWEST = "REPLIES=150 PROCESSES=150 BINDS=4"
STRESS = "with dozens of proxies, restarts and sudden deaths nothing is lost, nothing left"


class Both(Lab):
    """One machine: the plugin is peer 0, programs of the test are peer 1, without a driver."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, append="", **link):
        super().__init__(kernel)
        self.link = self.link(**dict(GEOMETRY, **link))
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)], append=append)
        self.vm.run("cd /sys/bus/pci/devices/0000:00:09.0 && echo none >driver_override && "
                    "echo 1 >enable && modprobe ivshmem_core")
        self.load()

    def load(self):
        self.vm.run("modprobe ivshmem_shadow && ls " + NODE)

    def program(self, name, environment="", timeout=900):
        """All tests of a program have to pass."""
        tap.all_pass(self.vm.job("%s %s%s" % (environment, FOLDER, name), timeout))

    def stress(self, environment=""):
        self.program("test_stress", "SEED=%d %s" % (seed(), environment), 1800)


def on(kernel):
    suffix = "" if kernel == DEFAULT_KERNEL else "-" + kernel
    both = Fixture(Both, kernel=kernel)

    def check(name, timeout):
        return test("%s (Linux %s)" % (name, kernel), both, timeout, suffix)

    @check("the calls of /dev/shadow-process0 keep what they promise", 1000)
    def calls(lab):
        lab.program("test_calls")

    @check("an RTOS that misbehaves is answered, counted or reset", 1000)
    def ring(lab):
        lab.program("test_ring")

    @check("a node can be used as soon as it is there, while its device comes and goes", 1000)
    def node(lab):
        lab.program("test_node", FEWER if lab.kernel in debug.NAMES else "")

    leaky = kernel == debug.NAME

    @test("%s (Linux %s)" % (STRESS, kernel),
          Fixture(Both, kernel=kernel, append=KMEMLEAK) if leaky else both, 2000, suffix)
    def stress(lab):
        if leaky:
            forget_leaks(lab.vm)
        lab.stress(FEWEST if leaky else FEWER)
        lab.vm.run("for i in 1 2 3 4 5; do rmmod ivshmem_shadow && modprobe ivshmem_shadow || "
                   "exit 1; done", timeout=600)
        if leaky:
            equal(leaks(lab.vm), "", "what kmemleak found")

    @test("programs map the R/W section where shmaddr says, by large entries if the kernel can "
          "(Linux %s)" % kernel, Fixture(Lab, kernel=kernel), 300, suffix)
    def shmaddr(lab):
        vm = elsewhere(lab)
        vm.run("modprobe ivshmem_shadow shmaddr=0x10000000+32M && ls " + NODE)
        expect("10000000-11ffffff : ivshmem_shadow" in vm.out("cat /proc/iomem"), "not claimed")
        tap.all_pass(vm.job("HUGE=%d %stest_window" % (lab.kernel in HUGE, FOLDER), 280))
        vm.run("rmmod ivshmem_shadow")
        expect("ivshmem_shadow" not in vm.out("cat /proc/iomem"), "still claimed")


for version in dict.fromkeys((DEFAULT_KERNEL,) + KERNELS + (debug.NAME,)):
    on(version)


# Refusals


def elsewhere(lab, **options):
    """A machine with two devices without an R/W section, and 64 MiB that nobody uses."""
    links = [lab.link(**dict(GEOMETRY, rw_size=0, **options)) for _ in range(2)]
    vm = lab.vm([link.peer(0) for link in links], append="memmap=64M$0x10000000")
    vm.run("modprobe ivshmem_core")
    return vm


def load(vm, parameters=""):
    """What the log has then, and each device's protocol."""
    said = vm.out("dmesg -c >/dev/null; modprobe ivshmem_shadow %s; dmesg; echo ----; "
                  "cat /sys/bus/ivshmem/devices/*/protocol" % parameters)
    text, _, protocols = said.rpartition("----\n")
    return text, protocols.splitlines()


def refused(vm, parameters, reason):
    """The plugin takes no device, and says why."""
    text, protocols = load(vm, parameters)
    equal(set(protocols), {"0x0002 none auto"}, "protocols with " + parameters)
    expect(reason in text, "with %s the log lacks '%s':\n%s", parameters, reason, text)
    vm.run("rmmod ivshmem_shadow")


@test("a wrong shmaddr is refused with the reason", Fixture(Lab))
def shmaddr_refused(lab):
    vm = elsewhere(lab)
    bar = vm.out("sed -n 3p /sys/bus/pci/devices/0000:00:08.0/resource").split()[0]
    for value, reason in (
            ("hello", "has 'hello', want [DEVICE@]ADDRESS[+SIZE]"),
            ("0x1000", "has 0x1000+0x40000000, where the kernel's own memory is"),
            ("0x10000000+64Mx", "want [DEVICE@]ADDRESS[+SIZE]"),
            ("0x10000800+64K", "has 0x10000800+0x10000, want multiples of 0x1000"),
            ("0x10000000+0x1800", "has 0x10000000+0x1800, want multiples of 0x1000"),
            ("0x10000000+0", "has 0x10000000+0x0, want multiples of 0x1000"),
            ("0xfffffffffffff000+8K", "has 0xfffffffffffff000+0x2000, the last physical address"),
            ("0x10000000+0xfffffffff0000000", "the last physical address is"),
            ("0x20000000000000+64K", "the last physical address is"),
            ("0x8000000+64M", "has 0x8000000+0x4000000, where the kernel's own memory is"),
            ("0xf000000+32M", "where the kernel's own memory is"),
            (bar + "+4K", "where something is claimed already")):
        refused(vm, "shmaddr=" + value, reason)
    vm.run("modprobe ivshmem_shadow shmaddr=0000:00:09.0@0x12000000+16M,0000:00:08.0@"
           "0x10000000+32M && ls /dev/shadow-process1")
    text = vm.out("cat /proc/iomem")
    for claimed in ("10000000-11ffffff", "12000000-12ffffff"):
        expect(claimed + " : ivshmem_shadow" in text, "%s is not claimed:\n%s", claimed, text)


SHAPES = (({"peers": 3}, "link has 3 peers, want 2"),
          ({"vectors": 1}, "device has 1 vectors, want at least 2"),
          ({"output_size": "4K"}, "output section is 0x1000 bytes, want at least 0x2000"),
          ({"output_size": 0}, "output section is 0x0 bytes, want at least 0x2000"))


@test("devices of another shape, and parameters that no device can have, are refused with the reason",
      Fixture(Lab))
def shape_refused(lab):
    links = [lab.link(**dict(GEOMETRY, **options)) for options, _ in SHAPES + (({}, ""),)]
    vm = lab.vm([link.peer(0) for link in links])
    vm.run("modprobe ivshmem_core")
    text, protocols = load(vm)
    equal(protocols, ["0x0002 none auto"] * len(SHAPES) + ["0x0002 shadow auto"], "protocols")
    for number, (_, reason) in enumerate(SHAPES):
        expect("ivshmem%d: %s" % (number, reason) in text, "of device %d the log lacks '%s':\n%s",
               number, reason, text)
    vm.run("rmmod ivshmem_shadow")
    for parameters, reason in (
            ("slots=0", "parameter slots is 0, want 1 to 65536"),
            ("slots=65537", "parameter slots is 65537, want 1 to 65536"),
            ("shmaddr=0x10000000+64M", "R/W section of the device is 0x400000 bytes, want none")):
        refused(vm, parameters, reason)


# Life


@test("Documentation/ABI describes the attributes that a node has, and no others", Fixture(Both))
def abi(lab):
    found = lab.vm.out("cd %s && find . -type f ! -path './power/*' ! -name uevent ! -name dev"
                       % CLASS).split()
    page = (TOP / "Documentation/ABI/testing/sysfs-class-shadow-process").read_text()
    equal({name[2:] for name in found}, set(re.findall(
        r"^What:\s+/sys/class/shadow-process/shadow-processN/(\S+)$", page, re.M)), "attributes")


@test("the module loads for protocol 0002 and by its name, and each device has a node of its own",
      Fixture(Lab))
def choice(lab):
    first, second = lab.link(**GEOMETRY), lab.link(output_size="16K")
    vm = lab.vm([first.peer(0), first.peer(1), second.peer(0)])
    vm.run("modprobe ivshmem_core; modprobe $(cat /sys/bus/ivshmem/devices/ivshmem0/modalias)")
    vm.run("echo shadow >/sys/bus/ivshmem/devices/ivshmem2/protocol")
    equal(vm.out("stat -c %a /dev/shadow-process*").split(), ["600"] * 3, "modes of the nodes")
    equal(vm.out("cat /sys/class/shadow-process/*/name").split(),
          ["shadow-process[0000:00:0%s.0]" % n for n in "89a"], "names")
    # Linux at both ends: they come up, and say nothing to each other.
    until(lambda: first.stats(0)["state"] == first.stats(1)["state"] == 3, "both ends are in RUN")
    vm.run("exec 3<>%s 4<>/dev/shadow-process1; grep 1 %sslots_used" % (NODE, CLASS))
    vm.run("rmmod ivshmem_shadow")
    equal([first.stats(n)["state"] for n in (0, 1)], [0, 0], "states after rmmod")


@test("the module stays while a file is open, the device does not", Fixture(Lab))
def unplug(lab):
    link = lab.link(**GEOMETRY)
    vm = lab.vm([link.peer(0)])
    vm.run("modprobe ivshmem_core; modprobe ivshmem_shadow slots=3")
    equal(vm.out("cat %sslots" % CLASS), "3", "slots")
    reader = vm.job("dd if=%s bs=80 count=1" % NODE)
    until(lambda: vm.out("cat %sslots_used" % CLASS) == "1", "the file is open")
    expect(vm.run("rmmod ivshmem_shadow", check=False).status, "the module went under a file")
    vm.run("echo 1 >/sys/bus/pci/devices/0000:00:08.0/remove")
    said = reader.result(check=False)
    expect(said.status and "No such device" in said.out, "the reader says: %s", said.out)
    vm.run("rmmod ivshmem_shadow ivshmem_core")


@test("a reader learns of suspend to memory (S3), and goes on after it", Fixture(Both), 400,
      sleeps=True)
def suspend(lab):
    job = lab.vm.job(FOLDER + "test_sleep", 380)
    lab.vm.event("SUSPEND")
    lab.vm.qmp("system_wakeup")
    tap.all_pass(job)


@test(STRESS + ", for longer", Fixture(Both), 2000, long=True)
def stress_long(lab):
    lab.stress()
