#!/usr/bin/env bash
# Writes every generated file: components.go from builder-config.yaml, and each component's
# internal/metadata, tests and documentation from its metadata.yaml.
#
#   scripts/generate.sh           write them
#   scripts/generate.sh --check   change nothing; fail, with the difference, where a file is out of date
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tool() {
  go tool -modfile=tools/go.mod "$@"
}

# The builder writes a whole module, main.go included: let it do so elsewhere and take the one file.
generate_components() {
  sed "s|^dist:\$|&\n  output_path: $work/distribution|" builder-config.yaml >"$work/manifest.yaml"
  tool builder --config "$work/manifest.yaml" --skip-compilation --skip-get-modules >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; return 1; }
  gofmt "$work/distribution/components.go" >"$work/components.go"
  cp "$work/components.go" components.go
}

generate_metadata() {
  local metadata
  for metadata in {receiver,processor,exporter,extension}/*/metadata.yaml; do
    [[ ! -e $metadata ]] || tool mdatagen "$metadata"
  done
}

# Generates in a copy of the working tree and compares.
check() {
  mkdir "$work/tree"
  git ls-files -z --cached --others --exclude-standard --deduplicate | # the deleted are listed too
    while IFS= read -r -d '' file; do [[ ! -e $file ]] || printf '%s\0' "$file"; done |
    tar --null --files-from=- -cf - | tar -xf - -C "$work/tree"
  cp -R "$work/tree" "$work/generated"
  "$work/generated/scripts/generate.sh"
  if ! diff -ruN "$work/tree" "$work/generated"; then
    echo "generated files are out of date: run 'make generate' and commit the result" >&2
    return 1
  fi
}

case "${1:-}" in
  "") generate_components; generate_metadata ;;
  --check) check ;;
  *) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac
