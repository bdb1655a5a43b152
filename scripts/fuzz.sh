#!/usr/bin/env bash
# Runs every fuzz target of the module for a while, one after the other.
#
#   scripts/fuzz.sh [TIME EACH]   default: 5s
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-5s}

# file:target
targets() {
  git grep --untracked -oE '^func Fuzz[A-Za-z0-9_]*' -- '*_test.go' | sed 's/:func /:/'
}

failed=()
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  echo "== fuzz $package $target"
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" </dev/null || failed+=("$package $target")
done < <(targets)

if ((${#failed[@]})); then
  printf 'fuzzing failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
