# shellcheck shell=sh
# test.sh -- ./toygrid test: the stages, in an order that fails early, each with a log of its own, and one sum.
#
# A stage is a function stage_NAME, run in a subshell with its output in build/log/test-NAME.log.  Its last act is
# to leave its runners' count lines there; scripts/count.awk adds them up.  A stage that fails does not stop the
# next ones.

TEST_STAGES='checks gcc clang sanitize wasm web fuzz cli browser tree'

test_main() {
	install=yes
	chosen=
	skipped=' '
	suites=
	TG_SEEDS=100
	fuzz_seconds=10
	test_seconds=900
	while [ $# -gt 0 ]; do
		case $1 in
		--quick)
			TG_SEEDS=5
			fuzz_seconds=0
			skipped="$skipped clang "
			;;
		--long)
			TG_SEEDS=1000
			fuzz_seconds=60
			test_seconds=7200
			TG_LONG=1
			export TG_LONG
			;;
		--skip)
			[ $# -gt 1 ] || die "test: --skip needs the name of a stage"
			is_stage "$2" || die "test: no stage '$2'; there are: $TEST_STAGES"
			skipped="$skipped $2 "
			shift
			;;
		--bare)
			shift
			part bare "$@"
			return
			;;
		--no-install) install=no ;;
		-h | --help) part help test && return ;;
		-*) die "test: unknown option '$1': see ./toygrid help test" ;;
		*)
			if is_stage "$1"; then
				chosen="$chosen $1"
			elif [ -d "tests/$1" ]; then
				suites="$suites $1"
			else
				die "test: '$1' is neither a stage ($TEST_STAGES) nor a folder in tests/"
			fi
			;;
		esac
		shift
	done
	export TG_SEEDS
	[ -z "$suites" ] || chosen="$chosen suites"
	check_disk
	open_log
	# shellcheck disable=SC2086 # lists of names
	need_packages "$install" $TG_PACKAGES_BUILD $TG_PACKAGES_TEST
	tree_before=$(tree_state)
	run_stages
}

is_stage() {
	case " $TEST_STAGES " in
	*" $1 "*) return 0 ;;
	*) return 1 ;;
	esac
}

run_stages() {
	tests_began=$(date +%s)
	planned=
	for stage in ${chosen:-$TEST_STAGES}; do
		case $skipped in
		*" $stage "*) continue ;;
		esac
		planned="$planned $stage"
	done
	# shellcheck disable=SC2086 # a list of names
	set -- $planned
	steps $#
	failed_stages=
	sum_passed=0
	sum_failed=0
	summary=$TG_BUILD/log/test-summary.txt
	: >"$summary"
	for stage in "$@"; do
		TG_LOG=$TG_BUILD/log/test-$stage.log
		: >"$TG_LOG"
		passed=0
		failed=0
		if try_step "$(stage_text "$stage")" "stage_$stage"; then
			verdict=0
		else
			verdict=1
		fi
		# "passed failed" on the first line, then the runners' own lines
		awk -f scripts/count.awk "$TG_LOG" >"$TG_LOG.count"
		read -r passed failed <"$TG_LOG.count"
		if [ "$verdict" -ne 0 ]; then
			# A build that broke has no count line of its own.
			[ "$failed" -gt 0 ] || failed=1
			failed_stages="$failed_stages $stage"
			explain_failure "stage $stage"
		elif [ "$((passed + failed))" -eq 0 ]; then
			passed=1
		fi
		sed -n '2,$p' "$TG_LOG.count" | sed "s/^/$stage: /" >>"$summary"
		sum_passed=$((sum_passed + passed))
		sum_failed=$((sum_failed + failed))
	done
	say ''
	cat "$summary"
	say "$(elapsed "$tests_began") s; seeds of the simulation: $TG_SEEDS"
	[ -z "$failed_stages" ] || say "failed stages:$failed_stages (logs: build/log/test-NAME.log)"
	say "$sum_passed passed, $sum_failed failed"
	[ "$sum_failed" -eq 0 ] && [ -z "$failed_stages" ]
}

stage_text() {
	case $1 in
	checks) echo 'checks: format, shell, what must not be in the tree' ;;
	gcc) echo 'gcc: build as shipped, C tests' ;;
	clang) echo 'clang: build with asserts, C tests' ;;
	sanitize) echo 'sanitize: address and undefined behaviour, C tests' ;;
	wasm) echo "wasm: the browser's runtime" ;;
	web) echo 'web: types, page, node tests' ;;
	fuzz) echo "fuzz: corpora, then $fuzz_seconds s a target" ;;
	cli) echo 'cli: ./toygrid itself' ;;
	browser) echo 'browser: real Chromium and Firefox, real servers' ;;
	tree) echo 'tree: nothing in it changed' ;;
	suites) echo "the tests of$suites" ;;
	esac
}

# c_tests DIR SEEDS FLAGS...: build everything in DIR, run its tests.
c_tests() {
	dir=$TG_BUILD/$1
	seeds=$2
	shift 2
	configure "$dir" -S . -DTG_TESTS=ON "$@" && cmake --build "$dir" -j "$TG_JOBS" &&
		TG_SEEDS=$seeds ctest --test-dir "$dir" -V -j "$TG_JOBS" --timeout "$test_seconds" --no-tests=error
}

fewer_seeds() {
	echo $((TG_SEEDS / 10 > 1 ? TG_SEEDS / 10 : 2))
}

stage_gcc() {
	c_tests gcc "$TG_SEEDS" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=gcc
}

# What is long is long in one build: the others look for what a compiler or a sanitizer sees.
stage_clang() {
	unset TG_LONG
	c_tests clang "$(fewer_seeds)" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DCMAKE_C_COMPILER=clang-19
}

stage_sanitize() {
	unset TG_LONG
	# gcc's runtime names functions and lines by itself; clang's needs a program that Debian packs elsewhere.
	c_tests sanitize "$(fewer_seeds)" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O1 -DTG_SANITIZE=ON \
		-DCMAKE_C_COMPILER=gcc
}

# Not a stage: the folders named on the command line, with the shipped build.
stage_suites() {
	dir=$TG_BUILD/gcc
	configure "$dir" -S . -DTG_TESTS=ON -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=gcc &&
		cmake --build "$dir" -j "$TG_JOBS" || return 1
	status=0
	for suite in $suites; do
		if [ -f "$dir/tests/$suite/CTestTestfile.cmake" ]; then
			ctest --test-dir "$dir/tests/$suite" -V -j "$TG_JOBS" --timeout "$test_seconds" || status=1
		fi
		node_tests "tests/$suite" || status=1
	done
	return "$status"
}

stage_checks() {
	status=0
	git ls-files '*.c' '*.h' >"$TG_BUILD/log/c-files"
	xargs -r clang-format-14 --dry-run -Werror <"$TG_BUILD/log/c-files" || status=1
	shellcheck -x toygrid .ci/run || status=1
	git ls-files 'scripts/*.sh' | xargs -r shellcheck || status=1
	# Where packages come from is the machine's own business and not the tree's.
	if git grep -nE '"resolved": *"http|registry\.npm[j]s|deb\.debia[n]\.org'; then
		echo 'a registry or a mirror is named in the tree'
		status=1
	fi
	if [ "$status" -eq 0 ]; then
		echo "checks: $(wc -l <"$TG_BUILD/log/c-files") C files formatted, scripts clean"
	fi
	return "$status"
}

# node_tests DIR: every *.test.mjs below it; nothing to do is no failure.
node_tests() {
	tests=$(find "$1" -name '*.test.mjs' -not -path '*/node_modules/*' | sort)
	[ -n "$tests" ] || return 0
	# shellcheck disable=SC2086 # a list of paths without spaces
	TG_BUILD=$TG_BUILD TG_SOURCES=$TG_CACHE/sources node --test --test-reporter=tap $tests
}

stage_wasm() {
	build_wasm && build_wasm_tests toygrid-test.wasm vectors.wasm && node_tests tests/wasm
}

# build_wasm_tests MODULE...: modules for tests alone.  vectors.wasm computes the golden files of tests/vectors.
build_wasm_tests() {
	cmake --build "$TG_BUILD/wasm" -j "$TG_JOBS" --target "$@"
}

# Traces for replay come from this tree's native peer, never from a build that has grown old.
fresh_recorder() {
	[ ! -f "$TG_BUILD/gcc/build.ninja" ] || cmake --build "$TG_BUILD/gcc" -j "$TG_JOBS" --target sim_record
}

stage_web() {
	fresh_recorder || return 1
	npm_packages web && (cd web && node node_modules/typescript/bin/tsc --noEmit) && build_wasm && build_web || return 1
	status=0
	for dir in tests/*/ web/tests/; do
		case $dir in
		tests/wasm/ | tests/cli/ | tests/browser/) continue ;;
		esac
		[ ! -d "$dir" ] || node_tests "$dir" || status=1
	done
	return "$status"
}

stage_cli() {
	build_native && build_wasm && build_web && node_tests tests/cli
}

stage_browser() {
	fresh_recorder && build_native && build_wasm && build_wasm_tests vectors.wasm && build_web && npm_packages tests/browser &&
		node_tests tests/browser
}

# Each target first replays its corpus, then searches for fuzz_seconds; what it finds stays in build/fuzz.
stage_fuzz() {
	configure "$TG_BUILD/fuzz" -S . -DTG_TESTS=ON -DTG_FUZZ=ON -DTG_SANITIZE=ON -DCMAKE_BUILD_TYPE=Debug \
		-DCMAKE_C_FLAGS=-O1 -DCMAKE_C_COMPILER=clang-19 &&
		cmake --build "$TG_BUILD/fuzz" -j "$TG_JOBS" --target fuzzers || return 1
	find "$TG_BUILD/fuzz/tests/fuzz" -maxdepth 1 -type f -name 'fuzz_*' -perm -u+x | sort >"$TG_BUILD/log/fuzzers"
	xargs -r -P "$TG_JOBS" -n 1 sh scripts/fuzz-one.sh "$fuzz_seconds" "$TG_BUILD/fuzz" <"$TG_BUILD/log/fuzzers"
}

# The state of the work tree, to see that tests leave no trace in it.
tree_state() {
	git status --porcelain 2>/dev/null
}

stage_tree() {
	after=$(tree_state)
	if [ "$after" != "$tree_before" ]; then
		echo 'the tests changed the work tree:'
		printf '%s\n' "$after"
		return 1
	fi
	if [ -n "${CI:-}" ] && [ -n "$after" ]; then
		echo 'the work tree is not clean:'
		printf '%s\n' "$after"
		return 1
	fi
	echo "tree: clean"
}
