#!/usr/bin/env bash
# Kills server and database ROUNDS times (50) under load and holds both to what they promised; then shows with strace that
# the disk has a message before its sender is told. Takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50}
command -v strace >/dev/null || { echo "soak: strace is missing; on Debian: apt-get install strace" >&2; exit 1; }
scripts/packages.sh
SOAK_ROUNDS=$rounds CGO_ENABLED=0 go test -tags soak -count=1 -timeout 60m -v \
	-run 'TestKilled|TestAnswerLeavesAfterTheDiskHasIt' ./internal/app/bench
