#!/usr/bin/env bash
# Measures what the budgets promise and prints one JSON line a run. With arguments it runs that one benchmark:
#     scripts/bench.sh messages --rate 1000 --for 30s --database sqlite
# docs/performance.md explains the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh >/dev/null
if [ $# -gt 0 ]; then
	exec ./bin/yingda bench "$@" --json
fi
echo "# $(nproc) processors, $(awk '/MemTotal/ {printf "%d GiB", $2 / 1048576}' /proc/meminfo 2>/dev/null), $(uname -sm), $(./bin/yingda version)"
run() {
	echo "# yingda bench $*"
	./bin/yingda bench "$@" --json
}
run messages --rate 1000 --for 30s
run messages --rate 5000 --for 30s
run messages --rate 1000 --for 30s --database postgres
run messages --rate 3000 --for 30s --database postgres
run inbox --stored 1000000
run connections
