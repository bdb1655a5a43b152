#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other.
#
#   scripts/fuzz.sh [INPUTS EACH, or a time]   default: 10000x
#
# Inputs are counted, because Go before 1.27 now and then takes the end of a time for a failure
# (golang/go#75804).
set -euo pipefail
cd "$(dirname "$0")/.."
amount=${1:-10000x}

# What hangs has no end of its own.
limit=()
if command -v timeout >/dev/null; then limit=(timeout 10m); fi

# file:target
targets() {
  git grep --untracked -oE '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed 's/:func /:/'
}

failed=()
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  echo "== fuzz $package $target"
  ${limit[@]+"${limit[@]}"} go test -run '^$' -fuzz "^$target\$" -fuzztime "$amount" -fuzzminimizetime 100x "$package" </dev/null ||
    failed+=("$package $target")
done < <(targets)

if ((${#failed[@]})); then
  printf 'fuzzing failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
