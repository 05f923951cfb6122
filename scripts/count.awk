# count.awk -- read a log of ctest -V, node --test (TAP) and scripts/fuzz-one.sh; print "passed failed", then the
# runners' own count lines.
#
# A C suite counts by its checks ("100%: Checks: 12, Failures: 0, Errors: 0"); one that prints none, or fails
# although its checks passed (a sanitizer's report, a crash), counts as one.
/^[0-9]+: .*Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
	suite = $1
	sub(/:.*/, "", suite)
	checks = $0; sub(/.*Checks: /, "", checks)
	failures = $0; sub(/.*Failures: /, "", failures)
	errors = $0; sub(/.*Errors: /, "", errors)
	bad[suite] += failures + errors
	good[suite] += checks - failures - errors
	counted[suite] = 1
	all_checks += checks
	next
}
# A test of ctest that is itself a run of node --test.
/^[0-9]+: # (pass|fail|cancelled) [0-9]+$/ {
	suite = $1
	sub(/:.*/, "", suite)
	if ($3 == "pass") good[suite] += $4
	else bad[suite] += $4
	counted[suite] = 1
	all_checks += $4
	next
}
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
	suite = $0
	sub(/^[^#]*#/, "", suite)
	sub(/:.*/, "", suite)
	if (/ Passed /) {
		passed += (suite in counted) ? good[suite] : 1
	} else if (/Skipped|Disabled/) {
		skipped++
	} else {
		passed += good[suite]
		failed += bad[suite] > 0 ? bad[suite] : 1
	}
	next
}
/^[0-9]+% tests passed, / {
	line[++lines] = $0 (all_checks ? " (" all_checks " checks)" : "")
	next
}
/^# pass [0-9]+/ { passed += $3; pass = $3; next }
/^# fail [0-9]+/ { failed += $3; fail = $3; next }
/^# cancelled [0-9]+/ { failed += $3; fail += $3; next }
/^# skipped [0-9]+/ {
	line[++lines] = "node --test: pass " pass ", fail " fail ", skipped " $3
	next
}
/^fuzz target / {
	line[++lines] = $0
	if (/: ok, /) passed++
	else failed++
	next
}
/^(checks|tree): / { sub(/^[a-z]*: /, ""); line[++lines] = $0 }
END {
	print passed + 0, failed + 0
	for (i = 1; i <= lines; i++) print line[i]
}
