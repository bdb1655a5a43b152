#!/usr/bin/env bash
# Prints the path of a Chromium-like browser for the dashboard's tests; installs one if there is none.
#
#   CHROMIUM_PATH              use this one
#   PRODSENTINEL_BROWSER_DIR   where a browser is unpacked without root (default: ~/.cache/prodsentinel/chromium)
#
# Standard output carries the path and nothing else. Exit 1, saying what to install, if there is no way.
set -euo pipefail

candidates=(chromium-headless-shell chromium google-chrome google-chrome-stable chromium-browser chrome)
packages=(chromium-headless-shell chromium chromium-browser) # Debian, Debian, others
unpacked=${PRODSENTINEL_BROWSER_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/prodsentinel/chromium}

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

# The first package that the apt given as arguments knows.
available_package() {
  local package
  for package in "${packages[@]}"; do
    if [[ $("$@" show --no-all-versions "$package" 2>/dev/null) == *Filename:* ]]; then
      echo "$package"
      return
    fi
  done
  return 1
}

install_as_root() {
  local package
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update && package=$(available_package apt-cache) &&
    apt-get -q -y --no-install-recommends install "$package"
}

# Downloads the package with all it depends on and unpacks it under $unpacked, with an apt state of our
# own; the wrapper points the loader there.
unpack_without_root() {
  local package state=$unpacked/apt root=$unpacked/root
  mkdir -p "$state"/{lists/partial,archives/partial} "$root"
  local options=(-o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state" -o "Dir::Cache::archives=$state/archives"
    -o Debug::NoLocking=1 -o APT::Sandbox::User= -o APT::Install-Recommends=false)
  apt-get -q "${options[@]}" update && package=$(available_package apt-cache "${options[@]}") || return
  apt-get -q -y "${options[@]}" --download-only install "$package" || return

  local deb
  for deb in "$state"/archives/*.deb; do
    dpkg-deb --extract "$deb" "$root" || return
  done
  rm -rf "$state"
  write_wrapper "$root"
}

write_wrapper() {
  local root=$1 program libraries
  program=$(find "$root/usr/lib" -type f \( -name chromium -o -name headless_shell -o -name chromium-headless-shell \) -perm -u+x | head -n 1)
  [[ -n $program ]] || return 1
  libraries=$(find "$root" -type f -name '*.so*' -printf '%h\n' | sort -u | paste -sd :)
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$libraries" "$program" >"$unpacked/chromium"
  chmod +x "$unpacked/chromium"
}

install() {
  command -v apt-get >/dev/null || { say "no apt-get here to install with"; return 1; }
  if ((EUID == 0)); then
    say "installing a browser with apt-get"
    install_as_root
  else
    say "unpacking a browser into $unpacked"
    unpack_without_root
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
