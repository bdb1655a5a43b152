#!/usr/bin/env bash
# Runs a command with a PostgreSQL and a Redis of its own, and ends with its exit code.
#
#   scripts/with-servers.sh COMMAND [ARGUMENT...]
#
#   TEST_DATABASE_URL, TEST_REDIS_URL   use this server instead; the command gets both
#
# The servers listen on free loopback ports, run as an ordinary user and keep no promise of durability.
# They and their directory are gone when the command has ended or was interrupted, and even when this
# script was killed.
set -euo pipefail
here=$PWD
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() {
  echo "with-servers: $*" >&2
}

(($#)) || { say "usage: with-servers.sh COMMAND [ARGUMENT...]"; exit 2; }
if [[ -n ${TEST_DATABASE_URL:-} && -n ${TEST_REDIS_URL:-} ]]; then
  exec "$@"
fi

# as_user COMMAND...: as whom the servers run; never as root.
as_user() {
  if ((EUID != 0)); then
    "$@"
  elif command -v setpriv >/dev/null; then
    setpriv --reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups "$@"
  elif command -v runuser >/dev/null; then
    runuser -u nobody -- "$@"
  else
    su nobody -s /bin/sh -c "$(printf '%q ' "$@")"
  fi
}

# A port below those that the system hands out, of which nobody was told.
random_port() {
  echo $((20000 + (RANDOM * 32768 + RANDOM) % 12000))
}

# start NAME: runs start_NAME DIRECTORY PORT on one port after the other and sets port, or shows the
# server's log.
start() {
  local name=$1 directory=$work/$1
  mkdir "$directory"
  ((EUID != 0)) || chown nobody "$directory"
  "prepare_$name" "$directory" >"$work/$name.log" 2>&1 || { cat "$work/$name.log" >&2; say "$name could not be set up"; exit 1; }
  for _ in {1..10}; do
    port=$(random_port)
    "start_$name" "$directory" "$port" >"$work/$name.log" 2>&1 9>&- </dev/null && return
  done
  cat "$work/$name.log" >&2
  say "$name did not start"
  exit 1
}

prepare_postgresql() {
  cd "$1" && as_user "$postgresql/initdb" --pgdata="$1" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync
}

start_postgresql() {
  local options="-p $2 -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c dynamic_shared_memory_type=mmap
    -c shared_buffers=64MB -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
  cd "$1" && TZ=UTC as_user "$postgresql/pg_ctl" start --wait --silent --pgdata="$1" --options="${options//$'\n'/}"
}

prepare_redis() {
  :
}

start_redis() {
  local log=$1/redis.log
  rm -f "$log"
  cd "$1" && as_user "$redis" --bind 127.0.0.1 --port "$2" --dir "$1" --daemonize yes --pidfile "$1/redis.pid" --logfile "$log" \
    --save '' --appendonly no || return
  for _ in {1..500}; do
    ! grep -qs 'eady to accept connections' "$log" || return 0
    ! grep -s 'Failed listening' "$log" || return 1
    sleep 0.02
  done
  cat "$log"
  return 1
}

# stop SIGNAL PIDFILE: ends the server of that file, which it removes last.
stop() {
  local pid
  [[ -e $2 ]] && read -r pid <"$2" || return 0
  kill -"$1" "$pid"
  for _ in {1..500}; do
    [[ -e $2 ]] || return 0
    sleep 0.02
  done
  kill -KILL "$pid"
}

# Waits until this script has ended, however it did, and clears up.
clear_up() {
  trap '' INT TERM HUP
  cat >/dev/null
  stop QUIT "$work/postgresql/postmaster.pid" # at once
  stop TERM "$work/redis/redis.pid"
  rm -rf "$work"
}

[[ -n ${TEST_DATABASE_URL:-} ]] || postgresql=$("$scripts/ensure-postgresql.sh")
[[ -n ${TEST_REDIS_URL:-} ]] || redis=$("$scripts/ensure-redis.sh")

work=$(mktemp -d "${TMPDIR:-/tmp}/prodsentinel-servers.XXXXXX")
chmod 711 "$work"
mkfifo "$work/alive"
clear_up <"$work/alive" >/dev/null 2>&1 &
exec 9>"$work/alive" # closed when this script ends, whatever ends it

if [[ -z ${TEST_DATABASE_URL:-} ]]; then
  start postgresql
  export TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
fi
if [[ -z ${TEST_REDIS_URL:-} ]]; then
  start redis
  export TEST_REDIS_URL="redis://127.0.0.1:$port/0"
fi

code=0
cd "$here" && "$@" 9>&- || code=$?
exec 9>&-
wait
exit "$code"
