#!/usr/bin/env bash
# Instructions of the decoder's three layers on emulated boards, by CMSIS-NN and by our kernels: a line a core.
#   bench/cmsis_nn/run.sh DIR    DIR is a checkout of CMSIS-NN
set -euo pipefail
if [[ ${1-} == --help || $# != 1 ]]; then
  sed -n '2,3s/^# *//p' "$0"
  exit $(($# == 1 ? 0 : 2))
fi
cmsis=$(realpath "$1")
[[ -f $cmsis/Include/arm_nnfunctions.h ]] || { echo "run.sh: $1 is no checkout of CMSIS-NN" >&2; exit 2; }
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# There is no C library: what CMSIS-NN wants of it.
cat > "$scratch/string.h" << 'HEADER'
#pragma once
#include <stddef.h>
void* memcpy(void*, const void*, size_t);
void* memmove(void*, const void*, size_t);
void* memset(void*, int, size_t);
HEADER
touch "$scratch/math.h"

printf '%-14s %10s %10s %s\n' core CMSIS-NN ours ratio
# machine and memory, SysTick's Hz, flags of the compiler
while read -r machine clock flags; do
  read -ra cpu <<< "-mthumb $flags"
  objects=()
  for source in "$cmsis"/Source/FullyConnectedFunctions/arm_{fully_connected,vector_sum}_s8.c \
    "$cmsis"/Source/NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c; do
    objects+=("$scratch/$(basename "$source").o")
    arm-none-eabi-gcc "${cpu[@]}" -Ofast -ffreestanding -fbuiltin -I"$scratch" -I"$cmsis/Include" -c "$source" -o "${objects[-1]}"
  done
  common=("${cpu[@]}" -std=c++20 -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-builtin
          -Iengine/include -Iengine/src -Iports/common -Iports/boards -isystem "$scratch" -isystem "$cmsis/Include"
          -DPICOVAE_CLOCK="$clock" -DPICOVAE_ONLY_LAYOUT=kCortexM -DPICOVAE_MODEL=\"engine/models/README.md\")
  arm-none-eabi-g++ "${common[@]}" -O2 bench/cmsis_nn/main.cpp engine/src/board/*.cpp ports/common/{memory,semihost}.cpp \
    ports/common/model.S ports/boards/start.cpp ports/boards/arm/{entry,clock_emulated}.cpp "${objects[@]}" \
    -nostartfiles -nostdlib -Wl,--gc-sections,-z,noexecstack -Lports/boards -Tports/boards/memory/"$machine".ld -lgcc \
    -o "$scratch/board.elf"
  qemu-system-arm -M "$machine" -display none -monitor none -serial null -icount shift=6 \
    -semihosting-config enable=on,target=native -kernel "$scratch/board.elf" 2>&1 |
    awk -v core="${flags%% *}" '/^cmsis_nn /{theirs += $2} /^ours /{ours += $2} /failed/{exit 1}
      END {printf "%-14s %10d %10d %.2f\n", substr(core, 7), theirs, ours, theirs / ours}'
done << 'BOARDS'
mps2-an385 25000000 -mcpu=cortex-m0plus
mps2-an385 25000000 -mcpu=cortex-m3
mps2-an386 25000000 -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16
mps2-an500 25000000 -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16
mps2-an505 20000000 -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16
mps3-an547 32000000 -mcpu=cortex-m55 -mfloat-abi=hard
BOARDS
