#!/usr/bin/env bash
# Rewrites everything that is generated and committed: Go from SQL, the OpenAPI description, TypeScript types, the
# configuration reference. With --check it changes nothing and fails if SQL and its Go code differ; the rest are golden
# tests and run with the others.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
scripts/tools.sh sqlc
config=sqlc.yaml
if [ "${1:-}" = --check ]; then
	exec scripts/tool sqlc diff -f "$config"
fi
scripts/tool sqlc generate -f "$config"
go test ./internal/app/config -run TestReferenceIsCurrent -update >/dev/null
go test ./internal/surface/rest -run 'Golden|OpenAPI' -update >/dev/null
(cd web && npm run generate --if-present --silent)
git status --short
