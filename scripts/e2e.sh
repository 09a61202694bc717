#!/usr/bin/env bash
# The end-to-end tests: Chromium against the real program; with names of files only those: scripts/e2e.sh desk queue-more.
# web/e2e/run.mjs says what it does with COUNTS and REASONS.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh
scripts/web.sh
scripts/build.sh
cd web/e2e
YINGDA_BIN=$PWD/../../bin/yingda exec node run.mjs "$@"
