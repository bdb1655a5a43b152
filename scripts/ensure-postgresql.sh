#!/usr/bin/env bash
# Prints the directory of PostgreSQL's server programs (postgres, initdb, pg_ctl); installs them if there
# are none.
#
#   PRODSENTINEL_POSTGRESQL_BIN   use the programs of this directory
#
# Standard output carries the path and nothing else. Exit 1, saying what to install, if there is no way.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/packages.sh"
unpacked=$(cache_folder postgresql)

say() {
  echo "ensure-postgresql: $*" >&2
}

usable() {
  [[ -x $1/initdb && -x $1/pg_ctl ]] && "$1/postgres" --version </dev/null >/dev/null 2>&1
}

# The directories to look in, the newest version of a kind first.
directories() {
  local program
  if program=$(command -v pg_ctl); then
    dirname "$(readlink -f "$program")"
  fi
  printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin | sort -rV
  printf '%s\n' /usr/local/pgsql/bin /usr/lib/postgresql/bin "$unpacked/bin"
}

find_installed() {
  local directory
  while read -r directory; do
    if usable "$directory"; then
      echo "$directory"
      return
    fi
  done < <(directories)
  return 1
}

# Debian's package makes and starts a server of its own unless told not to.
install_without_server() {
  local no_cluster=/etc/postgresql-common/createcluster.d/prodsentinel-none.conf status=0
  mkdir -p "$(dirname "$no_cluster")"
  echo "create_main_cluster = false" >"$no_cluster"
  install_as_root postgresql || status=$?
  rm -f "$no_cluster"
  return "$status"
}

unpack() {
  local programs program
  unpack_without_root "$unpacked" postgresql || return
  programs=$(find "$unpacked/root/usr/lib/postgresql" -type d -name bin | sort -rV | head -n 1)
  [[ -n $programs ]] || return 1
  mkdir -p "$unpacked/bin"
  for program in postgres initdb pg_ctl; do
    write_wrapper "$unpacked" "$programs/$program" "$unpacked/bin/$program"
  done
}

install() {
  can_install || return
  if ((EUID == 0)); then
    say "installing PostgreSQL with apt-get"
    install_without_server
  else
    say "unpacking PostgreSQL into $unpacked"
    unpack
  fi
}

if [[ -n ${PRODSENTINEL_POSTGRESQL_BIN:-} ]]; then
  usable "$PRODSENTINEL_POSTGRESQL_BIN" || { say "PRODSENTINEL_POSTGRESQL_BIN=$PRODSENTINEL_POSTGRESQL_BIN has no usable postgres, initdb and pg_ctl"; exit 1; }
  echo "$PRODSENTINEL_POSTGRESQL_BIN"
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
say "no PostgreSQL found, and none could be installed: install its server (Debian: apt-get install postgresql) or set TEST_DATABASE_URL to a server on which databases may be created"
exit 1
