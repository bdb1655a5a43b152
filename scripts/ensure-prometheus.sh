#!/usr/bin/env bash
# Prints the path of a program of Prometheus'; installs its package if there is none.
#
#   scripts/ensure-prometheus.sh alertmanager   the Alertmanager
#   scripts/ensure-prometheus.sh promtool       which checks rules
#
#   PRODSENTINEL_ALERTMANAGER, PRODSENTINEL_PROMTOOL   use this one
#
# Standard output carries the path and nothing else. Exit 1, saying what to install, if there is no way.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

say() {
  echo "ensure-prometheus: $*" >&2
}

case ${1:-} in
  alertmanager) given=${PRODSENTINEL_ALERTMANAGER:-} package=prometheus-alertmanager programs=(prometheus-alertmanager alertmanager) ;;
  promtool) given=${PRODSENTINEL_PROMTOOL:-} package=prometheus programs=(promtool) ;;
  *) say "name alertmanager or promtool"; exit 2 ;;
esac
unpacked=$(cache_folder "$package")

usable() {
  [[ -x $1 ]] && "$1" --version </dev/null >/dev/null 2>&1
}

find_installed() {
  local candidate path
  for candidate in "${programs[@]}" "$unpacked/${programs[0]}"; do
    path=$(command -v "$candidate") || continue
    if usable "$path"; then
      echo "$path"
      return
    fi
  done
  return 1
}

unpack() {
  local program
  unpack_without_root "$unpacked" "$package" || return
  program=$(find "$unpacked/root" -name "${programs[0]}" -path '*/bin/*' | head -n 1)
  [[ -n $program ]] || return 1
  write_wrapper "$unpacked" "$program" "$unpacked/${programs[0]}"
}

install() {
  can_install || return
  if ((EUID == 0)); then
    say "installing $package with apt-get"
    RUNLEVEL=1 install_as_root "$package" # without a run level no server of the package's own is started
  else
    say "unpacking $package into $unpacked"
    unpack
  fi
}

if [[ -n $given ]]; then
  usable "$given" || { say "$given does not run"; exit 1; }
  echo "$given"
  exit
fi
find_installed && exit
# Tests of several packages ask at once, and only one may install.
if command -v flock >/dev/null; then
  exec 9>"${TMPDIR:-/tmp}/prodsentinel-packages.lock"
  flock 9
  find_installed && exit
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install </dev/null >"$log" 2>&1; then
  tail -n 5 "$log" >&2
elif find_installed; then
  exit
fi
say "no ${programs[0]} found, and none could be installed: install it (Debian: apt-get install $package)"
exit 1
