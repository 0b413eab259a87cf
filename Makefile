# SPDX-License-Identifier: Apache-2.0 OR MIT
# Short commands for scripts/, CMakePresets.json and package.json.

PREFIX ?= /usr/local

.DEFAULT_GOAL := help
.PHONY: help build run test soak bench check docs dist image install \
  clean

help: ## print this list
	@grep -hE '^[a-z-]+%?:.*##' $(MAKEFILE_LIST) | \
	  sed -E 's/^([a-z-]+%?):.*## (.*)/make \1|\2/' | column -t -s '|'

build: ## install missing tools, build everything
	@scripts/setup build
	@scripts/build release

run: ## show a guest signalled, a guest stopped, a guest receiving Ctrl-C
	@scripts/setup run
	@scripts/build release:wasmsig_shown
	@node examples/pi/pi.mjs
	@examples/shell/run

test: ## run all quick tests; those of the C core also under sanitizers
	@scripts/setup build test
	@scripts/test

soak: ## run the long stress tests (about ten minutes)
	@scripts/setup build test
	@scripts/test soak

bench: build ## run all benchmarks, each beside its baseline
	@node bench/run.mjs

bench-%: build ## run one benchmark: make bench-budget, make bench-js
	@node bench/run.mjs $*

check: ## check format, static analysis, types, package metadata
	@scripts/setup build check
	@scripts/check

docs: ## render the reference as HTML in build/docs
	@scripts/setup build docs
	@scripts/docs

dist: ## make all packages in build/dist
	@scripts/setup build dist
	@scripts/dist/all

image: ## make an OCI image of the command in build/images
	@scripts/setup build dist
	@mkdir -p build/images
	@scripts/image -o build/images/wasmsig.tar

install: ## install command, libraries, headers to PREFIX
	@scripts/setup install
	@scripts/build install
	@cmake --install build/install --prefix "$(PREFIX)"

clean: ## remove everything that was built
	rm -rf build hosts/js/prebuilds hosts/workerd/npm/prebuilds
