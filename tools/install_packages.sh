#!/usr/bin/env bash
# Installs the Debian packages that are named, where they are missing: with apt, through sudo where that is
# needed. Where it can't, it lists them and stops.
#   tools/install_packages.sh PACKAGE...
set -euo pipefail

missing=()
for package in "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo "missing packages; install them as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  sudo=(sudo)
fi
if ! command -v apt-get > /dev/null; then
  echo "missing packages (their names in Debian 12): ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}" >&2
install=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A first try may fail on stale package lists.
if ! "${install[@]}" > "$log" 2>&1; then
  "${sudo[@]}" apt-get update >> "$log" 2>&1 || true
  if ! "${install[@]}" >> "$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "could not install; try: apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
