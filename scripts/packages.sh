# shellcheck shell=sh
# packages.sh -- which Debian packages a job needs, which of them are missing, and installing these.

# shellcheck disable=SC2034 # used in the other files
TG_PACKAGES_BUILD='gcc libc6-dev make cmake ninja-build pkg-config libsodium-dev libmsgpack-dev libdeflate-dev
	liblmdb-dev libwebsockets-dev libwebsockets-evlib-ev libwebsockets-evlib-uv libev-dev libuv1-dev libevent-dev
	libseccomp-dev libssl-dev libxml2-dev libcmark-gfm-dev libcmark-gfm-extensions-dev clang-19 lld-19 binaryen wasi-libc
	libclang-rt-19-dev-wasm32 nodejs npm ca-certificates openssl'
# shellcheck disable=SC2034
TG_PACKAGES_TEST='git check clang-format-14 libclang-rt-19-dev shellcheck chromium firefox-esr fonts-dejavu-core'
# shellcheck disable=SC2034
TG_PACKAGES_BENCH='chromium fonts-dejavu-core'
# shellcheck disable=SC2034
TG_PACKAGES_BARE='git debootstrap'

# have PACKAGE: is it there?  node and npm count however they came, if they are new enough.
have() {
	case $1 in
	nodejs)
		node -e 'process.exit(process.versions.node.split(".")[0] >= 18 ? 0 : 1)' 2>/dev/null
		;;
	npm | git)
		command -v "$1" >/dev/null
		;;
	*)
		# dpkg-query prints "ii " for installed, also for the default architecture's "name:arch"
		case $(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null) in
		ii*) return 0 ;;
		*) return 1 ;;
		esac
		;;
	esac
}

# missing PACKAGE...: print those that are not installed.
missing() {
	# One dpkg-query for all: this runs at every start.
	# shellcheck disable=SC2016 # dpkg's own ${...} format
	installed=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^ii *//p' | tr '\n' ' ') "
	for package in "$@"; do
		case $installed in
		*" $package "*) continue ;;
		esac
		have "$package" || printf '%s ' "$package"
	done
}

# need_packages INSTALL PACKAGE...: see that all are there.  INSTALL is yes or no; with no, print the line to type
# and fail.
need_packages() {
	allowed=$1
	shift
	command -v dpkg-query >/dev/null || die "this is no Debian: install the equivalents of these yourself: $*"
	lacking=$(missing "$@")
	[ -n "$lacking" ] || return 0
	apt_line="apt-get install --no-install-recommends $lacking"
	if [ "$allowed" = no ]; then
		say "missing packages; install them with:"
		say "  sudo $apt_line"
		exit 1
	fi
	if [ "$(id -u)" -eq 0 ]; then
		as_root=
	elif command -v sudo >/dev/null; then
		as_root=sudo
		# Ask for the password here, where the question can be seen, not inside a logged step.
		sudo -v || die "sudo refused; as root, run: $apt_line"
	else
		die "packages are missing and there is no sudo; as root, run: $apt_line"
	fi
	say "installing Debian packages: $lacking"
	steps 1
	# shellcheck disable=SC2086 # a list of names
	step 'installing packages' install_packages $lacking
}

install_packages() {
	if ! $as_root apt-get -q update; then
		echo "apt-get update failed; trying with the lists there are"
	fi
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
		-o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
}
