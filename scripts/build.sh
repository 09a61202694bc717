#!/usr/bin/env bash
# Builds the program into ./bin/yingda without cgo, with its version inside.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/check-tools.sh go
version=$(git describe --tags --always --dirty 2>/dev/null || echo unversioned)
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X yingda.dev/internal/app.version=$version" -o bin/yingda ./cmd/yingda
echo "program: bin/yingda $version"
