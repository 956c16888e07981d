#!/usr/bin/env bash
# Installs the engine from a build folder into a scratch prefix and builds strangers' programs with it.
#   run.sh BUILD_FOLDER CXX CC
set -euo pipefail
build=$1 cxx=$2 cc=$3
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix=$scratch/prefix
cmake --install "$build" --prefix "$prefix" > "$scratch/log"
# build_stranger FOLDER LANGUAGE COMPILER
build_stranger() {
  cmake -S "$1" -B "$scratch/build-$2" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_"$2"_COMPILER="$3" \
    >> "$scratch/log"
  cmake --build "$scratch/build-$2" >> "$scratch/log"
}
build_stranger "$here" CXX "$cxx"
"$scratch/build-CXX/stranger"
build_stranger "$here/c" C "$cc"
"$scratch/build-C/stranger_c"
"$prefix/bin/picovae" --version

# A program of another shape than the library's would give it arenas of the wrong size.
library=$(find "$prefix" -name libpicovae.a)
link_as() {
  "$cc" "$@" -std=c11 -I "$prefix/include" "$here/c/main.c" "$library" -lm -o "$scratch/other"
}
link_as -DPICOVAE_SHAPE=784,300,300,50
if link_as -DPICOVAE_SHAPE=784,128,64,16 2> "$scratch/message"; then
  echo "package: a program of another shape was linked" >&2
  exit 1
fi
grep -q picovae_open_784_128_64_16 "$scratch/message"
