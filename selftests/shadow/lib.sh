# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Sourced by the tests of this folder, with its name in $here. Their programs play the RTOS on the
# far end of a link, whose PCI function must have no driver; the near end has the shadow plugin.
# shellcheck source=selftests/devices.sh
. "$here/../devices.sh"
PCI=/sys/bus/pci
SUPPRESS=/sys/module/ivshmem_shadow/parameters/suppress

# The programs know these by name.
need_link() {
	[ "$(attribute "$A" id)" = 0 ] || { B=$A; A=$(echo "$found" | sed -n '2s/ .*//p'); }
	[ "$A" = ivshmem0 ] || skip "want peer 0 to be ivshmem0, it is $A"
	want "$A" max_peers -eq 2
	want "$A" vectors -ge 2
	want "$A" output_section_size -eq 16384
	want "$A" rw_section_size -ge 8192
}

take_far_end() {
	IVSHMEM_PEER=$(basename "$(readlink -f "$BUS/$B/..")")
	export IVSHMEM_PEER
	suppress=''
	override=$(cat "$PCI/devices/$IVSHMEM_PEER/driver_override")
	[ "$override" != "(null)" ] || override=''
	trap 'return_far_end; give_back' EXIT
	echo none >"$PCI/devices/$IVSHMEM_PEER/driver_override"
	echo "$IVSHMEM_PEER" >$PCI/drivers/ivshmem_core/unbind
	echo 1 >"$PCI/devices/$IVSHMEM_PEER/enable"
}

return_far_end() {
	[ -z "$suppress" ] || echo "$suppress" >$SUPPRESS
	echo 0 >"$PCI/devices/$IVSHMEM_PEER/enable"
	echo "$override" >"$PCI/devices/$IVSHMEM_PEER/driver_override"
	echo "$IVSHMEM_PEER" >$PCI/drivers_probe
}

with_far_end() { # program, arguments...
	need
	need_ends
	need_link
	take_far_end
	use shadow "$A"
	suppress=$(cat $SUPPRESS)
	echo 0 >$SUPPRESS
	[ "$(ls /sys/class/shadow-process)" = shadow-process0 ] ||
		skip "want $A to have the node shadow-process0"
	"$@"
}
