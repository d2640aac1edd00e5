# SPDX-License-Identifier: GPL-2.0
"""Each step of init, probe, bind, open and up fails once, for want of memory or of an interrupt.

The Nth allocation of the task that takes the step fails (/proc/self/fail-nth), and so does the Nth
call of pci_enable_device(), pci_request_regions(), pci_alloc_irq_vectors() or request_threaded_irq()
(selftests/core/faults), for N from 1 until a step is over before its N. Where that takes long it is
each N among what functions of ours ask for; of all allocations, one N in STRIDE, from a random one
on."""
import re

from .. import debug
from ..kmemleak import KMEMLEAK, forget_leaks, leaks
from ..lab import Lab
from ..machines import LIB, NET, PING, all_came_back
from ..suite import Fixture, equal, expect, seed, test, until
from .smoke import system_call

# DO is one step, TEST whether it is taken, UNDO takes it back; each is shell code. Where the
# failure was for nothing, as the kernel goes on without what it did not get, the step is taken.
# Where not, the next attempt has to succeed. "left" is what of N the step did not use up.
ATTEMPT = """
		exec 2>/dev/null; echo $nth >/proc/self/fail-nth; %s; status=$?
		read left </proc/self/fail-nth; echo 0 >/proc/self/fail-nth
		echo $status $left"""
SCRIPT = """
echo %(calls)d >/sys/kernel/debug/failslab/cache-filter
echo %(order)d >/sys/kernel/debug/fail_page_alloc/min-order
for kind in failslab fail_page_alloc; do
	echo 0 >/sys/kernel/debug/$kind/verbose
	echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
done
nth=$FIRST refused=0
while :; do
	set -- $(%(attempt)s)
	if %(taken)s; then
		%(undo)s
	else
		refused=$((refused + 1))
		(%(do)s) || { echo "after failure $nth the next attempt fails"; exit 1; }
		%(undo)s
	fi
	[ "${2:-0}" = 0 ] || break
	nth=$((nth + STRIDE))
done
echo $nth $refused
"""
# How far above an allocation our function may be: ioremap() takes as many. The kernel looks no
# further than the last.
NEAR, FAR = 10, 32
ANY = "any"                             # of all modules, also one that is not there yet


class Faults(Lab):
    """A machine with both ends of a link; modules are loaded, nothing is bound but the core."""
    shared = True

    def __init__(self, kernel=debug.NAME):
        super().__init__(kernel)
        self.link = self.link(protocol="0x7fff", vectors=3, rw_size="1M", output_size="64K")
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)], append=KMEMLEAK)
        self.vm.run("modprobe ivshmem_faults && modprobe ivshmem_net && modprobe ivshmem_uio && "
                    "modprobe ivshmem_shadow")
        forget_leaks(self.vm)

    def choose(self, plugin, *numbers):
        for number in numbers:
            self.vm.run("echo %s >/sys/bus/ivshmem/devices/ivshmem%d/protocol" % (plugin, number))

    def refused_calls(self):
        """Of enabling, regions, vectors, interrupts."""
        text = self.vm.out("cat /sys/module/ivshmem_faults/parameters/refused")
        return [int(number) for number in text.split(",")]

    def fail_each(self, do, undo, taken="[ $1 = 0 ]", stride=1, calls=False, pages=True, before="",
                  attempt=None):
        """Returns how often the step was refused. calls: those alone count, no allocation does.
        attempt: what takes the step with a failure, where no command of the shell can."""
        first = 1 + seed() % stride if stride > 1 else 1
        text = self.vm.out("%s\nFIRST=%d STRIDE=%d\n" % (before, first, stride) + SCRIPT % {
            "do": do, "undo": undo, "taken": taken, "calls": calls,
            "attempt": attempt or ATTEMPT % do,
            "order": 1 if pages and not calls else 100}, timeout=1900)
        expect(re.match(r"\d+ \d+$", text), "the loop says %r", text)
        print("# %s: the last of %s calls is over before its failure, %s led to a refusal"
              % ((do,) + tuple(text.split())))
        expect(not (found := self.vm.splats(KNOWN)), "the log has:\n%s", "\n".join(found))
        return int(text.split()[1])

    def fail_ours(self, *step, modules="core|net|uio|shadow", near=NEAR, **more):
        """As fail_each(); of allocations, only what one of our functions asks for counts. Not the
        pages that a slab or KASAN wants for it now and then: their turn is another's lost."""
        aim(self.vm, modules, near)
        refused = self.fail_each(*step, pages=False, **more)
        aim(self.vm)
        return refused


PCI = "/sys/bus/pci/drivers/ivshmem_core/"
PLUGINS = "/sys/bus/ivshmem/drivers/"
SHADOW = "/sys/class/shadow-process/shadow-process0"
AUTOPROBE = "/sys/bus/pci/drivers_autoprobe"
FLAGS = "/sys/class/net/eth0/flags"


# The kernel itself warns where an interrupt's proc entry goes that could not be made, and where a
# bus goes that has not got as far as its lock.
KNOWN = (r"^[^\n]*WARNING: [^\n]* at remove_proc_entry\+.*\bunregister_(irq|handler)_proc\+",
         r"^[^\n]*WARNING: [^\n]* at lockdep_unregister_key\+.*\bbus_release\+.*\bbus_register\+")


def aim(vm, modules="", near=0):
    """Of allocations only those fail that have one of these modules on the stack, so near; without
    any, all do."""
    first, last = 0, 2 ** 64 - 1
    if modules == ANY:
        first = int(vm.out("sed -n 's/ . _end$//p' /proc/kallsyms"), 16)
    elif modules:
        found = re.findall(r"^ivshmem_(?:%s) (\d+) .* (0x\w+)" % modules,
                           vm.out("cat /proc/modules"), re.M)
        bases = [(int(base, 16), int(size)) for size, base in found]
        first, last = min(bases)[0], max(base + size for base, size in bases)
    # What everybody's allocations would meet while this changes comes later, and has gone before.
    vm.run("for kind in failslab fail_page_alloc; do cd /sys/kernel/debug/$kind; "
           "echo 0 >probability; echo %d >stacktrace-depth; echo %#x >require-start; "
           "echo %#x >require-end; done" % (near, first, last))


def bind(lab, driver, device, stride, calls=False):
    """How often that was refused. Bound in the end, as before."""
    step = ("echo %s >%sbind" % (device, driver), "echo %s >%sunbind" % (device, driver),
            "[ -e %s%s ]" % (driver, device))
    lab.vm.run("echo %s >%sunbind" % (device, driver))
    refused = lab.fail_ours(*step) if stride > 1 else 0
    refused += lab.fail_each(*step, stride, calls)
    lab.vm.run("echo %s >%sbind" % (device, driver))
    return refused


def references(vm):
    """To each module: of others, of open files"""
    return vm.out("cd /sys/module; grep . ivshmem_*/refcnt").splitlines()


def one_vector(lab):
    """The peer rings the second one for frames. Only calls fail now, the fifth is the second
    interrupt's."""
    driver = "cat /sys/bus/ivshmem/devices/ivshmem0/protocol"
    lab.vm.run("cd %s; echo 0000:00:08.0 >unbind; "
               "(echo 5 >/proc/self/fail-nth; echo 0000:00:08.0 >bind; echo 0 >/proc/self/fail-nth)"
               % PCI)
    lab.vm.run("echo net >/sys/bus/ivshmem/devices/ivshmem0/protocol", check=False)
    equal(lab.vm.out(driver), "0x7fff none chosen", "protocol with one vector of three")
    expect("only 1 of 3 vectors, want at least 2" in lab.vm.log(), "the log does not say why")
    lab.vm.run("cd %s; echo 0000:00:08.0 >unbind; echo 0000:00:08.0 >bind" % PCI)
    lab.choose("net", 0)
    equal(lab.vm.out(driver), "0x7fff net chosen", "protocol with three vectors")
    lab.choose("auto", 0)


def step(name, stride):
    """stride: 1 for every N, which takes minutes; else one in so many."""
    def add(function):
        def body(lab):
            before = references(lab.vm)
            function(lab, stride)
            equal(references(lab.vm), before, "references to modules")
            equal(leaks(lab.vm), "", "what kmemleak found")
        body.__name__, body.__module__ = function.__name__, function.__module__
        test(name + ", wherever that is, is refused cleanly and works the next time",
             Fixture(Faults), timeout=2000, suffix="-every" if stride == 1 else "",
             long=stride == 1)(body)
        return function
    return add


def names(lab):
    """Of modules, device numbers, buses, drivers and classes."""
    return set(lab.vm.out("cut -d ' ' -f 1 /proc/modules; cat /proc/devices; "
                          "ls -d /sys/bus/* /sys/bus/*/drivers/* /sys/class/*").splitlines())


def load(lab, module, near):
    """How often that was refused. Loaded in the end. What the kernel does before it calls the
    module counts for nothing: it asks for memory five hundred times, and nothing of ours runs."""
    program, before = "tryload %%s /lib/modules/$(uname -r)/updates/%s.ko %s" % (
        module, module), names(lab)
    refused = lab.fail_ours(program % 0 + " >/dev/null", "true", modules=ANY, near=near,
                            attempt=program % "$nth")
    equal(sorted(names(lab) ^ before), [], "what of %s is left" % module)
    lab.vm.run("modprobe " + module)
    return refused


def steps(stride):
    @step("a module that lacks memory when it is loaded", stride)
    def init(lab, stride):
        lab.vm.run("echo 0 >%s; rmmod ivshmem_net ivshmem_uio ivshmem_shadow ivshmem_core"
                   % AUTOPROBE)
        for module in ("core", "net", "uio", "shadow"):
            refused = load(lab, "ivshmem_" + module, NEAR if stride > 1 else FAR)
            expect(refused, "nothing was refused")
        lab.vm.run("echo 1 >%s; for slot in 08 09; do echo 0000:00:$slot.0 >%sbind || exit; done"
                   % (AUTOPROBE, PCI))

    @step("a device whose probe lacks memory, regions or interrupts", stride)
    def probe(lab, stride):
        before = lab.refused_calls()
        refused = bind(lab, PCI, "0000:00:08.0", 1, calls=True)
        equal(refused, 4, "how often probe was refused, as it does with fewer vectors")
        calls = [after - b for after, b in zip(lab.refused_calls(), before)]
        equal(calls, [1, 1, 1, 3], "refused enabling, regions, vectors, interrupts")
        one_vector(lab)
        refused = bind(lab, PCI, "0000:00:08.0", stride)
        expect(refused >= 20, "only %d failures led to a refusal", refused)

    @step("an Ethernet interface that lacks memory when it is bound or goes up", stride)
    def net(lab, stride):
        lab.choose("net", 0, 1)
        expect(bind(lab, PLUGINS + "net/", "ivshmem0", stride), "nothing was refused")
        lab.vm.run("ip link set eth1 up")

        def going_up():
            return lab.fail_each("echo 0x1003 >&3", "echo 0x1002 >&3",
                                 "[ $(($(cat %s) & 1)) = 1 ]" % FLAGS, before="exec 3>" + FLAGS)
        # Of ours, going up allocates nothing: what is refused is the write, for want of sysfs's
        # own buffer. The kernel has more to allocate now and then, ours would have each time.
        times = []
        while 1 not in times and len(times) < 5:
            times.append(going_up())
        expect(1 in times, "going up was refused %s times, want 1", times)
        lab.vm.run("ip link set eth1 down; " + LIB + "pair_up")
        all_came_back(lab.vm.out("ip netns exec a %s -c 20 %s2" % (PING, NET)))
        lab.vm.run(LIB + "pair_down")

    @step("a UIO device that lacks memory when it is bound or opened", stride)
    def uio(lab, stride):
        lab.choose("uio", 0, 1)
        expect(bind(lab, PLUGINS + "uio/", "ivshmem0", stride), "nothing was refused")
        for node in ("uio0", "ivshmem-uio0"):
            expect(lab.fail_each("true 3<>/dev/" + node, "true"), "nothing was refused")
        lab.vm.run("/selftests/uio/maps", timeout=900)

    @step("a shadow device that lacks memory when it is bound or opened", stride)
    def shadow(lab, stride):
        lab.choose("shadow", 0)
        lab.choose("uio", 1)
        expect(bind(lab, PLUGINS + "shadow/", "ivshmem0", stride), "nothing was refused")
        expect(lab.fail_each("true 3<>/dev/shadow-process0", "true"), "nothing was refused")
        equal(lab.vm.out("cat %s/slots_used" % SHADOW), "0", "slots in use")
        system_call(lab.vm)


for distance in (29, 1):
    steps(distance)


def starve(vm, probability):
    """Of allocations with the core or the net plugin on the stack, those in interrupts too."""
    aim(vm, *(("core|net", FAR) if probability else ()))
    vm.run("cd /sys/kernel/debug; "
           "echo 0 >failslab/cache-filter; echo 0 >fail_page_alloc/min-order; "
           "for kind in failslab fail_page_alloc; do cd $kind; echo 0 >verbose; "
           "echo N >ignore-gfp-wait; echo -1 >times; echo %d >probability; cd ..; done"
           % probability)


@test("where there is no memory at all for us the link comes up, and frames are dropped and counted",
      Fixture(Faults), timeout=1500)
def starved(lab):
    vm, frames = lab.vm, 20

    def ping(program=PING, check=True):
        # For smaller ones the kernel has a reserve.
        return vm.run("ip netns exec a %s -c %d -s 3000 %s2" % (program, frames, NET),
                      check=check).out

    def dropped():
        return int(vm.out("ip netns exec b cat /sys/class/net/link0/statistics/rx_dropped"))
    lab.choose("net", 0, 1)
    vm.run(LIB + "pair_up; ip -n a link set link0 mtu 4000; ip -n b link set link0 mtu 4000")
    all_came_back(ping())
    before = dropped()
    starve(vm, 100)
    try:
        expect(" 100% packet loss" in ping("ping -q -i 0.01 -W 1", False), "a frame found memory")
        until(lambda: dropped() - before >= frames, "b drops what was sent to it")
        vm.run(LIB + "ip -n b link set link0 down && wait_until 10 no_carrier a && "
               "ip -n b link set link0 up && wait_until 10 carrier a && wait_until 10 carrier b")
    finally:
        starve(vm, 0)
    lost = dropped() - before
    expect(lost >= frames, "rx_dropped grew by %d, want %d", lost, frames)
    all_came_back(ping())
    vm.run(LIB + "pair_down")
    equal(leaks(vm), "", "what kmemleak found")
