# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Sourced by the tests of this folder, with its name in $here
# shellcheck source=selftests/devices.sh
. "$here/../devices.sh"

with_both_ends() { # program, arguments...
	need
	need_ends
	use uio "$A" "$B"
	export IVSHMEM_ENDS="$A $B"
	"$@"
}
