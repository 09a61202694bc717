# Yingda: the commands of every day. `make` alone lists them.
# Everything here is a thin door to the go command, npm or a script in scripts/.

SHELL       := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The product is built without cgo; only the race detector of `make test` needs it.
export CGO_ENABLED = 0

ROUNDS ?= 50
ARGS   ?=

.PHONY: help
help: ## list the commands
	@awk 'BEGIN {FS = ":.*## "; print "Yingda. Commands:"} /^[a-z0-9-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build everything and start the demo on http://127.0.0.1:8080 (data in ./data, key in ./keys)
	@exec ./bin/yingda serve --demo $(ARGS)

.PHONY: build
build: web ## build the pages and the program into ./bin
	@scripts/build.sh

.PHONY: web
web: ## build the web pages into the folder that the program embeds
	@scripts/check-tools.sh
	@scripts/web.sh

.PHONY: test
test: ## install what is missing, run every check and test, end with a summary
	@scripts/test.sh

.PHONY: lint
lint: ## golangci-lint, with go vet in it
	@scripts/tools.sh golangci-lint
	@scripts/tool golangci-lint run ./...

.PHONY: fmt
fmt: ## format the Go code
	@scripts/tools.sh gofumpt
	@scripts/tool gofumpt -l -w cmd internal

.PHONY: generate
generate: ## rewrite generated code and documents: queries, OpenAPI, TypeScript types, configuration reference
	@scripts/generate.sh

.PHONY: e2e
e2e: build ## only the end-to-end tests, in Chromium against the real program
	@scripts/e2e.sh

.PHONY: bench
bench: ## measure what the budgets promise (minutes); ARGS="messages --rate 1000 --for 30s" for one
	@scripts/bench.sh $(ARGS)

.PHONY: soak
soak: build ## kill the server ROUNDS (50) times under load and check that nothing is lost
	@scripts/soak.sh $(ROUNDS)

.PHONY: clean
clean: ## remove built files and tools; keeps ./data and ./keys
	@rm -rf bin .tools .test coverage web/node_modules
	@find internal/surface/webui/dist -mindepth 1 ! -name .keep -delete 2>/dev/null || true
