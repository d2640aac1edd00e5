#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Do the attributes of all ivshmem devices tell what they should? Writes only to
# devices that IVSHMEM_DEVICES names, and changes nothing that lasts.
# shellcheck source=selftests/devices.sh
. "$(dirname "$0")/../devices.sh"

is_number() { # attribute, lowest, highest
	value=$(cat "$1")
	[ "$value" -ge "$2" ] && [ "$value" -le "$3" ] && return
	echo "# $1 is $value, want $2 to $3"
	return 1
}

is_page_multiple() { # attribute, lowest
	is_number "$1" "$2" 9223372036854775807 || return
	[ $((value % 4096)) = 0 ] && return
	echo "# $1 is $value, want a multiple of 4096"
	return 1
}

# Writes what makes no sense: the write must fail and the protocol stay.
refuses_nonsense() {
	before=$(cat protocol)
	for text in nonsense 65536 -1 0x10000 "net uio" "" 1x; do
		if (echo "$text" >protocol) 2>/dev/null; then
			echo "# '$text' was accepted"
			return 1
		fi
	done
	[ "$(cat protocol)" = "$before" ] && return
	echo "# protocol was $before, is $(cat protocol)"
	return 1
}

# The kernel waits 200 ms, in which a slow host may not come to raise them, but not six times.
all_vectors_arrive() {
	for _ in 1 2 3 4 5 6; do
		echo 1 >self_test || return 1
		[ "$(cat self_test)" = "$(cat vectors) of $(cat vectors) vectors arrived" ] && return
		sleep 1
	done
	echo "# $(cat self_test)"
	return 1
}

writes() { # device, command, name
	if named "$1"; then
		"$2"
		report $? "$1: $3"
	else
		report_skip "$1: $3" "not named in IVSHMEM_DEVICES"
	fi
}

need
set -- "$BUS"/ivshmem*
plan $(($# * 8))
for device; do
	cd "$device" || exit 1
	name=$(basename "$device")
	is_number max_peers 2 65536; report $? "$name: max_peers is in range"
	is_number id 0 $(($(cat max_peers) - 1)); report $? "$name: id is below max_peers"
	is_number vectors 1 2048; report $? "$name: there is a vector"
	is_page_multiple state_table_size 4096; report $? "$name: the state table is whole pages"
	is_page_multiple rw_section_size 0; report $? "$name: the R/W section is whole pages"
	is_page_multiple output_section_size 0; report $? "$name: the output section is whole pages"
	writes "$name" refuses_nonsense "nonsense is no protocol and changes nothing"
	writes "$name" all_vectors_arrive "the self-test's doorbells arrive on all vectors"
done
[ "$failed" = 0 ]
