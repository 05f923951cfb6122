# shellcheck shell=sh
# help.sh -- the texts of ./toygrid help.  tests/cli compares the words and flags here with what is accepted.

help_main() {
	case ${1:-} in
	'') help_all ;;
	up | test | bench | build | clean) "help_$1" ;;
	help) help_all ;;
	peer | grid | export | import | id | replay-trace) native "$1" --help ;;
	*) die "no help for '$1': see ./toygrid help" ;;
	esac
}

help_all() {
	cat <<'EOF'
toygrid: write together; nobody's server owns it.

  ./toygrid up       build what changed, start everything here, print the address to open
  ./toygrid test     run all tests
  ./toygrid bench    measure
  ./toygrid build    build without starting
  ./toygrid clean    remove what was built
  ./toygrid help     this text; ./toygrid help WORD or ./toygrid WORD --help for one word
  ./toygrid WORD ... any other word goes to the native program, build/native/runtime-lib/cli/toygrid,
                     once ./toygrid up or ./toygrid build native has made it
EOF
	native=$TG_BUILD/native/runtime-lib/cli/toygrid
	[ ! -x "$native" ] || "$native" --help | sed -n 's/^  \([a-z][a-z-]* .*\)$/    \1/p'
}

help_up() {
	cat <<'EOF'
./toygrid up [flags]: install what is missing, build what changed, start static server, relay and replica on this
machine, and stay in the foreground until Ctrl-C (twice: at once).

  --port N         the page's port (8080)
  --relay-port N   the relay's port (8081)
  --data DIR       where the replica keeps documents, sealed (~/.local/share/toygrid)
  --no-replica     start none: documents then live in browsers only
  --no-install     never install packages: print the apt line instead and stop
  --open           open the page in this desktop's browser
  --tls            listen on all addresses with https: makes an own certificate, prints its fingerprint
  --domain NAME    with --tls: the name others reach this machine by (this machine's host name)
  --cert FILE --key FILE   with --tls: use this certificate instead
EOF
}

help_test() {
	cat <<'EOF'
./toygrid test [flags] [NAME...]: all tests; or only the named stages, or suites of the C tests.

  stages: checks gcc clang sanitize wasm web fuzz cli browser tree
  --quick          fewer seeds, corpora without fuzzing, no second compiler: while developing
  --long           1,000 seeds, a minute a fuzz target, every failing allocation, five minutes of people
                   coming, writing and dying on real programs; about an hour
  --skip NAME      leave a stage out (again for more)
  --bare           in a minimal Debian made for it: fresh clone, both README commands (needs root)
  --no-install     never install packages: print the apt line instead and stop
EOF
}

help_bench() {
	cat <<'EOF'
./toygrid bench [WHAT...] [--json FILE]: build and run the programs in bench/; without WHAT, all of them.

  --list           name what can be measured
  --peers          also measure other people's libraries at the same work (from npm, in bench/peers)
  --no-install     never install packages: print the apt line instead and stop
  --json FILE      also write the rows {what, value, unit, peer, peer_value, ratio, bar, ok}
EOF
}

help_build() {
	cat <<'EOF'
./toygrid build [native|wasm|web]: build one part, or all.  Results: build/native, build/wasm, build/web.

  --no-install     never install packages: print the apt line instead and stop
EOF
}

help_clean() {
	cat <<'EOF'
./toygrid clean [--all]: remove build/.  Documents are never touched.

  --all            also remove downloaded sources (.cache/) and npm's packages
EOF
}
