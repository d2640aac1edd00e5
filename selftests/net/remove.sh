#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Unbinding the driver and unloading its module under traffic, COUNT times (25)
# each. Both ends of a link in one machine, as for pair.sh. After each time the
# link must return by itself once the driver is back.
here=$(dirname "$0")
# shellcheck source=selftests/devices.sh
. "$here/../devices.sh"
# shellcheck source=selftests/net/lib.sh
. "$here/lib.sh"
COUNT=${COUNT:-25}

flood() { # namespace, host number: traffic that outlives the interface, until SIGTERM
	ping=$(command -v ping)
	trap 'kill $!; wait $!; exit' TERM
	while :; do
		nsenter --net="/run/netns/$1" "$ping" -q -f -w 2 -s 1000 "$NET.$2" >/dev/null 2>&1 &
		wait $!
	done
}

answers() {
	at a ping -q -c 1 -W 1 "$NET.2" >/dev/null
}

# The interface of a device that has just been bound joins its namespace again.
back() { # namespace, device, host number
	link=$(interface "$2") || return 1
	ip link set "$link" netns "$1" name link0 &&
		ip -n "$1" addr add "$NET.$3/24" dev link0 && ip -n "$1" link set link0 up
}

bind() { # device
	echo "$1" >"$DRIVERS/net/bind"
}

unbind_a() {
	echo "$A" >"$DRIVERS/net/unbind" && bind "$A" && back a "$A" 1
}

reload_both() {
	rmmod ivshmem_net && modprobe ivshmem_net && bind "$A" && bind "$B" &&
		back a "$A" 1 && back b "$B" 2
}

repeat() { # command
	round=0
	while [ $round -lt "$COUNT" ]; do
		"$1" || { echo "# $1 failed in round $round"; return 1; }
		wait_until 10 answers || { echo "# no link after round $round"; return 1; }
		round=$((round + 1))
	done
}

need ip nsenter ping modprobe rmmod
need_pair
others=$(grep -l ' net ' "$BUS"/*/protocol | grep -cv -e "/$A/" -e "/$B/")
trap 'kill $floods 2>/dev/null; wait; pair_down; give_back' EXIT
plan 2
set_up
flood a 2 &
floods=$!
flood b 1 &
floods="$floods $!"
repeat unbind_a; report $? "unbind and bind under traffic, $COUNT times"
name="rmmod and modprobe under traffic, $COUNT times"
if [ "$others" = 0 ]; then
	repeat reload_both; report $? "$name"
else
	report_skip "$name" "the module serves $others other devices"
fi
[ "$failed" = 0 ]
