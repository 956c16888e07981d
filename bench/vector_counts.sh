#!/usr/bin/env bash
# Counts the instructions of a decode with vectors whose length is known at run time only: those of 64-bit Arm (SVE) and
# of 64-bit RISC-V (RVV), under qemu.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bench/vector_counts.sh [OPTION...]

Builds a program that decodes, for 64-bit Arm and RISC-V by GCC and for RISC-V by Clang 19, runs it under qemu with a
plugin that counts, on processors without such vectors and with those of 128, 256 and 512 bits, and prints the instructions
of a decode, one image at a time and eight. Ends with 1 where one image of the default model takes more than 52,000 with
RVV, or with SVE more than 38,000 at 256 bits or 23,000 at 512.

  --built DIR   take the builds of ports/linux in DIR; build nothing
  --help        this text

Needs g++-aarch64-linux-gnu, g++-riscv64-linux-gnu, clang-19, qemu-user and gcc. Instructions are no time: one of a long
vector may take longer than one of a short one.
TEXT
}

fail() {  # fail STATUS MESSAGE
  echo "bench/vector_counts.sh: $2" >&2
  exit "$1"
}

here=$(cd "$(dirname "$0")" && pwd)
built=''
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --built) (($# > 1)) || fail 2 "$1 needs a value (see --help)"; built=$2; shift 2 ;;
    *) fail 2 "unknown argument $1 (see --help)" ;;
  esac
done
for tool in gcc clang++-19 qemu-aarch64 aarch64-linux-gnu-g++ qemu-riscv64 riscv64-linux-gnu-g++; do
  command -v $tool > /dev/null || fail 1 "no $tool; run tools/install_packages.sh build linux"
done

if [[ -z $built ]]; then
  ports=$here/../ports/linux
  built=$here/../build/linux
  for name in aarch64 riscv64 riscv64-clang; do
    echo "building into $built/$name" >&2
    cmake -S "$ports" -B "$built/$name" --toolchain "$ports/toolchain-$name.cmake" \
      -DCMAKE_CXX_FLAGS_RELEASE='-O1 -DNDEBUG' -DPICOVAE_BUILD_TOOLS=OFF > /dev/null
    cmake --build "$built/$name" -j "$(nproc)" --target picovae_decodes > /dev/null
  done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -shared -fPIC -O2 -Wall -Wextra "$here/count_instructions.c" -o "$work/count.so"

line='%-21s %-14s %-7s %12s %12s\n'
count() {  # count BUILD PROCESSOR [ISA]: of an ISA, or of all that the processor runs
  local program=$built/$1/picovae_decodes architecture=${1%-clang} isa batch before once thrice one=0 limit
  [[ -x $program ]] || fail 2 "no $program; leave --built out to build it"
  "qemu-$architecture" -cpu "$2" -L "/usr/$architecture-linux-gnu" -plugin "$work/count.so" "$program" \
    "$here/../engine/models/mnist_s8.pvae" > "$work/counts" 2> "$work/errors" || fail 1 "$(< "$work/errors")"
  while read -r isa batch before once thrice; do
    [[ $isa == "${3:-$isa}" ]] || continue
    # The difference of two decodes and one: what surrounds them falls out.
    local instructions=$(((thrice - once - (once - before)) / batch))
    if ((batch == 1)); then
      one=$instructions
      continue
    fi
    # shellcheck disable=SC2059
    printf "$line" "$2" "$1" "$isa" "$one" "$instructions"
    case "$isa $2" in
      rvv*) limit=52000 ;;
      sve*256=on) limit=38000 ;;
      sve*512=on) limit=23000 ;;
      *) continue ;;
    esac
    ((one <= limit)) || fail 1 "more than $limit"
  done < "$work/counts"
}
# shellcheck disable=SC2059
printf "$line" processor build isa 'one image' 'of eight'
count aarch64 max,sve=off
for bits in 128 256 512; do count aarch64 "max,sve$bits=on" sve; done
count riscv64 rv64
for bits in 128 256 512; do count riscv64-clang "rv64,v=true,vlen=$bits"; done
