#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: the handshake's table holds what handshake.pml wants of it, with every
# peer; and tables with one wrong entry are found out.
set -eu

RESTARTS=${RESTARTS:-3}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/handshake.pml" .
${CC:-cc} -Wall -Wextra -Werror -o generate "$here/generate.c"

# verify OTHER [OWN PEER NEXT]: 0 when all holds, 1 when the model finds an error
verify()
{
	other=$1
	shift
	./generate "$@" > table.pml
	spin -a "-DOTHER=$other" "-DRESTARTS=$RESTARTS" handshake.pml > spin.log
	${CC:-cc} -O1 -w -o pan pan.c
	./pan -a -f -m1000000 -n > pan.log
	# Without this line it did not get to the end.
	grep -q "errors: [01]$" pan.log || { cat pan.log; exit 1; }
	grep -q "errors: 0$" pan.log && ! grep -q "search depth too small" pan.log
}

count=0 failed=0
tell()
{
	count=$((count + 1))
	[ "$1" = ok ] || failed=1
	echo "$1 $count $2"
}

echo "TAP version 13"
other=0
for name in itself "Jailhouse's Linux" NuttX Zephyr; do
	if verify "$other"; then result=ok; else result="not ok"; sed 's/^/# /' pan.log; fi
	tell "$result" "the handshake with $name: no stuck state, no ring cleared in use, nothing sent too early"
	other=$((other + 1))
done

# own step, peer's state, next step; RESET 0, INIT 1, READY 2, RUN 3, UP 4
while read -r own peer next what; do
	if verify 0 "$own" "$peer" "$next"; then result="not ok"; else result=ok; fi
	tell "$result" "found out: a handshake that $what"
done << 'TABLE'
0 3 1 does not wait for the peer to leave the ring
0 1 0 waits for the peer to be further
1 1 3 does not clear its ring
3 0 3 ignores that the peer went away
4 3 0 never stays up
TABLE
echo "1..$count"
exit "$failed"
