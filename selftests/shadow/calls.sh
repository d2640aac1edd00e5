#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The calls of a node: test_calls.c, on any machine that has both ends of a link
here=$(dirname "$0")
# shellcheck source=selftests/shadow/lib.sh
. "$here/lib.sh"
with_far_end "$here/test_calls" "$@"
