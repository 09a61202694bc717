#!/usr/bin/env bash
# tools.sh NAME…: makes sure that the pinned version of each named tool is in ./.tools/bin. A copy of the right version
# that is already on this machine is linked instead of built.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/versions.sh
. scripts/versions.sh
bin=$PWD/.tools/bin
mkdir -p "$bin"

version_of() { # NAME FILE
	case $1 in
	golangci-lint) "$2" version --short 2>/dev/null | sed 's/^v*/v/' ;;
	gofumpt) "$2" --version 2>/dev/null | awk '{print $1}' ;;
	sqlc) "$2" version 2>/dev/null ;;
	esac
}

for name in "$@"; do
	case $name in
	golangci-lint) module=github.com/golangci/golangci-lint/v2/cmd/golangci-lint want=$GOLANGCI_LINT ;;
	gofumpt) module=mvdan.cc/gofumpt want=$GOFUMPT ;;
	sqlc) module=github.com/sqlc-dev/sqlc/cmd/sqlc want=$SQLC ;;
	*) echo "no such tool: $name" >&2; exit 2 ;;
	esac
	[ -x "$bin/$name" ] && [ "$(version_of "$name" "$bin/$name")" = "$want" ] && continue
	for candidate in "$(command -v "$name" || true)" "$(go env GOPATH)/bin/$name"; do
		if [ -x "$candidate" ] && [ "$(version_of "$name" "$candidate")" = "$want" ]; then
			ln -sf "$candidate" "$bin/$name"
			continue 2
		fi
	done
	echo "installing $name $want (once)"
	GOFLAGS='' CGO_ENABLED=0 GOBIN=$bin go install "$module@$want"
done
