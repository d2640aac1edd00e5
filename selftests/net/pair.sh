#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Both ends of a link in one machine: does Ethernet over it work? Arguments select
# tests as those of a program with harness.h do. For slow links: BYTES (default
# 2000000) go through each connection, STEP leaves out frame sizes, PINGS is how
# many large pings there are.
here=$(dirname "$0")
# shellcheck source=selftests/devices.sh
. "$here/../devices.sh"
# shellcheck source=selftests/net/lib.sh
. "$here/lib.sh"
BYTES=${BYTES:-2000000}
STEP=${STEP:-1}

pings() { # namespace, host number, options...
	from=$1
	to=$NET.$2
	shift 2
	at "$from" ping -q -W 10 -i 0.01 "$@" "$to" >"$work/ping" && return
	sed 's/^/# /' "$work/ping"
	return 1
}

# As ss would tell from the same files, but at a quarter of its cost: the local port in
# hexadecimal, the peer, and the state (0A: a listener; 07: a datagram socket of no peer).
listening() { # namespace, tcp or udp
	at "$1" grep -qsE ':1388 0+:0000 (0A|07)' "/proc/net/$2" "/proc/net/${2}6"
}

# A file through a TCP connection must arrive byte for byte.
tcp() { # from, to, host number of to
	head -c "$BYTES" /dev/urandom >"$work/sent"
	nsenter --net="/run/netns/$2" timeout 120 \
		socat -u tcp-listen:5000,reuseaddr "open:$work/got,creat,trunc" &
	listener=$!
	wait_until 20 listening "$2" tcp
	at "$1" timeout 120 socat -u "open:$work/sent" "tcp:$NET.$3:5000" || return 1
	wait $listener
	cmp "$work/sent" "$work/got"
}

udp_lost() { # bytes, from, to
	echo "# $1 bytes did not return"
	for ns in "$2" "$3"; do
		at "$ns" cat /proc/net/udp /proc/net/udp6 | sed "s/^/# $ns: /"
		at "$ns" grep '^Udp:' /proc/net/snmp | sed "s/^/# $ns: /"
	done
}

arrived() {
	cmp -s "$work/sent" "$work/got"
}

# One datagram of each of some sizes, echoed; beyond the MTU they are fragments.
udp() { # from, to, host number of to
	nsenter --net="/run/netns/$2" socat -T 5 udp-listen:5000,fork exec:cat 2>/dev/null &
	echo_server=$!
	status=0
	for size in 1 17 64 512 1400 1472 1473 4000; do
		# Each client takes the socket; socat then makes another one.
		wait_until 20 listening "$2" udp
		head -c $size /dev/urandom >"$work/sent"
		nsenter --net="/run/netns/$1" socat -b 65536 stdio,ignoreeof "udp:$NET.$3:5000" \
			<"$work/sent" >"$work/got" 2>/dev/null &
		client=$!
		wait_until 10 arrived || { udp_lost $size "$1" "$2"; status=1; }
		kill $client
		wait $client 2>/dev/null
	done
	kill $echo_server
	return $status
}

mtu_works() { # mtu
	ip -n a link set link0 mtu "$1" && ip -n b link set link0 mtu "$1" || return 1
	carriers || return 1
	none_lost pings a 2 -c 3 -M "do" -s $(($1 - 28)) &&
		none_lost pings b 1 -c 3 -M "do" -s $(($1 - 28))
}

largest_mtu() {
	ip -n a -d link show link0 | sed -n 's/.* maxmtu \([0-9]*\) .*/\1/p'
}

mtu_changes() {
	largest=$(largest_mtu)
	for mtu in 576 1500 4000 "$largest" 1280 1500; do
		[ "$mtu" -le "$largest" ] || continue
		mtu_works "$mtu" || { echo "# MTU $mtu"; return 1; }
	done
}

# A frame up to the ring's limit is taken whatever our own MTU is.
mtu_differs() {
	if [ "$(largest_mtu)" -lt 4000 ]; then
		why="output sections are too small for an MTU of 4000"
		return 4
	fi
	ip -n a link set link0 mtu 4000 && carriers || return 1
	# b sends nothing larger than its own MTU, but receives it
	"$here/frames" a link0 b link0 1514 1514 &&
		at b ping -q -c 1 -W 10 -s 1472 -M "do" "$NET.1" >/dev/null &&
		at a ping -q -c 3 -i 0.1 -W 10 -s 3000 "$NET.2" >/dev/null
}

# The first two are put down, in that order; the others come up, in that order.
order() { # down1 down2 up1 up2
	ip -n "$1" link set link0 down
	ip -n "$2" link set link0 down
	ip -n "$3" link set link0 up
	sleep 0.2
	carrier "$3" && { echo "# $3 has a carrier though $4 is down"; return 1; }
	ip -n "$4" link set link0 up
	carriers && pings a 2 -c 3
}

one_side() { # which
	other=$([ "$1" = a ] && echo b || echo a)
	ip -n "$1" link set link0 down
	wait_until 10 no_carrier "$other" || { echo "# $other keeps its carrier"; return 1; }
	ip -n "$1" link set link0 up
	carriers && pings a 2 -c 3
}

statistic() { # namespace, name
	read -r value <"$SYSFS/$1/class/net/link0/statistics/$2" && echo "$value"
}

# Sets tx_a, rx_a, tx_b and rx_b.
counters() {
	read -r tx_a <"$SYSFS/a/class/net/link0/statistics/tx_packets"
	read -r rx_a <"$SYSFS/a/class/net/link0/statistics/rx_packets"
	read -r tx_b <"$SYSFS/b/class/net/link0/statistics/tx_packets"
	read -r rx_b <"$SYSFS/b/class/net/link0/statistics/rx_packets"
}

# Of frames that one end has sent, how many has the other not received? Tells only
# while nothing moves: four numbers cannot be read at once.
settled() {
	counters
	before="$tx_a $rx_a $tx_b $rx_b"
	sleep 0.1
	counters
	[ "$tx_a $rx_a $tx_b $rx_b" = "$before" ] || return 1
	from_a=$((tx_a - rx_b)) from_b=$((tx_b - rx_a))
}

all_arrived() { # how many had not before, from a and from b
	settled && [ "$from_a" -le "$1" ] && [ "$from_b" -le "$2" ]
}

# Of ping itself one answer is enough, and it hardly waits for the last ones.
none_lost() { # command...
	wait_until 60 settled || { echo "# the interfaces are never quiet"; return 1; }
	a_lacked=$from_a b_lacked=$from_b
	"$@" || return 1
	wait_until 60 all_arrived "$a_lacked" "$b_lacked" && return
	echo "# lost: $((from_a - a_lacked)) of a's frames, $((from_b - b_lacked)) of b's"
	return 1
}

# Where doorbells are lost, ping does not wait for the last frames.
received() { # namespace, how many packets in all
	[ "$(statistic "$1" rx_packets)" -ge "$2" ]
}

link_ups() {
	at a ethtool -S link0 | sed -n 's/ *link_ups: //p'
}

statistics_right() {
	sent=$(statistic a tx_packets)
	got=$(statistic b rx_packets)
	pings a 2 -c 20 || return 1
	wait_until 10 received b $((got + 20))
	ups=$(link_ups)
	if [ "${ups:-0}" = 0 ] || [ "$(link_ups)" != "$ups" ]; then
		echo "# the link came up '$ups' times, '$(link_ups)' when it is read again"
		return 1
	fi
	sent=$(($(statistic a tx_packets) - sent))
	got=$(($(statistic b rx_packets) - got))
	[ $sent -ge 20 ] && [ $got -ge 20 ] && [ "$(statistic a rx_bytes)" -gt 0 ] &&
		[ "$(statistic a rx_errors)" = 0 ] && [ "$(statistic b rx_errors)" = 0 ] && return
	echo "# of 20 pings $sent were counted as sent, $got as received"
	ip -n a -s link show link0 | sed 's/^/# /'
	return 1
}

refused() { # how many there were, how many more there have to be
	[ $(($(statistic a tx_errors) - $1)) = "$2" ]
}

# What no protocol sends, but a machine behind a bridge may: older kernels cut it up.
far_checksum() {
	errors=$(statistic a tx_errors)
	parts=$("$here/frames" a link0) || return 1
	wait_until 10 refused "$errors" "$parts" && pings a 2 -c 3 && return
	echo "# of $parts frames $(($(statistic a tx_errors) - errors)) were refused"
	return 1
}

# What to do with each test; its name and its command follow.
tests() {
	"$1" a_pings_b none_lost pings a 2 -c 20
	"$1" b_pings_a none_lost pings b 1 -c 20
	"$1" of_many_pings_in_flight_none_is_lost \
		none_lost pings a 2 -c "${PINGS:-200}" -l 3 -s 1400 -i 0.002
	"$1" frames_of_all_sizes_arrive_unchanged_both_ways \
		"$here/frames" a link0 b link0 14 1514 "$STEP"
	"$1" TCP_from_a_to_b_brings_every_byte tcp a b 2
	"$1" TCP_from_b_to_a_brings_every_byte tcp b a 1
	"$1" UDP_datagrams_of_all_kinds_of_sizes_return_from_b udp a b 2
	"$1" UDP_datagrams_of_all_kinds_of_sizes_return_from_a udp b a 1
	"$1" carrier_and_traffic_after_a_down_b_down_a_up_b_up order a b a b
	"$1" carrier_and_traffic_after_a_down_b_down_b_up_a_up order a b b a
	"$1" carrier_and_traffic_after_b_down_a_down_a_up_b_up order b a a b
	"$1" carrier_and_traffic_after_b_down_a_down_b_up_a_up order b a b a
	"$1" b_loses_its_carrier_while_a_is_down_and_has_it_back one_side a
	"$1" a_loses_its_carrier_while_b_is_down_and_has_it_back one_side b
	"$1" the_MTU_changes_while_the_link_is_up mtu_changes
	"$1" frames_larger_than_the_own_MTU_are_received mtu_differs
	"$1" statistics_count_what_was_sent_and_reading_does_not_clear_them statistics_right
	"$1" a_frame_whose_checksum_would_be_behind_its_end_is_refused_and_counted far_checksum
}

name() {
	echo "$1"
}

# The test of that name or, where there is none, all whose names contain the word.
called() { # word
	tests name | grep -Fx -e "$1" || tests name | grep -F -e "$1" && return
	echo "pair.sh: no test's name contains $1, there are:" >&2
	tests name >&2
	exit 2
}

# What each test finds, whatever was before it
begin() {
	for ns in a b; do
		ip -n $ns link set link0 mtu 1500 up || return 1
	done
	carriers || { echo "# no carrier within 10 s"; return 1; }
}

run() { # name, command...
	echo "$chosen" | grep -qFx -e "$1" || return
	name=$1
	shift
	begin && "$@"
	status=$?
	if [ $status = 4 ]; then report_skip "$name" "$why"; else report $status "$name"; fi
}

[ $# -gt 0 ] || set -- ""
chosen=$(for word; do called "$word"; done) || exit
need ip nsenter ping socat ethtool cmp timeout
need_pair
work=$(mktemp -d)
trap 'pair_down; give_back; rm -rf "$work"' EXIT
plan "$(tests name | grep -cFx -e "$chosen")"
set_up
tests run
[ "$failed" = 0 ]
