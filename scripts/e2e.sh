#!/usr/bin/env bash
# The end-to-end tests: Chromium against the real program. Appends "passed failed" to the file named by COUNTS, if set.
set -uo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh || exit 1
scripts/web.sh && scripts/build.sh || exit 1
mkdir -p .test
status=0
(cd web && YINGDA_BIN=$PWD/../bin/yingda npm run e2e --silent --workspace e2e) 2>&1 | tee .test/e2e.out || status=1
if [ -n "${COUNTS:-}" ]; then # node:test ends with "# pass 12" or "ℹ pass 12"
	awk '$2 == "pass" && NF == 3 {p = $3} $2 == "fail" && NF == 3 {f = $3} END {if (p + f > 0) print p + 0, f + 0; else print 0, 1}' .test/e2e.out >>"$COUNTS"
fi
exit $status
