#!/bin/sh
# fuzz-one.sh SECONDS BUILD TARGET -- run one libFuzzer program: its corpus from the tree, then SECONDS of search.
# Prints one count line that scripts/count.awk reads.
set -u
seconds=$1
build=$2
target=$3
name=${target##*/fuzz_}

mkdir -p "$build/found/$name"
# With 0 seconds only the committed inputs run.
if [ "$seconds" -gt 0 ]; then
	set -- -max_total_time="$seconds"
else
	set -- -runs=0
fi
seeds=tests/fuzz/corpus/$name
[ -d "$seeds" ] || seeds=
# shellcheck disable=SC2086 # seeds is one path or nothing
if "$target" "$@" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$build/$name-" \
	"$build/found/$name" $seeds >"$build/$name.log" 2>&1; then
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")
	printf 'fuzz target %s: ok, %s runs\n' "$name" "${runs:-0}"
else
	tail -n 30 "$build/$name.log"
	# The count line tells enough to repeat it where only that line is kept.
	why=$(sed -n 's/^SUMMARY: *//p' "$build/$name.log" | head -n 1)
	input=$(sed -n 's/.*Test unit written to //p' "$build/$name.log" | tail -n 1)
	printf 'fuzz target %s: FAILED, %s, input kept as %s' "$name" "${why:-no reason given}" "${input:-$build/$name-*}"
	if [ -f "$input" ] && [ "$(wc -c <"$input")" -le 4096 ]; then
		printf ', in base64: %s' "$(base64 -w 0 "$input")"
	fi
	echo
	exit 1
fi
