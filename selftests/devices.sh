# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034
# Sourced by tests that run on any machine. What a machine lacks is told, and the test skipped. A
# device is changed only where IVSHMEM_DEVICES names it, and given back as it was found:
#
#	need ip ping		# root, these commands, a device
#	need_ends		# both ends of a link, as $A and $B, for this test alone
#	use uio "$A" "$B"	# binds them
BUS=/sys/bus/ivshmem/devices
DRIVERS=/sys/bus/ivshmem/drivers
AUTOPROBE=/sys/bus/ivshmem/drivers_autoprobe
number=0
failed=0

plan() { # number of tests
	echo "TAP version 13"
	echo "1..$1"
}

report() { # status, name
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number $2"; return; fi
	echo "not ok $number $2"
	failed=1
}

report_skip() { # name, why
	number=$((number + 1))
	echo "ok $number $1 # SKIP $2"
}

skip() { # why
	plan "0 # SKIP $*"
	exit 4
}

need() { # command...
	[ "$(id -u)" = 0 ] || skip "only root may run this"
	[ -d $BUS ] || skip "the module ivshmem_core is not loaded"
	[ -n "$(ls $BUS)" ] || skip "there is no ivshmem device"
	for command; do
		command -v "$command" >/dev/null || skip "there is no command $command"
	done
}

# For tests that suspend the machine
need_sleep() {
	need
	[ -n "${IVSHMEM_SLEEP:-}" ] ||
		skip "IVSHMEM_SLEEP does not say for how many seconds this machine may sleep"
	[ -e /sys/class/rtc/rtc0/wakealarm ] || skip "this machine's clock cannot wake it"
	grep -qw mem /sys/power/state || skip "this machine cannot suspend to memory"
}

named() { # device
	case " ${IVSHMEM_DEVICES:-} " in
	*" all "* | *" $1 "*) return 0 ;;
	esac
	return 1
}

attribute() { # device, name
	cat "$BUS/$1/$2"
}

want() { # device, attribute, comparison, value
	test "$(attribute "$1" "$2")" "$3" "$4" ||
		skip "want $2 $3 $4, it is $(attribute "$1" "$2") at $1"
}

bound() { # device
	cut -d' ' -f2 "$BUS/$1/protocol"
}

same() { # attribute
	[ "$(attribute "$A" "$1")" = "$(attribute "$B" "$1")" ]
}

need_ends() {
	[ -n "${IVSHMEM_DEVICES:-}" ] || skip "IVSHMEM_DEVICES names no devices that may be used"
	for path in "$BUS"/*; do
		if named "$(basename "$path")"; then set -- "$@" "$(basename "$path")"; fi
	done
	[ $# = 2 ] || skip "want both ends of a link, IVSHMEM_DEVICES names $# devices that are here"
	A=$1 B=$2
	if same id || ! same max_peers || ! same output_section_size; then
		skip "$A and $B are not the ends of one link"
	fi
	found=$(for device; do echo "$device $(attribute "$device" protocol)"; done)
	autoprobe=$(cat $AUTOPROBE)
	trap give_back EXIT
	# PIPE: who reads what is said has ended.
	trap 'exit 1' HUP INT PIPE TERM
	# A plugin that is loaded for these devices takes no others that are there.
	echo 0 >$AUTOPROBE
}

use() { # plugin, device...
	plugin=$1
	shift
	for device; do
		[ "$(bound "$device")" = "$plugin" ] && continue
		echo "$plugin" >"$BUS/$device/protocol" 2>/dev/null
		[ "$(bound "$device")" = "$plugin" ] && continue
		installed "$plugin" || skip "the module ivshmem_$plugin is not installed"
		echo "Bail out! ivshmem_$plugin does not take $device, the kernel's log tells why"
		exit 1
	done
}

installed() { # plugin
	[ -d "$DRIVERS/$1" ] ||
		[ -n "$(find "/lib/modules/$(uname -r)/" -name "ivshmem_$1.ko*")" ]
}

# Bound again in any case, which clears what a test has left.
give_back() {
	echo "$found" | while read -r device number plugin how; do
		choice=$plugin
		case $how,$plugin in
		auto,*) choice=auto ;;
		*,none) choice=$number ;;
		esac
		echo "$choice" >"$BUS/$device/protocol"
		now=$(bound "$device")
		[ "$now" = none ] && continue
		echo "$device" >"$DRIVERS/$now/unbind"
		[ "$plugin" = none ] && continue
		echo "$device" >"$DRIVERS/$now/bind"
	done
	echo "$autoprobe" >$AUTOPROBE
}
