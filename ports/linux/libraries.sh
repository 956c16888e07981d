#!/usr/bin/env bash
# Fetches libpng, zlib and Google Benchmark for arm64 Linux: Debian's packages, unpacked into a folder. Nothing is
# installed, apt and dpkg of this machine keep their state, and root is not needed.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ports/linux/libraries.sh FOLDER

Fetches the arm64 libraries of picovae and its benchmarks from this machine's package sources and unpacks them into
FOLDER, which is replaced. If FOLDER has them, nothing is fetched.

Example: ports/linux/libraries.sh build/linux/libraries
TEXT
}

fail() {  # fail STATUS MESSAGE
  echo "ports/linux/libraries.sh: $2" >&2
  exit "$1"
}

case ${1-} in
  --help | -h) usage; exit 0 ;;
  '' | -*) fail 2 "which folder? (see --help)" ;;
esac
(($# == 1)) || fail 2 "one folder only (see --help)"
# Static libraries and headers; of Google Benchmark there is only a shared library.
packages=(libpng-dev zlib1g-dev libbenchmark-dev libbenchmark1debian)
folder=$1
list=usr/share/picovae-packages  # what a folder has
[[ -r $folder/$list && $(< "$folder/$list") == "${packages[*]}" ]] && exit 0
[[ ! -e $folder || -d $folder/usr/lib/aarch64-linux-gnu ]] ||
  fail 2 "$folder is something else; name a new folder, or remove it"
for tool in apt-get dpkg-deb; do
  command -v $tool > /dev/null ||
    fail 1 "no $tool; unpack ${packages[*]} for arm64 into $folder yourself"
done

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(realpath "$folder").XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod a+rx "$work"  # apt leaves root's rights for its downloads
mkdir -p "$work"/{state/lists/partial,cache/archives/partial,packages,tree}
: > "$work/state/status"  # nothing is installed for arm64
options=(-q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Acquire::Languages=none
  -o Dir::State="$work/state" -o Dir::State::status="$work/state/status" -o Dir::Cache="$work/cache"
  -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
# Some source that is not Debian's may have nothing for arm64: what counts is the download.
apt-get "${options[@]}" update > "$work/log" 2>&1 || true
if ! (cd "$work/packages" && apt-get "${options[@]}" download "${packages[@]}") >> "$work/log" 2>&1; then
  reason=$(grep -m 1 'Failed to fetch' "$work/log" || grep '^E:' "$work/log" | tail -n 1)
  fail 1 "no ${packages[*]} for arm64: ${reason#?: }"
fi
for package in "$work"/packages/*.deb; do
  dpkg-deb -x "$package" "$work/tree"
done
mkdir -p "$work/tree/${list%/*}"
echo "${packages[*]}" > "$work/tree/$list"
rm -rf "$folder"
mv "$work/tree" "$folder"
