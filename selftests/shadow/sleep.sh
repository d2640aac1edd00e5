#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Suspend to memory, if IVSHMEM_SLEEP says for how long: test_sleep.c, on any machine that has both
# ends of a link
here=$(dirname "$0")
# shellcheck source=selftests/shadow/lib.sh
. "$here/lib.sh"
need_sleep
with_far_end "$here/test_sleep" "$@"
