# SPDX-License-Identifier: Apache-2.0 OR MIT
# The front door. What is behind it: scripts/, CMakePresets.json, package.json.

PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help build run test soak bench check install clean

help: ## this list
	@grep -hE '^[a-z-]+%?:.*##' $(MAKEFILE_LIST) | \
	  sed -E 's/^([a-z-]+%?):.*## (.*)/make \1|\2/' | column -t -s '|'

build: ## install what is missing, build everything once
	@scripts/setup build
	@scripts/build release

run: build ## see a guest told, a guest stopped, and a guest hear Ctrl-C
	@node examples/pi/pi.mjs
	@examples/shell/run

test: ## every quick test, with the sanitizers too
	@scripts/setup build test
	@scripts/test

soak: ## the storms for as long as it takes (some ten minutes)
	@scripts/setup build test
	@scripts/test soak

bench: build ## every benchmark, each beside its baseline
	@node bench/run.mjs

bench-%: build ## one of them: make bench-budget, make bench-js
	@node bench/run.mjs $*

check: ## format, static analysis, types, package metadata
	@scripts/setup build check
	@scripts/check

install: build ## command, libraries, headers, pkg-config files to PREFIX
	@cmake --install build/release --prefix "$(PREFIX)"

clean: ## remove what was built
	rm -rf build hosts/js/prebuilds
