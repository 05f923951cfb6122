# shellcheck shell=sh
# bench.sh -- ./toygrid bench: build the programs in bench/, run them, gather their rows.
#
# A program bench/WHAT (C, from bench/CMakeLists.txt: target bench_WHAT) or bench/WHAT.mjs (node) prints one JSON row
# a line: {"what", "value", "unit", "peer", "peer_value", "ratio", "bar", "ok"}; peer fields are null without a peer,
# bar and ok where nothing is promised.  Anything else it prints is for people and goes to standard error.
# bench/peers/WHAT.mjs does the same work with somebody else's library; its rows {"what", "unit", "peer",
# "peer_value"} join ours of the same "what".

bench_main() {
	install=yes
	json=
	chosen=
	list=no
	peers=no
	while [ $# -gt 0 ]; do
		case $1 in
		--json)
			[ $# -gt 1 ] || die "bench: --json needs a file"
			json=$2
			shift
			;;
		--list) list=yes ;;
		--peers) peers=yes ;;
		--no-install) install=no ;;
		-h | --help) part help bench && return ;;
		-*) die "bench: unknown option '$1': see ./toygrid help bench" ;;
		*) chosen="$chosen $1" ;;
		esac
		shift
	done
	known=$(bench_names)
	if [ "$list" = yes ]; then
		say "$known"
		return
	fi
	for what in $chosen; do
		printf '%s\n' "$known" | grep -qx -- "$what" || die "bench: no '$what'; ./toygrid bench --list names them"
	done
	check_disk
	open_log
	# shellcheck disable=SC2086 # a list of names
	need_packages "$install" $TG_PACKAGES_BUILD $TG_PACKAGES_BENCH
	build_parts native wasm web
	steps 1
	step 'building what measures' build_native all
	rows=$TG_BUILD/log/bench.rows
	: >"$rows"
	status=0
	for what in ${chosen:-$known}; do
		say "-- $what"
		bench_one "$what" >"$rows.one" || {
			warn "bench $what failed"
			status=1
		}
		grep '^{' "$rows.one" >>"$rows"
		if [ "$peers" = yes ] && [ -f "bench/peers/$what.mjs" ]; then
			bench_peer "$what" >"$rows.one"
			grep '^{' "$rows.one" >>"$rows"
		fi
	done
	node scripts/bench-table.mjs "$rows" ${json:+"$json"} || status=1
	return "$status"
}

bench_names() {
	{
		sed -n 's/^tg_bench(\([a-z0-9_-]*\).*/\1/p' bench/CMakeLists.txt 2>/dev/null
		for file in bench/*.mjs; do
			[ ! -f "$file" ] || basename "$file" .mjs
		done
	} | sort
}

bench_one() {
	if [ -f "bench/$1.mjs" ]; then
		TG_BUILD=$TG_BUILD node "bench/$1.mjs"
	else
		"$TG_BUILD/native/bench/bench_$1"
	fi
}

# A peer that cannot be installed or run here is skipped with a line; our own figures stand without it.
bench_peer() {
	if newer bench/peers/package-lock.json bench/peers/node_modules/.package-lock.json &&
		! (cd bench/peers && npm ci --no-audit --no-fund && touch node_modules/.package-lock.json) >>"$TG_LOG" 2>&1; then
		warn "skipping the peer of $1: its packages cannot be installed here (log: $TG_LOG)"
		return
	fi
	TG_BUILD=$TG_BUILD node "bench/peers/$1.mjs" || warn "skipping the peer of $1: it does not run on node $(node --version)"
}
