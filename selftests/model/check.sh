#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# TAP: the handshake's table holds what handshake.pml wants of it, with every
# peer; what known peers do wrong breaks just what is known; and so do tables
# with one wrong entry. An argument selects the tests whose names contain it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here/handshake.pml" .
${CC:-cc} -Wall -Wextra -Werror -o generate "$here/generate.c"

# Searches with these options to the end, or to the first error where it stops at one
search()
{
	./pan -m1000000 -w21 -n "$@" < /dev/null > pan.log 2>&1 || true
	# Whatever else it says, it has not seen everything.
	if ! grep -q "errors: [0-9]*$" pan.log ||
	   grep -q -e "too small" -e "reached -DMEMLIM" -e "out of memory" pan.log ||
	   { ! grep -q "errors: 1$" pan.log && grep -q "not completed" pan.log; }; then
		sed 's/^/# /' spin.log pan.log
		echo "Bail out! spin did not search everything"
		exit 1
	fi
}

# What breaks in a model that is built so; the rest is OWN PEER NEXT, or nothing
verify()
{
	define=$1
	shift
	./generate "$@" > table.pml
	# shellcheck disable=SC2086 # are several
	spin -a $define handshake.pml > spin.log
	${CC:-cc} -O0 -w -o pan pan.c
	broken=
	search -a -f
	grep -q "errors: 0$" pan.log && return
	search -E -c0		# every way to break an assertion
	mv pan.log assertions.log
	search -a -f -A		# a way to be stuck
	broken=$(sed -n -e '/^pan:[0-9]*: /!d' -e 's/ (at depth.*//' -e 's/^[^ ]* //' \
			-e 's/.*violated.*sent_to.*/stale/' -e 's/.*violated.*in_ring.*/cleared/' \
			-e 's/.*violated.*died.*/early/' -e 's/acceptance cycle/stuck/' -e p \
			assertions.log pan.log | LC_ALL=C sort -u | tr '\n' ' ')
	broken=${broken% }
}

only=${1:-} count=0 failed=0
# What has to break, the test's name, and what verify takes
try()
{
	what=$1 name=$2
	shift 2
	case $name in *"$only"*) ;; *) return ;; esac
	verify "$@"
	count=$((count + 1))
	if [ "$broken" = "$what" ]; then
		echo "ok $count $name"
	else
		failed=1
		sed 's/^/# /' spin.log pan.log
		echo "# breaks: '$broken', expected: '$what'"
		echo "# again: selftests/model/check.sh \"$name\""
		echo "not ok $count $name"
	fi
}

echo "TAP version 13"
# How the model is built, and what breaks: the ring is cleared while in use, stale data is
# read, something is sent too early, the link is stuck
while IFS='|' read -r define what && read -r name; do
	try "$what" "$name" "$define"
done << 'MODELS'
-DOTHER=OURS|
  the handshake with itself: no stuck state, no ring cleared in use, nothing stale or early
-DOTHER=LINUX|
  the handshake with Jailhouse's Linux: the same
-DOTHER=NUTTX|
  the handshake with NuttX: the same
-DOTHER=ZEPHYR|
  the handshake with Zephyr: the same
-DOTHER=OURS -DRESETS=1 -DRESTARTS=1|
  a device that is reset, with itself: the same
-DOTHER=LINUX -DRESETS=1 -DRESTARTS=0|
  a device that is reset, with Jailhouse's Linux: the same
-DOTHER=NUTTX -DRESETS=1 -DRESTARTS=0|
  a device that is reset, with NuttX: the same
-DOTHER=ZEPHYR -DRESETS=1 -DRESTARTS=0|
  a device that is reset, with Zephyr: the same
-DOTHER=OURS -DRESETS=1 -DRESTARTS=0 -DSHOW=1|cleared stale
  found out: a device that was reset shows its old state again, and is still in the ring
-DOTHER=LINUX -DRESETS=1 -DRESTARTS=1|stuck
  known limit: Jailhouse's Linux restarts as our device is reset, and misses that we start over
-DRECHECK=0 -DLOSE=0 -DRESTARTS=2|
  the handshake needs no recheck where no interrupt is lost
-DRECHECK=0 -DRESTARTS=2|stuck
  found out: a handshake without a recheck, when an interrupt is lost
-DOTHER=LINUX -DLOSE=2 -DRESTARTS=1|stuck
  known limit: Jailhouse's Linux does not recover from a lost interrupt
-DOTHER=NUTTX -DLOSE=2 -DRESTARTS=1|stuck
  known limit: NuttX does not recover from a lost interrupt
-DOTHER=ZEPHYR -DLOSE=2 -DRESTARTS=1|stuck
  known limit: Zephyr does not recover from a lost interrupt
-DOTHER=LINUX -DLOSE=2 -DREBOOT=1 -DRESTARTS=1|
  healed by a restart of Jailhouse's Linux: a lost interrupt
-DOTHER=NUTTX -DLOSE=2 -DREBOOT=1 -DRESTARTS=1|
  healed by a restart of NuttX: a lost interrupt
-DOTHER=ZEPHYR -DLOSE=2 -DREBOOT=1 -DRESTARTS=1|
  healed by a restart of Zephyr: a lost interrupt
-DOTHER=LINUX -DLIMIT=DOWN -DRESTARTS=2|stuck
  known limit: Jailhouse's Linux is stuck when its interface goes down while both are in INIT
-DOTHER=LINUX -DLIMIT=DOWN -DHEAL=1 -DRESTARTS=1|
  healed by our interface down and up: Jailhouse's Linux that is stuck so
-DOTHER=LINUX -DLIMIT=EARLY -DRESTARTS=2|cleared stale
  known limit: Jailhouse's Linux enters a ring that is not set up when its interface comes up
-DOTHER=LINUX -DLIMIT=RACE -DRESTARTS=2|cleared stale stuck
  known limit: Jailhouse's Linux follows an old look after its interface went down or up
-DOTHER=NUTTX -DLIMIT=DOWN -DRESTARTS=2|stuck
  known limit: NuttX is stuck in READY when its interface has been down after RUN
-DOTHER=NUTTX -DLIMIT=DOWN -DHEAL=1 -DRESTARTS=2|stuck
  not always healed by our interface down and up once: NuttX that is stuck so
-DOTHER=NUTTX -DLIMIT=DOWN -DHEAL=2 -DRESTARTS=2|
  healed by our interface down and up twice: the same
-DOTHER=NUTTX -DLIMIT=RACE -DRESTARTS=2|cleared stuck
  known limit: NuttX still makes a step after its interface went down
MODELS

# Own step, peer's state, next step; RESET 0, INIT 1, READY 2, RUN 3, UP 4
while IFS='|' read -r change what name; do
	# shellcheck disable=SC2086 # are three
	try "$what" "found out: a handshake that $name" "-DOTHER=OURS -DRESTARTS=2" $change
done << 'TABLES'
0 3 1|cleared stale|does not wait for the peer to leave the ring
0 1 0|stuck|waits for the peer to be further
1 1 3|stale|does not clear its ring
2 1 4|cleared early stale stuck|sends before the peer is ready
3 0 3|stuck|ignores that the peer went away
4 3 0|stuck|never stays up
TABLES
if [ $count = 0 ]; then
	echo "check.sh: no test's name contains $only" >&2
	exit 2
fi
echo "1..$count"
exit "$failed"
