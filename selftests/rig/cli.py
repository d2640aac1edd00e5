# SPDX-License-Identifier: GPL-2.0
"""The rig's command line. The top-level Makefile's targets call it."""
import argparse
import sys

from . import host, matrix, roots
from .util import KERNELS, RigError, end_on_signals, say


def prepare(check=False, kernels=KERNELS):
    host.setup(check)
    roots.ensure(kernels)


def cmd_setup(options):
    prepare(check=True, kernels=options.kernel or KERNELS)


def cmd_matrix(options):
    kernels = options.kernel or KERNELS
    prepare(kernels=kernels)
    return matrix.main(kernels)


def parser():
    top = argparse.ArgumentParser(prog="rig", description="Real kernels in virtual machines, "
                                  "joined by ivshmem v2 links.")
    commands = top.add_subparsers(dest="command", required=True)

    def add(name, function, text):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        return sub

    def kernels(sub):
        sub.add_argument("--kernel", action="append", choices=KERNELS,
                         help="only this kernel (may be repeated)")

    kernels(add("matrix", cmd_matrix, "build the modules for all kernels"))
    kernels(add("setup", cmd_setup, "install what is missing and make the root file systems"))
    return top


def main():
    options = parser().parse_args()
    end_on_signals()
    try:
        return options.function(options) or 0
    except RigError as error:
        say("rig: %s" % error)
        return 1
    except KeyboardInterrupt:
        say("rig: interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main())
