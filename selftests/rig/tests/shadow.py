# SPDX-License-Identifier: GPL-2.0
"""ivshmem_shadow: programs on one side, an RTOS that misbehaves on the other."""
from .. import debug, tap
from ..lab import Lab
from ..suite import Fixture, equal, expect, test
from ..util import DEFAULT_KERNEL, KERNELS

FOLDER = "/selftests/shadow/"
GEOMETRY = dict(protocol="2", rw_size="4M", output_size="16K", strict=True)


class Both(Lab):
    """One machine: the plugin is peer 0, programs of the test are peer 1, without a driver."""
    shared = True

    def __init__(self, kernel=DEFAULT_KERNEL, append="", parameters="", **link):
        super().__init__(kernel)
        self.link = self.link(**dict(GEOMETRY, **link))
        self.vm = self.vm([self.link.peer(0), self.link.peer(1)], append=append)
        self.vm.run("cd /sys/bus/pci/devices/0000:00:09.0 && echo none >driver_override && "
                    "echo 1 >enable && modprobe ivshmem_shadow %s && modprobe ivshmem_core && "
                    "until [ -e /dev/shadow-process0 ]; do sleep 0.1; done" % parameters)

    def program(self, name, *words, timeout=300):
        """All tests of a program have to pass."""
        text = self.vm.run("%s%s %s" % (FOLDER, name, " ".join(words)), timeout, check=False).out
        results = tap.parse(text)
        failed = [sentence for sentence, outcome, _ in results if outcome == "fail"]
        expect(results and not failed, "of %d tests, %s failed:\n%s", len(results), failed,
               text[-3000:])


def on(kernel):
    suffix = "" if kernel == DEFAULT_KERNEL else "-" + kernel
    both = Fixture(Both, kernel=kernel)

    @test("the calls of /dev/shadow-process0 keep what they promise (Linux %s)" % kernel, both, 300,
          suffix)
    def calls(lab):
        lab.program("test_calls")

    @test("an RTOS that misbehaves is answered, counted or reset (Linux %s)" % kernel, both, 300,
          suffix)
    def ring(lab):
        lab.program("test_ring")

    @test("proxies by the dozen, restarts and sudden deaths: nothing is lost or left (Linux %s)"
          % kernel, both, 800, suffix)
    def stress(lab):
        lab.program("test_stress", timeout=700)


for version in dict.fromkeys((DEFAULT_KERNEL, KERNELS[0], KERNELS[-1], debug.NAME)):
    on(version)
