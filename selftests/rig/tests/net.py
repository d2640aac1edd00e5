# SPDX-License-Identifier: GPL-2.0
"""ivshmem_net with both ends in one machine: every variant of the device, every kernel."""
from .. import tap
from ..machines import Pair
from ..suite import Fixture, expect, test
from ..util import DEFAULT_KERNEL, KERNELS

# name -> options of the device, and how much a connection carries: slow ones less.
VARIANTS = {
    "msix": ({}, "STEP=1 BYTES=8000000"),
    "one-vector": ({"vectors": 1}, "STEP=13"),
    "jailhouse-size": ({"output_size": "0x7f000"}, "STEP=13"),
    "intx": ({"intx": True, "output_size": "0x7000"}, "STEP=97 BYTES=50000"),
    "strict": ({"strict": True, "output_size": "0x10000"}, "STEP=97 BYTES=50000"),
    "drops-interrupts": ({"drop_interrupts": "0.02"}, "STEP=13"),
}


def pair_script(lab, settings):
    text = lab.vm.run("umount /run/netns 2>/dev/null; %s /selftests/net/pair.sh" % settings,
                      timeout=280, check=False).out
    bad = [(name, why) for name, outcome, why in tap.parse(text) if outcome != "pass"]
    expect(not bad, "\n".join("%s\n%s" % pair for pair in bad))


class Loaded(Pair):
    """The interfaces are there, but a guest's script sets them up."""

    def join(self):
        pass


def pair(name, kernel, options, settings):
    @test("Ethernet works in every respect: %s, Linux %s" % (name, kernel),
          Fixture(Loaded, kernel=kernel, **options), timeout=300, suffix="-%s-%s" % (name, kernel))
    def pair_sh(lab):
        pair_script(lab, settings)


for version in KERNELS:
    pair("msix", version, *VARIANTS["msix"])
for variant in VARIANTS:
    if variant != "msix":
        pair(variant, DEFAULT_KERNEL, *VARIANTS[variant])
