# shellcheck shell=sh
# build.sh -- the three builds: native (CMake, gcc), the browser's module (CMake, clang-19) and the page (npm,
# esbuild).  Each does nothing quickly when nothing changed.

# configure DIR FLAGS...: run CMake for build folder DIR when it is new or a build file changed since.
# FLAGS start with -S SOURCE.
configure() {
	build_dir=$1
	shift
	# A tree that was moved has the old place in its cache.
	if [ -f "$build_dir/CMakeCache.txt" ] &&
		! grep -q "^CMAKE_CACHEFILE_DIR:INTERNAL=$build_dir\$" "$build_dir/CMakeCache.txt"; then
		rm -rf "$build_dir"
	fi
	if [ -f "$build_dir/build.ninja" ] && [ -f "$build_dir/.configured" ]; then
		changed=$(find CMakeLists.txt runtime-lib relay static-server tests bench \
			\( -name CMakeLists.txt -o -name '*.cmake' \) -newer "$build_dir/.configured" -print | head -n 1)
		[ -n "$changed" ] || return 0
	fi
	cmake -G Ninja -B "$build_dir" "$@" && touch "$build_dir/.configured"
}

# The programs; with `all` also what only bench needs.
build_native() {
	configure "$TG_BUILD/native" -S . -DCMAKE_BUILD_TYPE=Release -DTG_TESTS=OFF &&
		cmake --build "$TG_BUILD/native" -j "$TG_JOBS" --target "${1:-programs}"
}

build_wasm() {
	fetch_sources || return 1
	configure "$TG_BUILD/wasm" -S runtime-lib/wasm --toolchain "$TG_ROOT/runtime-lib/wasm/toolchain.cmake" \
		-DTG_SOURCES="$TG_CACHE/sources" &&
		cmake --build "$TG_BUILD/wasm" -j "$TG_JOBS" || return 1
	# Weigh it only when it is new: brotli at its highest takes a moment.
	if newer "$TG_BUILD/wasm/toygrid.wasm" "$TG_BUILD/wasm/size.txt"; then
		node scripts/wasm-size.mjs "$TG_BUILD/wasm/toygrid.wasm" >"$TG_BUILD/wasm/size.new" || return 1
		mv "$TG_BUILD/wasm/size.new" "$TG_BUILD/wasm/size.txt"
	fi
	cat "$TG_BUILD/wasm/size.txt"
}

# npm_packages DIR: npm's packages as the lock file in DIR has them; nothing when they are there already.
npm_packages() {
	newer "$1/package-lock.json" "$1/node_modules/.package-lock.json" || return 0
	(cd "$1" && npm ci --no-audit --no-fund && touch node_modules/.package-lock.json)
}

build_web() {
	npm_packages web || return 1
	if [ -f "$TG_BUILD/web/index.html" ]; then
		changed=$(find web "$TG_BUILD/wasm/toygrid.wasm" -path web/node_modules -prune -o \
			-newer "$TG_BUILD/web/index.html" -print | head -n 1)
		[ -n "$changed" ] || return 0
	fi
	node web/build.mjs --out "$TG_BUILD/web" --wasm "$TG_BUILD/wasm/toygrid.wasm"
}

# check_disk: building needs room; say so before it runs out half way.
check_disk() {
	mkdir -p "$TG_BUILD" 2>/dev/null || die "cannot make $TG_BUILD: is the disk full, or the tree not yours?"
	free_mib=$(df -Pk "$TG_BUILD" | awk 'NR == 2 { print int($4 / 1024) }')
	needed_mib=20
	[ -d "$TG_BUILD/web" ] || needed_mib=400
	[ "${free_mib:-0}" -ge "$needed_mib" ] ||
		die "the disk is full: $free_mib MiB free for $TG_BUILD, $needed_mib MiB needed"
}

build_main() {
	install=yes
	parts=
	for word in "$@"; do
		case $word in
		native | wasm | web) parts="$parts $word" ;;
		--no-install) install=no ;;
		-h | --help) part help build && return ;;
		*) die "build: unknown word '$word': see ./toygrid help build" ;;
		esac
	done
	check_disk
	open_log
	# shellcheck disable=SC2086 # a list of names
	need_packages "$install" $TG_PACKAGES_BUILD
	# shellcheck disable=SC2086
	build_parts ${parts:-native wasm web}
}

# build_parts PART...: as numbered steps.  The page contains the module, so web builds wasm first.
build_parts() {
	case " $* " in
	*' wasm '*) ;;
	*' web '*)
		build_parts wasm "$@"
		return
		;;
	esac
	steps $#
	for one in "$@"; do
		case $one in
		native) step 'building relay, servers and native peer' build_native ;;
		wasm)
			step "building the browser's runtime" build_wasm
			say "      $(cat "$TG_BUILD/wasm/size.txt")"
			;;
		web) step 'building the page' build_web ;;
		esac
	done
}
