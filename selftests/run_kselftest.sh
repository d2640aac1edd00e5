#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs the tests that lie beside it, one at a time, and prints TAP: a line for each, after what it
# says itself as comments. The status is 1 when one failed, 4 when all were skipped, else 0.
usage() {
	cat <<-END
	usage: run_kselftest.sh [-l] [-r] [SUITE | SUITE:TEST]...
	  -l  only list the tests
	  -r  run them in reverse order
	IVSHMEM_DEVICES="ivshmem0 ivshmem1" allows tests to use and rebind these devices; with "all",
	any. See Documentation/testing.md.
	END
	exit "$1"
}

wanted() { # suite:test
	[ -n "$chosen" ] || return 0
	for choice in $chosen; do
		case $choice in "$1" | "${1%%:*}") return ;; esac
	done
	return 1
}

select_tests() {
	while read -r test; do
		if wanted "$test"; then echo "$test"; fi
	done <kselftest-list.txt | if [ -n "$reverse" ]; then tac; else cat; fi
}

# What the test says goes on as comments; its first reason to skip is kept, and its status. A
# terminal's signals do not reach it, as timeout(1) has it in a process group of its own.
run() { # suite, test
	seconds=$(sed -n 's/^timeout=//p' "$1/settings")
	echo 1 >"$work/status"
	(
		cd "$1" || exit 1
		timeout -k 10 "${seconds:-45}" "./$2" 2>&1 &
		trap 'kill $!; wait $!; exit 1' HUP INT TERM
		wait $!
		echo $? >"$work/status"
	) | tee "$work/said" | sed 's/^/# /'
	reason=$(sed -n '/# SKIP/{s/.*# SKIP *//p;q}' "$work/said")
	return "$(cat "$work/status")"
}

# Of a failure: the kernel's last words, where they may be read, and what to type for this test alone
explain() { # suite:test
	dmesg 2>/dev/null | tail -n 20 | sed 's/^/# | /'
	settings=''
	[ -z "$IVSHMEM_DEVICES" ] || settings="IVSHMEM_DEVICES=\"$IVSHMEM_DEVICES\" "
	[ -z "$IVSHMEM_SLEEP" ] || settings="${settings}IVSHMEM_SLEEP=$IVSHMEM_SLEEP "
	echo "# again: $settings$runner $1"
}

tell() { # status, suite, test
	case $1 in
	0)	echo "ok $number $2: $3" ;;
	4)	echo "ok $number $2: $3 # SKIP $reason"; return ;;
	*)	explain "$2:$3"
		why="exit status $1"
		[ "$1" -ne 124 ] || why="not done within $seconds s"
		echo "not ok $number $2: $3 # $why"
		failed=1 ;;
	esac
	skipped=0
}

cd "$(dirname "$0")" || exit 1
runner=$(pwd)/$(basename "$0")
list='' reverse=''
while getopts lrh option; do
	case $option in
	l) list=1 ;;
	r) reverse=1 ;;
	h) usage 0 ;;
	*) usage 2 >&2 ;;
	esac
done
shift $((OPTIND - 1))
chosen="$*"
tests=$(select_tests)
if [ -z "$tests" ]; then
	echo "run_kselftest.sh: no test is called $chosen (-l lists them)" >&2
	exit 2
fi
if [ -n "$list" ]; then echo "$tests"; exit; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
number=0 failed=0 skipped=4
echo "TAP version 13"
echo "1..$(echo "$tests" | wc -l)"
for test in $tests; do
	number=$((number + 1))
	run "${test%%:*}" "${test#*:}"
	tell $? "${test%%:*}" "${test#*:}"
done
[ $failed = 0 ] && exit $skipped
exit 1
