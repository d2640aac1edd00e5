#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Suspend to memory, if IVSHMEM_SLEEP says for how long: suspend.c, on any machine that has both
# ends of a link
here=$(dirname "$0")
# shellcheck source=selftests/uio/lib.sh
. "$here/lib.sh"
need_sleep
with_both_ends "$here/suspend" "$@"
