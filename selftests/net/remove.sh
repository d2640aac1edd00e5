#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Unbinding the driver and unloading its module under traffic, COUNT times (25)
# each. Both ends of a link in one machine, as for pair.sh. After each time the
# link must return by itself once the driver is back.
here=$(dirname "$0")
# shellcheck source=selftests/net/lib.sh
. "$here/lib.sh"
COUNT=${COUNT:-25}
DRIVER=/sys/bus/ivshmem/drivers/net

flood() { # namespace, host number: traffic that outlives the interface
	while :; do
		ip netns exec "$1" ping -q -f -w 2 -s 1000 "$NET.$2" >/dev/null 2>&1
	done
}

answers() {
	ip netns exec a ping -q -c 1 -W 1 "$NET.2" >/dev/null
}

# The interface of a device that has just been bound joins its namespace again.
back() { # namespace, device, host number
	name=$(ls "$(readlink -f "/sys/bus/ivshmem/devices/$2")/../net") || return 1
	ip link set "$name" netns "$1" name link0 &&
		ip -n "$1" addr add "$NET.$3/24" dev link0 && ip -n "$1" link set link0 up
}

unbind_a() {
	echo "$device_a" >$DRIVER/unbind && echo "$device_a" >$DRIVER/bind && back a "$device_a" 1
}

reload_both() {
	rmmod ivshmem_net && modprobe ivshmem_net &&
		back a "$device_a" 1 && back b "$device_b" 2
}

repeat() { # command
	round=0
	while [ $round -lt "$COUNT" ]; do
		"$1" || { echo "# $1 failed in round $round"; return 1; }
		wait_until 10 answers || { echo "# no link after round $round"; return 1; }
		round=$((round + 1))
	done
}

pair_up || exit 1
bus_device() { # namespace: which device its interface belongs to
	# shellcheck disable=SC2016
	ip netns exec "$1" sh -c 'basename /sys/class/net/link0/device/ivshmem[0-9]*'
}
device_a=$(bus_device a)
device_b=$(bus_device b)
flood a 2 &
flood_a=$!
flood b 1 &
flood_b=$!
trap 'kill $flood_a $flood_b; pair_down' EXIT
echo "1..2"
if repeat unbind_a; then echo "ok 1 unbind and bind under traffic, $COUNT times"
else echo "not ok 1 unbind and bind under traffic, $COUNT times"; fi
if repeat reload_both; then echo "ok 2 rmmod and modprobe under traffic, $COUNT times"
else echo "not ok 2 rmmod and modprobe under traffic, $COUNT times"; fi
