#!/usr/bin/env bash
# Prints the path of a Chromium-like browser for the dashboard's tests; installs one if there is none.
#
#   CHROMIUM_PATH              use this one
#   PRODSENTINEL_BROWSER_DIR   where a browser is unpacked without root (default: ~/.cache/prodsentinel/chromium)
#
# Standard output carries the path and nothing else. Exit 1, saying what to install, if there is no way.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

candidates=(chromium-headless-shell chromium google-chrome google-chrome-stable chromium-browser chrome)
packages=(chromium-headless-shell chromium chromium-browser) # Debian, Debian, others
unpacked=${PRODSENTINEL_BROWSER_DIR:-$(cache_folder chromium)}

say() {
  echo "ensure-chromium: $*" >&2
}

# Whether the program runs: a distribution's stub or a browser without its libraries does not.
usable() {
  [[ -x $1 ]] && timeout 20 "$1" --version </dev/null >/dev/null 2>&1
}

find_installed() {
  local name path
  for name in "${candidates[@]}"; do
    path=$(command -v "$name") || continue
    if usable "$path"; then
      echo "$path"
      return
    fi
  done
  if usable "$unpacked/chromium"; then
    echo "$unpacked/chromium"
    return
  fi
  return 1
}

unpack() {
  local program
  unpack_without_root "$unpacked" "${packages[@]}" || return
  program=$(find "$unpacked/root/usr/lib" -type f \( -name chromium -o -name headless_shell -o -name chromium-headless-shell \) -perm -u+x | head -n 1)
  [[ -n $program ]] || return 1
  write_wrapper "$unpacked" "$program" "$unpacked/chromium"
}

install() {
  can_install || return
  if ((EUID == 0)); then
    say "installing a browser with apt-get"
    install_as_root "${packages[@]}"
  else
    say "unpacking a browser into $unpacked"
    unpack
  fi
}

if [[ -n ${CHROMIUM_PATH:-} ]]; then
  usable "$CHROMIUM_PATH" || { say "CHROMIUM_PATH=$CHROMIUM_PATH does not run"; exit 1; }
  echo "$CHROMIUM_PATH"
  exit
fi

find_installed && exit
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install </dev/null >"$log" 2>&1; then
  tail -n 5 "$log" >&2
elif find_installed; then
  exit
fi
say "no browser found, and none could be installed: install chromium or google-chrome (Debian: apt-get install chromium-headless-shell) or set CHROMIUM_PATH"
exit 1
