#!/usr/bin/env bash
# Fails if the engine compiles to a fused multiply-add on arm64. Such an instruction rounds once where
# amd64 rounds twice, so that a score, and with it a report, could differ between machines.
#
#   scripts/check-fma.sh [PACKAGE...]   default: the packages whose arithmetic reaches a report
set -euo pipefail
cd "$(dirname "$0")/.."
packages=("$@")
((${#packages[@]})) || packages=(./internal/rca/... ./internal/incident/...)

# Prints the fused instructions that the packages compile to. The compiler lists only the packages
# named, and the build cache replays its listing.
fused() {
  local listing
  listing=$(GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -gcflags=-S "$@" 2>&1) || { echo "$listing" >&2; exit 1; }
  [[ $listing == *STEXT* ]] || { echo "check-fma: no code was listed for $*" >&2; exit 1; }
  grep -E '\bFN?M(ADD|SUB)[SD]\b' <<<"$listing" || true
}

# A check that cannot fail proves nothing: it must see a planted one.
prove_it_sees() {
  local planted
  planted=$(mktemp -d)
  printf 'module planted\n' >"$planted/go.mod"
  printf 'package planted\n\nfunc Fused(a, b, c float64) float64 { return a*b + c }\n' >"$planted/planted.go"
  [[ -n $(cd "$planted" && fused .) ]] || { echo "check-fma: a planted fused multiply-add was not seen" >&2; exit 1; }
  rm -rf "$planted"
}

prove_it_sees
found=$(fused "${packages[@]}")
if [[ -n $found ]]; then
  echo "$found" >&2
  echo "fused multiply-add on arm64: round the product explicitly, as in float64(a*b) + c" >&2
  exit 1
fi
