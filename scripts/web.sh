#!/usr/bin/env bash
# Builds the web pages into internal/surface/webui/dist, unless nothing changed since the last time.
# npm ci needs the network once; later builds do not.
set -euo pipefail
cd "$(dirname "$0")/../web"
dist=../internal/surface/webui/dist

# The stamp is a checksum over every source file that a build reads.
stamp=$(find . \( -name node_modules -o -name dist -o -name test-results -o -name playwright-report \) -prune -o -type f -print0 |
	sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-64)
if [ "${1:-}" != --force ] && [ -f "$dist/.stamp" ] && [ "$(cat "$dist/.stamp")" = "$stamp" ]; then
	echo "web pages: unchanged"
	exit 0
fi

lock=$(sha256sum package-lock.json | cut -c 1-64)
if [ ! -f node_modules/.lock ] || [ "$(cat node_modules/.lock)" != "$lock" ]; then
	echo "web pages: installing dependencies (npm ci)"
	npm ci --no-audit --no-fund --loglevel=error
	echo "$lock" >node_modules/.lock
fi
echo "web pages: building"
npm run build --silent
echo "$stamp" >"$dist/.stamp"
