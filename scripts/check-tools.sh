#!/usr/bin/env bash
# Checks that Go, Node.js and npm are here and new enough, and says what to do if not.
set -uo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
. scripts/versions.sh
missing=0

# at_least HAVE WANT: dotted numbers, HAVE ≥ WANT
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

need() { # NAME HAVE WANT HOW
	if [ -z "$2" ]; then
		echo "✗ $1 is missing; version $3 or newer is needed. $4" >&2
		missing=1
	elif ! at_least "$2" "$3"; then
		echo "✗ $1 is version $2; $3 or newer is needed. $4" >&2
		missing=1
	fi
}

go_version=$(command -v go >/dev/null && go env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*$//')
node_version=$(command -v node >/dev/null && node --version 2>/dev/null | sed 's/^v//')
npm_version=$(command -v npm >/dev/null && npm --version 2>/dev/null)

need Go "$go_version" "$MIN_GO" "See https://go.dev/dl/."
if [ "${1:-all}" != go ]; then
	need Node.js "$node_version" "$MIN_NODE" "See https://nodejs.org/en/download."
	need npm "$npm_version" "$MIN_NPM" "It comes with Node.js; or: npm install -g npm@11"
fi
exit $missing
