#!/usr/bin/env bash
# Installs the engine from a build folder into a scratch prefix and builds a stranger's program with it.
#   run.sh BUILD_FOLDER CXX
set -euo pipefail
build=$1 compiler=$2
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cmake --install "$build" --prefix "$scratch/prefix" > "$scratch/log"
cmake -S "$here" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" \
      -DCMAKE_CXX_COMPILER="$compiler" >> "$scratch/log"
cmake --build "$scratch/build" >> "$scratch/log"
"$scratch/build/stranger"
"$scratch/prefix/bin/picovae" --version
