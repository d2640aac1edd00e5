#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A node whose device comes and goes: test_node.c, on any machine that has both ends of a link
here=$(dirname "$0")
# shellcheck source=selftests/shadow/lib.sh
. "$here/lib.sh"
with_far_end "$here/test_node" "$@"
