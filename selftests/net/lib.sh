#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Sourced by the tests of this folder: both ends of a link in one machine, each
# in a network namespace of its own (a and b), where the interface is called link0.
NET=10.11.0

# Each namespace's sysfs, which can be read without a process in the namespace.
SYSFS=/run/ivshmem-selftests

# ip netns exec takes two or three times as long, for a sysfs of the command's own. A path, as
# busybox's nsenter takes its own ping for the name. Not for what is killed later: $! were a
# shell.
at() { # namespace, program, arguments...
	ns=$1
	program=$(command -v "$2")
	shift 2
	nsenter --net="/run/netns/$ns" "$program" "$@"
}

# All interfaces of ivshmem links in this namespace, one a line.
link_names() {
	for path in /sys/class/net/*; do
		ls -d "$path"/device/ivshmem* >/dev/null 2>&1 && basename "$path"
	done
	return 0
}

interface() { # device
	# udev may be about to give it another name.
	if command -v udevadm >/dev/null; then udevadm settle -t 10; fi
	ls "$(readlink -f "/sys/bus/ivshmem/devices/$1")/../net"
}

clock() { # sets now, in whole seconds
	read -r now _ </proc/uptime
	now=${now%%.*}
}

wait_until() { # seconds, command...
	clock
	end=$((now + 1 + $1))
	shift
	until "$@"; do
		clock
		[ "$now" -lt $end ] || return 1
		sleep 0.05
	done
}

# The carrier's flag is on before the queues are, and what is sent between is lost; the
# interface's state comes with the queues, but may stay for a while when the carrier goes.
carrier_of() { # the interface's folder in a sysfs
	{ read -r flag <"$1/carrier" && read -r state <"$1/operstate"; } 2>/dev/null &&
		[ "$flag $state" = "1 up" ]
}

carrier() { # namespace
	carrier_of "$SYSFS/$1/class/net/link0"
}

no_carrier() { # namespace
	! carrier "$1"
}

carriers() {
	wait_until 10 carrier a && wait_until 10 carrier b
}

end_up() { # namespace, interface, host number
	ip netns add "$1"
	mkdir -p "$SYSFS/$1"
	at "$1" mount -t sysfs sysfs "$SYSFS/$1"
	ip link set "$2" netns "$1" name link0
	ip -n "$1" link set lo up
	ip -n "$1" addr add "$NET.$3/24" dev link0
	ip -n "$1" link set link0 up
	# A peer is given up after three seconds else, for which a busy machine may stand still.
	ip -n "$1" ntable change name arp_cache dev link0 mcast_probes 60 ucast_probes 60
}

pair_up() { # the two interfaces; default: the two that there are
	# shellcheck disable=SC2046
	[ $# = 2 ] || set -- $(link_names)
	[ $# = 2 ] || { echo "want 2 interfaces of ivshmem links, found $#: $*"; return 1; }
	end_up a "$1" 1
	end_up b "$2" 2
	carriers && return
	echo "no carrier within 10 s"
	return 1
}

# The interfaces return to the first namespace with their namespace's end.
pair_down() {
	umount "$SYSFS/a" "$SYSFS/b"
	rmdir "$SYSFS/a" "$SYSFS/b" "$SYSFS"
	ip netns del a
	ip netns del b
}

# After devices.sh
need_pair() {
	need_ends
	for ns in a b; do
		[ -e /run/netns/$ns ] && skip "there is a network namespace $ns already"
	done
	want "$A" max_peers -eq 2
	want "$A" output_section_size -gt 0
	use net "$A" "$B"
}

# Where this fails, no test can be.
set_up() {
	why=$(pair_up "$(interface "$A")" "$(interface "$B")") && return
	echo "Bail out! $why"
	exit 1
}
