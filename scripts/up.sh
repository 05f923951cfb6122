# shellcheck shell=sh
# up.sh -- ./toygrid up: everything between a clone and an open page.  Building is done here; starting, watching and
# stopping the three programs is scripts/up.mjs.

up_main() {
	port=8080
	relay_port=8081
	data=${XDG_DATA_HOME:-${HOME:-$TG_ROOT}/.local/share}/toygrid
	replica=yes
	install=yes
	open=no
	tls=no
	domain=
	cert=
	key=
	while [ $# -gt 0 ]; do
		case $1 in
		--port | --relay-port | --data | --domain | --cert | --key)
			[ $# -gt 1 ] || die "up: $1 needs a value"
			case $1 in
			--port) port=$2 ;;
			--relay-port) relay_port=$2 ;;
			--data) data=$2 ;;
			--domain) domain=$2 ;;
			--cert) cert=$2 ;;
			--key) key=$2 ;;
			esac
			shift
			;;
		--no-replica) replica=no ;;
		--no-install) install=no ;;
		--open) open=yes ;;
		--tls) tls=yes ;;
		-h | --help) part help up && return ;;
		*) die "up: unknown word '$1': see ./toygrid help up" ;;
		esac
		shift
	done
	is_port "$port" || die "up: --port $port is no port number"
	is_port "$relay_port" || die "up: --relay-port $relay_port is no port number"
	if [ -e "$data" ] && [ ! -d "$data" ]; then
		die "up: --data $data is no directory"
	fi
	[ "$port" != "$relay_port" ] || die "up: the page and the relay cannot share port $port"
	if [ "$tls" = no ] && [ -n "$domain$cert$key" ]; then
		die "up: --domain, --cert and --key go with --tls"
	fi
	case ${cert:+c}${key:+k} in
	"" | ck) ;;
	*) die "up: --cert and --key go together" ;;
	esac

	check_disk
	open_log
	# shellcheck disable=SC2086 # a list of names
	need_packages "$install" $TG_PACKAGES_BUILD
	mkdir -p "$data" 2>/dev/null
	[ -w "$data" ] || die "up: cannot write in $data: choose another with --data DIR"
	data=$(cd "$data" && pwd -P) || exit 1
	node scripts/up.mjs --check-ports "$port" "$relay_port" || exit 1
	build_parts native wasm web

	set -- --port "$port" --relay-port "$relay_port" --data "$data" --replica "$replica" --open "$open"
	if [ "$tls" = yes ]; then
		tls_name
		own=no
		if [ -z "$cert" ]; then
			own=yes
			own_certificate
		fi
		fingerprint=$(openssl x509 -in "$cert" -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//')
		[ -n "$fingerprint" ] || die "up: $cert is no certificate"
		[ -r "$key" ] || die "up: cannot read $key"
		set -- "$@" --domain "$domain" --cert "$cert" --key "$key" --own "$own" \
			--fingerprint "$fingerprint"
	fi
	exec node scripts/up.mjs "$@"
}

is_port() {
	case $1 in
	'' | *[!0-9]* | ??????*) return 1 ;;
	esac
	[ "$1" -ge 1 ] && [ "$1" -le 65535 ]
}

# The name others reach this machine by: what was asked for, else its first address, else its host name.
tls_name() {
	[ -z "$domain" ] || return 0
	domain=$(hostname -I 2>/dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i !~ /:/) { print $i; exit } }')
	[ -n "$domain" ] || domain=$(hostname)
}

# A certificate of this node's own, kept beside its documents and made anew for another name or in its last month.
own_certificate() {
	cert=$data/tls/$domain.crt
	key=$data/tls/$domain.key
	if [ -s "$key" ] && openssl x509 -in "$cert" -noout -checkend 2592000 >/dev/null 2>&1; then
		return 0
	fi
	case $domain in
	*[!0-9.]*) alt=DNS:$domain ;;
	*) alt=IP:$domain ;;
	esac
	(umask 077 && mkdir -p "$data/tls" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-nodes -days 365 -subj "/CN=$domain" -addext "subjectAltName=$alt,DNS:localhost,IP:127.0.0.1" \
		-addext 'basicConstraints=critical,CA:FALSE' -keyout "$key" -out "$cert") >>"$TG_LOG" 2>&1 ||
		die "up: cannot make a certificate in $data/tls: see $TG_LOG"
}
