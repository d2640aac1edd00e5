#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a program may map: maps.c, on any machine that has both ends of a link
here=$(dirname "$0")
# shellcheck source=selftests/uio/lib.sh
. "$here/lib.sh"
with_both_ends "$here/maps" "$@"
