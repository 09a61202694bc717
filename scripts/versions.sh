# The pinned versions, in one place. Sourced by the other scripts.
# shellcheck shell=bash disable=SC2034
MIN_GO=1.26
MIN_NODE=20.19
MIN_NPM=10
GOLANGCI_LINT=v2.15.0
GOFUMPT=v0.12.0
SQLC=v1.31.1
