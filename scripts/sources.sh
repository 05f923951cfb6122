# shellcheck shell=sh
# sources.sh -- the three libraries that are compiled into the browser's module, fetched as Debian's own source
# tarballs and checked by SHA-256.  No copy of them lives in this tree.
#
# apt-get works here on private state (lists, cache, sources of its own), so it needs no root, changes nothing on
# the machine, and fetches from whatever mirror the machine itself uses.  Pinned are the upstream tarballs: unlike
# a package revision they stay on the mirror when a point release comes.

TG_SODIUM_TAR=libsodium_1.0.18.orig.tar.gz
TG_MSGPACK_TAR=msgpack-c_4.0.0.orig.tar.gz
TG_DEFLATE_TAR=libdeflate_1.14.orig.tar.gz
TG_SUMS="d59323c6b712a1519a5daf710b68f5e7fde57040845ffec53850911f10a5d4f4  $TG_SODIUM_TAR
420fe35e7572f2a168d17e660ef981a589c9cbe77faa25eb34a520e1fcc032c8  $TG_MSGPACK_TAR
89e7df898c37c3427b0f39aadcf733731321a278771d20fc553f92da8d4808ac  $TG_DEFLATE_TAR"

sources_ready() {
	[ -d "$TG_CACHE/sources" ] && (cd "$TG_CACHE/sources" && printf '%s\n' "$TG_SUMS" | sha256sum -c --status) 2>/dev/null
}

# The mirror of the machine's own bookworm entry.
debian_mirror() {
	# shellcheck disable=SC2016 # apt's own $(...) format
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		while read -r release component uri; do
			[ "$release $component" = 'bookworm main' ] || continue
			printf '%s\n' "$uri"
			break
		done
}

# fetch_sources: put the tarballs into the cache and unpack them; nothing is fetched when they are there.
fetch_sources() {
	mkdir -p "$TG_CACHE/sources" || return 1
	if ! sources_ready; then
		download_sources || return 1
	fi
	unpack libsodium "$TG_SODIUM_TAR" && unpack msgpack-c "$TG_MSGPACK_TAR" && unpack libdeflate "$TG_DEFLATE_TAR"
}

download_sources() {
	mirror=$(debian_mirror)
	if [ -z "$mirror" ]; then
		echo "no Debian 12 (bookworm) main entry in this machine's apt sources"
		return 1
	fi
	state=$TG_CACHE/apt
	mkdir -p "$state/parts" "$state/lists/partial" "$state/cache/archives/partial" || return 1
	{
		echo "Types: deb-src"
		echo "URIs: $mirror"
		echo "Suites: bookworm"
		echo "Components: main"
		echo "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg"
	} >"$state/parts/bookworm.sources" || return 1
	private_apt update || return 1
	(cd "$TG_CACHE/sources" && private_apt source --download-only --tar-only libsodium msgpack-c libdeflate) || return 1
	(cd "$TG_CACHE/sources" && printf '%s\n' "$TG_SUMS" | sha256sum -c) || return 1
	rm -rf "$state"
}

private_apt() {
	apt-get -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$state/parts" \
		-o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" \
		-o APT::Sandbox::User= -o Debug::NoLocking=1 -o Acquire::Retries=3 \
		-o Acquire::Languages=none "$@"
}

# unpack NAME TARBALL: into sources/NAME, whole or not at all.
unpack() {
	[ ! -d "$TG_CACHE/sources/$1" ] || return 0
	rm -rf "$TG_CACHE/sources/$1.new"
	mkdir -p "$TG_CACHE/sources/$1.new" &&
		tar -xzf "$TG_CACHE/sources/$2" -C "$TG_CACHE/sources/$1.new" --strip-components=1 &&
		mv "$TG_CACHE/sources/$1.new" "$TG_CACHE/sources/$1"
}
