#!/usr/bin/env bash
# Counts the instructions of a decode on 64-bit RISC-V under qemu, with vectors (RVV) and in plain C++.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bench/riscv_counts.sh [OPTION...]

Builds a program that decodes for 64-bit RISC-V, by GCC and by Clang 19, runs it under qemu-riscv64 with a plugin that
counts, on processors without vectors and with those of 128, 256 and 512 bits, and prints the instructions of a decode.
Ends with 1 where one with vectors takes more than 52,000 of the default model.

  --built DIR   take the builds of ports/linux in DIR; build nothing for RISC-V
  --help        this text

Needs g++-riscv64-linux-gnu, clang-19, qemu-user and gcc. Instructions are no time: one of a group of vector registers
takes longer than one of a number.
TEXT
}

fail() {  # fail STATUS MESSAGE
  echo "bench/riscv_counts.sh: $2" >&2
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
for tool in gcc clang++-19 qemu-riscv64 riscv64-linux-gnu-g++; do
  command -v $tool > /dev/null || fail 1 "no $tool; run tools/install_packages.sh build linux"
done

if [[ -z $built ]]; then
  ports=$here/../ports/linux
  built=$here/../build/linux
  for name in riscv64 riscv64-clang; do
    echo "building into $built/$name" >&2
    cmake -S "$ports" -B "$built/$name" --toolchain "$ports/toolchain-$name.cmake" \
      -DCMAKE_CXX_FLAGS_RELEASE='-O1 -DNDEBUG' -DPICOVAE_BUILD_TOOLS=OFF > /dev/null
    cmake --build "$built/$name" -j "$(nproc)" --target picovae_decodes > /dev/null
  done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -shared -fPIC -O2 -Wall -Wextra "$here/count_instructions.c" -o "$work/count.so"

line='%-21s %-14s %-7s %12s\n'
count() {  # count BUILD PROCESSOR
  local program=$built/$1/picovae_decodes isa before once thrice
  [[ -x $program ]] || fail 2 "no $program; leave --built out to build it"
  qemu-riscv64 -cpu "$2" -L /usr/riscv64-linux-gnu -plugin "$work/count.so" "$program" \
    "$here/../engine/models/mnist_s8.pvae" > "$work/counts" 2> "$work/errors" || fail 1 "$(< "$work/errors")"
  while read -r isa before once thrice; do
    # The difference of two decodes and one: what surrounds them falls out.
    local instructions=$((thrice - once - (once - before)))
    # shellcheck disable=SC2059
    printf "$line" "$2" "$1" "$isa" "$instructions"
    [[ $isa != rvv ]] || ((instructions <= 52000)) || fail 1 "more than 52,000"
  done < "$work/counts"
}
# shellcheck disable=SC2059
printf "$line" processor build isa instructions
count riscv64 rv64
for bits in 128 256 512; do count riscv64-clang "rv64,v=true,vlen=$bits"; done
