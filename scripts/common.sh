# shellcheck shell=sh
# common.sh -- what every part of ./toygrid uses: messages, logged steps with a clock, and stopping cleanly.
#
# Sourced by ./toygrid, which has set TG_ROOT.  Nothing here reads or writes outside the tree.

# shellcheck disable=SC2034 # used in the files loaded next
TG_JOBS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# shellcheck disable=SC2034
TG_CACHE=${TOYGRID_CACHE:-$TG_ROOT/.cache}
TG_BUILD=$TG_ROOT/build
# a step that takes longer says without a terminal that it is alive
TG_ALIVE_S=15
TG_COLUMNS=$( (stty size <&1 | cut -d ' ' -f 2) 2>/dev/null)
[ "${TG_COLUMNS:-0}" -ge 20 ] || TG_COLUMNS=80
TG_LOG=$TG_BUILD/log/${TG_WORD:-toygrid}.log

step_number=0
step_total=0
step_pid=
ticker_pid=

say() {
	printf '%s\n' "$*"
}

warn() {
	printf 'toygrid: %s\n' "$*" >&2
}

# die TEXT: one clear line and a non-zero exit.
die() {
	warn "$*"
	stop_steps
	exit 1
}

# kill_tree PID: stop a process and everything it started.  Read from /proc: a bare machine has no ps.
kill_tree() {
	# shellcheck disable=SC2013 # words are what is wanted
	for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		kill_tree "$child"
	done
	kill -TERM "$1" 2>/dev/null
}

# A shell that was forked a moment ago still has our traps, and would lose a TERM: then we would wait for it for ever.
stop_ticker() {
	[ -n "$ticker_pid" ] || return 0
	kill -KILL "$ticker_pid" 2>/dev/null
	wait "$ticker_pid" 2>/dev/null
	ticker_pid=
}

stop_steps() {
	stop_ticker
	[ -z "$step_pid" ] || kill_tree "$step_pid"
	step_pid=
}

trap 'stop_steps; printf "\n" >&2; exit 130' INT
trap 'stop_steps; exit 143' TERM

# newer A B: A was changed after B, or there is no B.
newer() {
	[ ! -e "$2" ] || [ -n "$(find "$1" -prune -newer "$2" 2>/dev/null)" ]
}

# Open the log of this run; a full disk shows here first.
open_log() {
	if mkdir -p "$TG_BUILD/log" 2>/dev/null && (: >"$TG_LOG") 2>/dev/null; then
		return 0
	fi
	die "cannot write in $TG_BUILD: is the disk full, or the tree not yours?"
}

# steps N: N calls of step will follow; they are numbered [1/N] and so on.
steps() {
	step_number=0
	step_total=$1
}

# elapsed START: seconds since START.
elapsed() {
	echo $(($(date +%s) - $1))
}

# How far the running step is, read from what it has logged: ninja's and ctest's "3 of 45", apt's package; nothing where
# nothing tells.
progress() {
	tail -n 200 "$TG_LOG" | awk '
		/^== / { far = "" }
		/^\[[0-9]+\/[0-9]+\] / { split(substr($1, 2), n, /[\/\]]/); far = n[1] " of " n[2] }
		/^ *[0-9]+\/[0-9]+ Test / { split($1, n, "/"); far = n[1] " of " n[2] }
		/^Get:[0-9]+ / { far = "download " substr($1, 5) }
		/^(Unpacking|Setting up) / { far = ($1 == "Setting" ? "setting up " $3 : "unpacking " $2) }
		END { if (far != "") printf ", %.40s", far }'
}

# show_alive LABEL START: until killed, say that the step is at work.  On a terminal one line, rewritten every second;
# else a line after TG_ALIVE_S seconds and then more rarely, so that an hour leaves some dozens of them in a log.
show_alive() {
	next_s=$TG_ALIVE_S
	# (its output elsewhere: when we are killed it must not keep a reader of ours waiting)
	while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
		age=$(elapsed "$2")
		if [ -t 1 ]; then
			printf '\r%s\033[K' "$(printf '%s %s s%s' "$1" "$age" "$(progress)" | cut -c "1-$((TG_COLUMNS - 1))")"
		elif [ "$age" -ge "$next_s" ]; then
			printf '%s %s s so far%s\n' "$1" "$age" "$(progress)"
			next_s=$((age + (age / 8 > TG_ALIVE_S ? age / 8 : TG_ALIVE_S)))
		fi
	done
}

# step TEXT COMMAND...: run COMMAND (a program or a function; in a subshell) with its output in the log, its age and
# progress shown.  Returns 0; if COMMAND fails, shows why and ends ./toygrid.
step() {
	step_text=$1
	shift
	if ! try_step "$step_text" "$@"; then
		explain_failure "$step_text"
		exit 1
	fi
}

# try_step TEXT COMMAND...: the same, but a failure is the caller's business.
try_step() {
	step_number=$((step_number + 1))
	label="[$step_number/$step_total] $1 ..."
	shift
	began=$(date +%s)
	printf '\n== %s\n' "$label" >>"$TG_LOG"
	log_start=$(wc -l <"$TG_LOG")
	[ ! -t 1 ] || printf '%s ' "$label"
	show_alive "$label" "$began" &
	ticker_pid=$!
	("$@") >>"$TG_LOG" 2>&1 &
	step_pid=$!
	wait "$step_pid"
	step_status=$?
	step_pid=
	stop_ticker
	[ ! -t 1 ] || printf '\r\033[K'
	if [ "$step_status" -eq 0 ]; then
		printf '%s %s s\n' "$label" "$(elapsed "$began")"
	else
		printf '%s failed after %s s\n' "$label" "$(elapsed "$began")"
	fi
	return "$step_status"
}

# explain_failure TEXT: what in the failed step looks like a reason, its last lines, then one line of what it means.
explain_failure() {
	failed_text=$(tail -n "+$((log_start + 1))" "$TG_LOG")
	{
		printf '%s\n' "$failed_text" | head -n -12 |
			awk '/^ *not ok/ { more = 24 } /^ *\.\.\.$/ { more = 0 } more-- > 0 || /\*\*\*|:[FE]:|FAILED|(error|ERROR|Error):|panic/' |
			head -n 60
		printf '%s\n' "$failed_text" | tail -n 12
	} | cut -c 1-200 | sed 's/^/    /' >&2
	case $failed_text in
	*'No space left on device'* | *ENOSPC*) why='the disk is full' ;;
	*'Temporary failure resolving'* | *'Could not resolve'* | *'Failed to fetch'* | *ENOTFOUND* | *EAI_AGAIN* | \
		*'Could not connect'* | *ECONNREFUSED* | *ETIMEDOUT* | *ENETUNREACH*)
		why='a download failed: is there a network?' ;;
	*) why='see the lines above' ;;
	esac
	warn "$1 failed: $why (whole log: $TG_LOG)"
}
