#!/usr/bin/env bash
# Everything that must hold before a change is taken in: installs what is missing, then runs every check and test, and
# ends with a summary. STEPS="go e2e" runs only the named steps. Details of each step are in .test/<step>.log.
set -uo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0 NO_COLOR=1 CI=${CI:-true}
rm -rf .test && mkdir -p .test
started=$SECONDS
order=(tools packages web lint generated go webtest e2e)
want=${STEPS:-${order[*]}}

wanted() { case " $want " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# step NAME COMMAND…: runs it with its output in .test/NAME.log and notes seconds and counts. A step that is one check
# counts as one; a step with tests of its own writes "passed failed" lines to .test/NAME.counts, and to .test/NAME.reasons
# each failure: a line that begins with ✖ and names it, and below it, indented, why.
step() {
	local name=$1 from=$SECONDS state=ok
	shift
	wanted "$name" || return 0
	COUNTS=$PWD/.test/$name.counts REASONS=$PWD/.test/$name.reasons "$@" >".test/$name.log" 2>&1 || state=FAIL
	[ -s ".test/$name.counts" ] || { [ $state = ok ] && echo "1 0" || echo "0 1"; } >".test/$name.counts"
	local passed failed
	read -r passed failed < <(awk '{p += $1; f += $2} END {print p + 0, f + 0}' ".test/$name.counts")
	[ $state = FAIL ] && [ "$failed" = 0 ] && failed=1
	echo "$state $((SECONDS - from)) $passed $failed" >".test/$name.result"
	printf '%-4s %-10s %5d s  %d passed, %d failed\n' "$state" "$name" $((SECONDS - from)) "$passed" "$failed"
	if [ $state = FAIL ]; then
		if [ -s ".test/$name.reasons" ]; then
			echo "--- what failed; all of it is in .test/$name.log:"
			head -n 80 ".test/$name.reasons"
		else
			echo "--- the end of .test/$name.log:"
			tail -n 60 ".test/$name.log" | cut -c 1-300
		fi
		echo "---"
		return 1
	fi
}

tools() { scripts/check-tools.sh && scripts/tools.sh golangci-lint gofumpt sqlc; }
# lint: with the checks of go vet, which is one of its linters.
lint() { scripts/tool golangci-lint config verify && scripts/tool golangci-lint run ./...; }
# go_tests: without the checks of vet, which lint has made.
go_tests() { CGO_ENABLED=1 node scripts/gotest.mjs -race -vet=off -timeout 15m -p 2 ./...; }

# web_tests: types, unit tests and bundle budgets; counts vitest's tests besides.
web_tests() {
	local status=0
	(cd web && npm run check --silent) || status=1
	(cd web && npm run test --silent) 2>&1 | tee .test/vitest.out || status=1
	awk '/^ *Tests +[0-9]/ {for (i = 2; i < NF; i++) {if ($(i + 1) ~ /^passed/) p += $i; if ($(i + 1) ~ /^failed/) f += $i}} END {print p + 0, f + 0}' .test/vitest.out >"$COUNTS"
	(cd web && npm run budget --silent --if-present) || status=1
	return $status
}

# First what everything else needs, one after the other (the program embeds the web pages, so they are built before any Go
# is compiled); then the web's checks beside the static ones; then the tests of the program, alone, because they start
# databases and measure time; then the browser.
step tools tools || { echo "0 passed, 1 failed"; exit 1; }
step packages scripts/packages.sh
if step web scripts/web.sh; then
	step webtest web_tests &
	web=$!
	step lint lint
	step generated scripts/generate.sh --check
	wait $web
fi
step go go_tests
[ -f .test/web.result ] && grep -q '^FAIL' .test/web.result || step e2e scripts/e2e.sh

echo
# Once more in short, because whoever sees only the end of this wants to know too.
cat .test/*.reasons 2>/dev/null | awk '/^✖/ {left = 3} left-- > 0' | head -n 40
passed=0 failed=0
for name in "${order[@]}"; do
	wanted "$name" || continue
	if [ -f ".test/$name.result" ]; then
		read -r state seconds p f <".test/$name.result"
	else
		state=SKIP seconds=0 p=0 f=1 # something before it failed
	fi
	printf '%-4s %-10s %5d s\n' "$state" "$name" "$seconds"
	passed=$((passed + p)) failed=$((failed + f))
done
echo "in $((SECONDS - started)) s"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
