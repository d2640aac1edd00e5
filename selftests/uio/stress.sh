#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs that end anywhere, while a device comes and goes for SECS (10) seconds: stress.c, on any
# machine that has both ends of a link
here=$(dirname "$0")
# shellcheck source=selftests/uio/lib.sh
. "$here/lib.sh"
SECS=${SECS:-10}

come_and_go() {
	end=$(($(date +%s) + SECS))
	while [ "$(date +%s)" -lt $end ]; do
		echo "$A" >"$DRIVERS/uio/unbind"
		echo "$A" >"$DRIVERS/uio/bind"
		sleep 0.1
		echo net >"$BUS/$A/protocol"
		echo uio >"$BUS/$A/protocol"
		sleep 0.1
	done 2>/dev/null
}

race() {
	plan 1
	"$here/stress" 0 "$SECS" 3 &
	first=$!
	"$here/stress" 1 "$SECS" 3 &
	come_and_go
	wait $!
	status=$?
	wait $first && [ $status = 0 ]
	report $? "programs and a device that comes and goes race for $SECS s"
	[ "$failed" = 0 ]
}

with_both_ends race
