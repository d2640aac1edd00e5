#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Many proxies, restarts, and sudden deaths: test_stress.c, on any machine that has both ends of a link
here=$(dirname "$0")
# shellcheck source=selftests/shadow/lib.sh
. "$here/lib.sh"
with_far_end "$here/test_stress" "$@"
