# Needs Go, make and git, and PostgreSQL and Redis for tests, which are installed or unpacked where missing;
# `make race` also a C compiler. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One way of compiling for build, tests and linters, so that the collector is compiled once for all of
# them. The version comes from git by VERSION, not from the go command.
export CGO_ENABLED := 0
export GOFLAGS     := $(strip -trimpath -buildvcs=false $(shell go env GOFLAGS))

BINARY   := bin/prodsentinel
VERSION  ?= $(shell git describe --tags --dirty 2>/dev/null || echo devel-$$(git rev-parse --short HEAD 2>/dev/null || echo unknown))
LDFLAGS  := -s -w -X main.version=$(VERSION)
TOOL     := go tool -modfile=tools/go.mod
FUZZTIME ?= 10000x

# Of make field: a regular expression for the names of cases, folders of others, and where the verdicts go.
CASE         ?=
CASES        ?=
FIELD_REPORT ?= .cache/field.txt

# Of make baselines: a folder of recordings without a fault.
BASELINES ?= e2e/field/testdata/baselines

# Of make test-faults.
FAULTS         ?= 40
SEED           ?= 0
FAULTS_LOG     ?= .cache/faults.log
FAULTS_TIMEOUT ?= 6h

# Throwaway PostgreSQL and Redis for the tests; TEST_DATABASE_URL and TEST_REDIS_URL name others.
SERVERS = scripts/with-servers.sh

# The browser for the dashboard's tests; where there is none to be had, they are skipped.
BROWSER = CHROMIUM_PATH="$$(scripts/ensure-chromium.sh || true)"

# Those with tests, but not the end-to-end ones: they watch another process.
RACE_PACKAGES = go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | grep -v /e2e

.PHONY: help build demo test field baselines test-faults test-notifications race fuzz-short vet arm64 lint generate check-generate clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

build: ## Build bin/prodsentinel
	go build -ldflags '$(LDFLAGS)' -o $(BINARY) .

demo: build ## Watch a failure of three services become an incident; ONCE=1: check every kind of failure and exit; AGENTS=scripted: with a script for a model
	$(BINARY) demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(AGENTS),--agents=$(AGENTS))

test: build ## Run all tests: unit, conformance, end-to-end over the binary
	PRODSENTINEL_BINARY=$(CURDIR)/$(BINARY) $(BROWSER) $(SERVERS) go test -timeout 20m ./...

field: ## Check the verdicts on telemetry from elsewhere; CASE selects by name, CASES plays other folders, REVERSED=1 sends them backwards, FIELD_REPORT has every verdict
	mkdir -p $(dir $(FIELD_REPORT))
	go test -count=1 -run '^TestField$$/.*/$(CASE)' ./e2e/field -args -report=$(abspath $(FIELD_REPORT)) -cases=$(CASES) $(if $(REVERSED),-reversed)
	tail -n 1 $(FIELD_REPORT)

baselines: ## Check that recordings without a fault open no incident above low but for real failures; BASELINES has others
	go test -count=1 -v -run '^TestBaselines$$' ./e2e/field -args -baselines=$(abspath $(BASELINES))

test-faults: build ## Break it at random FAULTS times and check that nothing is lost; SEED repeats a run, FAULTS_LOG keeps a line for each
	mkdir -p $(dir $(FAULTS_LOG))
	PRODSENTINEL_BINARY=$(CURDIR)/$(BINARY) go test -count=1 -timeout $(FAULTS_TIMEOUT) -v -run TestRandomFaults ./e2e/faults \
		-faults=$(FAULTS) -seed=$(SEED) -log=$(abspath $(FAULTS_LOG))

test-notifications: build ## Break three replicas and their receivers at random FAULTS times while people are told of incidents; SEED repeats a run
	PRODSENTINEL_BINARY=$(CURDIR)/$(BINARY) $(SERVERS) go test -count=1 -timeout $(FAULTS_TIMEOUT) -v -run TestFaults ./e2e/notifications \
		-faults=$(FAULTS) -seed=$(SEED)

race: ## Run the tests of our packages under the race detector
	$(BROWSER) CGO_ENABLED=1 $(SERVERS) go test -race -timeout 30m $$($(RACE_PACKAGES))

fuzz-short: ## Run each fuzz target for FUZZTIME, a count like 10000x or a time like 1m
	scripts/fuzz.sh $(FUZZTIME)

vet: ## Run go vet
	go vet ./...

arm64: ## Compile the engine for linux/arm64, and check that it rounds there as on amd64
	scripts/check-fma.sh

lint: ## Run the linters
	$(TOOL) golangci-lint run

generate: ## Write components.go and the components' metadata
	scripts/generate.sh

check-generate: ## Fail if a generated file is out of date
	scripts/generate.sh --check

clean: ## Remove what was built
	rm -rf bin .cache
