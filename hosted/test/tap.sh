# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
# For scripts whose tests are programs. Each runs in the background while the script goes on
# and builds what others need. Many sleep most of the time, so one more than there are CPUs
# run side by side. Prints TAP, in the script's order.
#
#	begin NAME PLAN		NAME goes before each test's, if it is not empty
#	build ARGUMENT...	make; where that fails, so do the tests from here to the next one
#	told			prints what it said
#	run WHAT COMMAND...	a test: status 0 is good, 4 means skipped, for the reason printed
#	skip WHAT REASON
#	sanitized WHAT SANITIZERS SAN PROGRAM COMMAND...	builds and runs PROGRAM of SAN
#	fuzz MAKE-TARGET NAME...	for SECS (10) seconds each
#	finish			waits for all, exits

clang=${CLANG:-clang}
cpus=$(nproc)
# Each test is a process, at whose end ThreadSanitizer waits a second by default, for threads
# that have ended and are not joined yet.
export TSAN_OPTIONS=atexit_sleep_ms=0:report_thread_leaks=0

begin()
{
	suite=${1:+$1: }
	number=0
	jobs=
	out=$(mktemp -d) || exit
	trap 'rm -rf "$out"' EXIT
	trap 'trap "" TERM; kill 0; exit 1' INT TERM
	# A line is the right to run.
	mkfifo "$out/slots" || exit
	exec 3<> "$out/slots"
	seq 0 "$cpus" >&3
	echo "TAP version 13"
	echo "1..$2"
}

build()
{
	said=$out/make.$number
	broken=
	make -s -j"$cpus" "$@" > "$said" 2>&1 3<&- || broken=$said
	[ -z "$broken" ]
}

# What the last build said
told()
{
	sed 's/^/# /' "$said"
}

run()
{
	number=$((number + 1))
	echo "$suite$1" > "$out/$number.what"
	shift
	# A function is only ours.
	[ ! -x "$(command -v "$1")" ] || echo "cd hosted && $*" > "$out/$number.again"
	(
		read -r _ <&3
		if [ -n "$broken" ]; then
			cat "$broken"
			false
		else
			"$@" 3<&-
		fi
		status=$?
		echo >&3
		exit $status
	) > "$out/$number" 2>&1 &
	jobs="$jobs $!"
}

skipped()
{
	echo "$1"
	return 4
}

skip()
{
	broken=
	run "$1" skipped "$2"
}

can()
{
	echo 'int main(void) { return 0; }' | "$1" ${2:+"-fsanitize=$2"} -x c -o /dev/null - 2> /dev/null
}

sanitized()
{
	if ! can "$clang" "$2"; then
		skip "$1" "no $clang${2:+ with -fsanitize=$2}"
		return
	fi
	what=$1
	program=build/$clang${3:+-$3}/$4
	build CC="$clang" SAN="$3" "$program"
	shift 4
	run "$what" "$@" "$program"
}

has_fuzzer()
{
	[ -e "$("$clang" -print-file-name=libclang_rt.fuzzer_no_main-x86_64.a 2> /dev/null)" ]
}

fuzz()
{
	target=$1
	shift
	if has_fuzzer; then
		build CC="$clang" SAN=fuzz "$target"
		for name; do
			run "fuzz-$name finds nothing in ${SECS:-10} s" \
				env SECS="${SECS:-10}" NEW="$out/new" fuzz/run "$name"
		done
	else
		for name; do
			skip "fuzz-$name" "no $clang with libFuzzer"
		done
	fi
}

# What a test says of itself
notes()
{
	sed -n -e '/^# seed/p' -e 's/.*DONE *\(cov: [0-9]*\).*/# \1/p' -e 's/^Done/# &/p' "$1"
}

# What each failed test said, from its beginning: a sanitizer's report begins with what it is
failures()
{
	awk '/^ok/ { lines = 0; next }
	     ++lines <= 100 { said[lines] = $0 }
	     /^not ok/ {
			for (i = 1; i <= lines && i <= 100; i++)
				print said[i]
			if (lines > 100)
				print "..." ORS $0
			lines = 0
			found = 1
	     }
	     END { exit !found }' "$1"
}

# The command that runs this one again, of its tests only those that failed. It may know better.
again()
{
	grep -q '^#* *again: ' "$1" || [ ! -e "$1.again" ] ||
		echo "# again: $(cat "$1.again")$(sed -n 's/^not ok [0-9]* \([^ ]*\).*/\1/p' "$1" |
			sort -u | sed 's/^/ /' | tr -d '\n')"
}

finish()
{
	number=0
	failed=0
	for job in $jobs; do
		number=$((number + 1))
		log=$out/$number
		what=$(cat "$log.what")
		wait "$job"
		status=$?
		tests=$(grep -c '^ok' "$log")
		case $status in
		0)	[ "$tests" = 0 ] || what="$what ($tests tests)"
			echo "ok $number $what"
			notes "$log";;
		4)	echo "ok $number $what # SKIP $(tail -1 "$log")";;
		*)	{ failures "$log" || tail -40 "$log"; } | sed 's/^/# /'
			again "$log"
			echo "not ok $number $what"
			failed=1;;
		esac
	done
	exit $failed
}
