# shellcheck shell=sh
# clean.sh -- ./toygrid clean: remove what can be made again, and nothing else.

clean_main() {
	all=
	for word in "$@"; do
		case $word in
		--all) all=1 ;;
		-h | --help) part help clean && return ;;
		*) die "clean: unknown word '$word': see ./toygrid help clean" ;;
		esac
	done
	rm -rf "$TG_BUILD" "$TG_BUILD.old" || die "cannot remove $TG_BUILD"
	[ -z "$all" ] || rm -rf "$TG_CACHE" "$TG_ROOT/web/node_modules" "$TG_ROOT/tests/browser/node_modules" \
		"$TG_ROOT/bench/peers/node_modules" || die "cannot remove $TG_CACHE"
}
