# Sourced: programs from the system's packages, installed as root, unpacked into a folder otherwise.
# The sourcing script's messages go through `say`.

# The folder under the user's cache where packages are unpacked without root.
cache_folder() {
  echo "${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/prodsentinel/$1"
}

# Whether there is apt-get to install with.
can_install() {
  command -v apt-get >/dev/null || { say "no apt-get here to install with"; return 1; }
}

# Options of every apt command.
apt_options=(-q)

# install_as_root PACKAGE...: installs the first package that apt knows.
install_as_root() {
  local package
  export DEBIAN_FRONTEND=noninteractive
  apt-get "${apt_options[@]}" update && package=$(first_known "$@") &&
    apt-get "${apt_options[@]}" -y --no-install-recommends install "$package"
}

# unpack_without_root FOLDER PACKAGE...: downloads the first package that apt knows, with all it depends
# on, and unpacks them in FOLDER/root, with an apt state of our own.
unpack_without_root() {
  local folder=$1 package state=$1/apt deb
  shift
  mkdir -p "$state"/{lists/partial,archives/partial} "$folder/root" || return
  apt_options+=(-o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state" -o "Dir::Cache::archives=$state/archives"
    -o Debug::NoLocking=1 -o APT::Sandbox::User= -o APT::Install-Recommends=false)
  apt-get "${apt_options[@]}" update && package=$(first_known "$@") &&
    apt-get "${apt_options[@]}" -y --download-only install "$package" || return
  for deb in "$state"/archives/*.deb; do
    dpkg-deb --extract "$deb" "$folder/root" || return
  done
  rm -rf "$state"
}

# first_known PACKAGE...: the first package that apt knows.
first_known() {
  local package
  for package in "$@"; do
    if [[ $(apt-cache "${apt_options[@]}" show --no-all-versions "$package" 2>/dev/null) == *Filename:* ]]; then
      echo "$package"
      return
    fi
  done
  return 1
}

# unpacked_libraries FOLDER: the directories of FOLDER/root that hold shared libraries, for the loader.
unpacked_libraries() {
  find "$1/root" -type f -name '*.so*' -printf '%h\n' | sort -u | paste -sd :
}

# write_wrapper FOLDER PROGRAM FILE: writes FILE, which runs PROGRAM with the libraries of FOLDER.
write_wrapper() {
  printf '#!/bin/sh\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "$(unpacked_libraries "$1")" "$2" >"$3"
  chmod +x "$3"
}
