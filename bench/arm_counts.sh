#!/usr/bin/env bash
# Counts the instructions of a decode with the kernels of 64-bit Arm, under qemu, beside what it needs on paper.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bench/arm_counts.sh [OPTION...]

Builds count_decodes for 64-bit Arm, runs it under qemu-aarch64 with a plugin that counts, and prints
instructions an image by type, ISA and batch. Ends with 1 where one takes more than 1.15 times
the instructions of its loops and epilogues on paper (arm_counts.py has the formulas: of f32 in batches
of 1, 2, 3 and 8, and of one image of s8).

  --json FILE   the table as a list of rows as well
  --built DIR   take the build of ports/linux in DIR; build nothing for Arm
  --help        this text

  bench/arm_counts.sh --json build/arm-counts.json

Needs g++-aarch64-linux-gnu, qemu-user and gcc. Instructions are no time: a processor runs several at once.
TEXT
}

fail() {  # fail STATUS MESSAGE
  echo "bench/arm_counts.sh: $2" >&2
  exit "$1"
}

here=$(cd "$(dirname "$0")" && pwd)
json='' built=''
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --json | --built) (($# > 1)) || fail 2 "$1 needs a value (see --help)" ;;&
    --json) json=$(realpath -m "$2"); shift 2 ;;
    --built) built=$2; shift 2 ;;
    *) fail 2 "unknown argument $1 (see --help)" ;;
  esac
done
for tool in gcc qemu-aarch64 aarch64-linux-gnu-g++; do
  command -v $tool > /dev/null || fail 1 "no $tool; run tools/install_packages.sh build linux"
done

if [[ -z $built ]]; then
  ports=$here/../ports/linux
  build=$here/../build/linux
  built=$build/aarch64
  "$ports/libraries.sh" "$build/libraries"
  echo "building into $built" >&2
  cmake -S "$ports" -B "$built" --toolchain "$ports/toolchain-aarch64.cmake" \
    -DCMAKE_CXX_FLAGS_RELEASE='-O1 -DNDEBUG' -DPICOVAE_LIBRARIES="$(realpath "$build/libraries")" > /dev/null
  cmake --build "$built" -j "$(nproc)" --target count_decodes > /dev/null
fi
program=$built/picovae/bench/count_decodes
[[ -x $program ]] || fail 2 "no $program; leave --built out to build it"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -shared -fPIC -O2 -Wall -Wextra "$here/count_instructions.c" -o "$work/count.so"
# vector_counts.sh counts SVE.
qemu-aarch64 -cpu max,sve=off -L /usr/aarch64-linux-gnu -plugin "$work/count.so" "$program" > "$work/counts" ||
  fail 1 "$program failed under qemu-aarch64"
/usr/bin/python3 "$here/arm_counts.py" "$work/counts" ${json:+--json "$json"}
