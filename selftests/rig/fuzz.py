# SPDX-License-Identifier: GPL-2.0
"""Hours of attacks on one machine, on request; make check has a minute for each plugin."""
import importlib
import random

from .util import RigError, say

PLUGINS = ("net", "shadow", "uio")


def main(kernel, hours, seed, plugins):
    # Not before: what is imported adds its tests to those that there are.
    scale = importlib.import_module("rig.tests.hostile_scale")
    with scale.Prey(kernel, plugins) as lab:
        try:
            scale.soak(lab, 3600 * hours, seed or random.randrange(1, 1 << 31), plugins)
        except (AssertionError, RigError) as error:
            say("%s\n%s\nlogs: %s" % (error, lab.tails(), lab.keep_logs("fuzz", str(error))))
            return 1
    return 0
