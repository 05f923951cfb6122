#!/bin/sh
# bare-up.sh -- inside the bare root: ./toygrid up until the page answers, stop it, and start it a second time.
# Lines that begin with "bare: " are shown to the person at the other end.
set -u

answers() {
	node -e '
	require("http").get("http://localhost:8080/", (r) => process.exit(r.statusCode === 200 ? 0 : 1))
		.on("error", () => process.exit(1))' 2>/dev/null
}

# start TEXT LIMIT: up, wait for the page, stop; fails when it takes over LIMIT seconds.
start() {
	began=$(date +%s%N)
	./toygrid up &
	up=$!
	until answers; do
		if ! kill -0 "$up" 2>/dev/null; then
			echo "bare: ./toygrid up ended before the page answered"
			exit 1
		fi
		if [ $((($(date +%s%N) - began) / 1000000000)) -gt "$2" ]; then
			echo "bare: no page after $2 s"
			exit 1
		fi
		sleep 0.1
	done
	echo "bare: $1: the page answered after $((($(date +%s%N) - began) / 1000000)) ms"
	kill -TERM "$up"
	wait "$up"
	if answers; then
		echo "bare: still there after it was stopped"
		exit 1
	fi
}

start 'first start' 900
start 'second start' 10
