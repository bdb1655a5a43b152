#!/usr/bin/env bash
# Prints the path of a Redis server; installs one if there is none.
#
#   PRODSENTINEL_REDIS_SERVER   use this one
#
# Standard output carries the path and nothing else. Exit 1, saying what to install, if there is no way.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"
unpacked=$(cache_folder redis)

say() {
  echo "ensure-redis: $*" >&2
}

usable() {
  [[ -x $1 ]] && "$1" --version </dev/null >/dev/null 2>&1
}

find_installed() {
  local candidate path
  for candidate in redis-server valkey-server "$unpacked/redis-server"; do
    path=$(command -v "$candidate") || continue
    if usable "$path"; then
      echo "$path"
      return
    fi
  done
  return 1
}

# Without a run level the package does not start a server of its own.
install_without_server() {
  RUNLEVEL=1 install_as_root redis-server redis valkey
}

unpack() {
  local program
  unpack_without_root "$unpacked" redis-server redis valkey || return
  program=$(find "$unpacked/root" -name redis-server -path '*/bin/*' -o -name valkey-server -path '*/bin/*' | head -n 1)
  [[ -n $program ]] || return 1
  write_wrapper "$unpacked" "$program" "$unpacked/redis-server"
}

install() {
  can_install || return
  if ((EUID == 0)); then
    say "installing Redis with apt-get"
    install_without_server
  else
    say "unpacking Redis into $unpacked"
    unpack
  fi
}

if [[ -n ${PRODSENTINEL_REDIS_SERVER:-} ]]; then
  usable "$PRODSENTINEL_REDIS_SERVER" || { say "PRODSENTINEL_REDIS_SERVER=$PRODSENTINEL_REDIS_SERVER does not run"; exit 1; }
  echo "$PRODSENTINEL_REDIS_SERVER"
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
say "no Redis found, and none could be installed: install it (Debian: apt-get install redis-server) or set TEST_REDIS_URL to a server"
exit 1
