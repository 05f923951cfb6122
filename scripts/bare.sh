# shellcheck shell=sh
# bare.sh -- ./toygrid test --bare: does a fresh Debian 12 need anything that we do not say?
#
# Makes a minimal bookworm root, a user who may sudo, and a clone of the committed tree in that user's home; then
# types the README's two commands there.  Everything runs in mount and pid namespaces of its own: when it ends, or
# is killed, no mount and no process is left.  Apt mirror, npm registry and extra certificates are those of this
# machine, read when it runs; none of it is stored in the tree.
#
# TOYGRID_BARE_KEEP=1 keeps the root for a look around.

bare_main() {
	[ "$(id -u)" -eq 0 ] || die "test --bare makes a root file system: run it as root"
	check_disk
	open_log
	# shellcheck disable=SC2086 # a list of names
	need_packages yes $TG_PACKAGES_BARE
	[ -z "$(git status --porcelain)" ] || warn "uncommitted changes are not in the clone that is tested"
	mirror=$(debian_mirror)
	[ -n "$mirror" ] || die "no Debian 12 (bookworm) main entry in this machine's apt sources"

	bare_root=$(mktemp -d "${TMPDIR:-/var/tmp}/toygrid-bare.XXXXXX") || die "cannot make a folder for the new root"
	chmod 755 "$bare_root" # mktemp makes it for root alone; the user in it must pass
	trap 'bare_clean' EXIT
	steps 4
	step 'making a minimal Debian 12' bare_debian
	step 'cloning into it' bare_clone
	step "./toygrid up: until the page answers, then stop; and once more" bare_run up
	sed -n 's/^bare: /      /p' "$TG_LOG"
	# Its own lines are worth seeing: let them through while they are logged.
	say "[4/4] ./toygrid test $* ..."
	status=0
	bare_run test "$@" >"$TG_BUILD/log/bare-test.log" 2>&1 || status=$?
	tail -n 40 "$TG_BUILD/log/bare-test.log"
	[ "$status" -eq 0 ] || die "./toygrid test failed on the bare machine (log: $TG_BUILD/log/bare-test.log)"
}

bare_clean() {
	stop_steps
	if [ -n "${TOYGRID_BARE_KEEP:-}" ]; then
		say "kept: $bare_root"
	else
		rm -rf --one-file-system "$bare_root"
	fi
}

bare_debian() {
	debootstrap --variant=minbase --include=sudo,ca-certificates bookworm "$bare_root" "$mirror" || return 1
	# The machine's own Debian entries (with updates and security) and what makes apt work behind its mirror.
	# shellcheck disable=SC2016 # apt's own $(...) format
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		grep -E ' bookworm(-updates|-security)? main$' | sort -u >"$bare_root/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::(Check-|https?::|Retries|ForceIPv)' \
		>"$bare_root/etc/apt/apt.conf.d/90host" || true
	# Nobody needs this root after a power cut.
	echo force-unsafe-io >"$bare_root/etc/dpkg/dpkg.cfg.d/unsafe-io"
	cp /etc/resolv.conf /etc/hosts "$bare_root/etc/" || return 1
	if [ -n "$(ls -A /usr/local/share/ca-certificates 2>/dev/null)" ]; then
		cp /usr/local/share/ca-certificates/* "$bare_root/usr/local/share/ca-certificates/"
		chroot "$bare_root" update-ca-certificates
	fi
	chroot "$bare_root" useradd --create-home --shell /bin/sh user &&
		echo 'user ALL=(ALL) NOPASSWD: ALL' >"$bare_root/etc/sudoers.d/user"
}

bare_clone() {
	git clone -q --no-hardlinks "$TG_ROOT" "$bare_root/home/user/toygrid" &&
		git -C "$bare_root/home/user/toygrid" remote remove origin &&
		chroot "$bare_root" chown -R user: /home/user/toygrid &&
		cp scripts/bare-up.sh "$bare_root/home/user/"
}

# bare_run up|test [WORD...]: in the new root, as its user, with no terminal.
bare_run() {
	case $1 in
	up) inside='sh ../bare-up.sh' ;;
	test) inside="./toygrid $*" ;;
	esac
	registry=$(npm config get registry 2>/dev/null)
	# npm's own list of authorities does not know this machine's.
	certs=
	[ -z "$(ls -A /usr/local/share/ca-certificates 2>/dev/null)" ] ||
		certs=NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
	# shellcheck disable=SC2016 # expanded by the inner shell
	BARE_ROOT=$bare_root BARE_INSIDE=$inside BARE_REGISTRY=$registry BARE_CERTS=$certs \
		unshare --mount --pid --fork --kill-child sh -c '
		mount -t proc proc "$BARE_ROOT/proc" &&
		mount --rbind /dev "$BARE_ROOT/dev" &&
		mount -t tmpfs -o mode=1777 shm "$BARE_ROOT/dev/shm" || exit 1
		exec chroot "$BARE_ROOT" su - user -c \
			"cd toygrid && export CI=true npm_config_registry=$BARE_REGISTRY $BARE_CERTS && $BARE_INSIDE" </dev/null'
}
