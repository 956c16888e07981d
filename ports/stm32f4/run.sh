#!/usr/bin/env bash
# Builds the C firmware for an STM32F405 around a model and runs it on an emulated one. Ends with 0 only
# where its serial line shows the digits that picovae draws, and 1,000 of them have the model's signature.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ports/stm32f4/run.sh [OPTION...]

  --model FILE       an s8 .pvae with a decoder, default engine/models/mnist_s8.pvae
  --picovae PROGRAM  default build/picovae
  --build DIR        default build/stm32f4

Example: ports/stm32f4/run.sh --picovae build/picovae
TEXT
}

misuse() {
  echo "ports/stm32f4/run.sh: $1 (see --help)" >&2
  exit 2
}
fail() {
  echo "ports/stm32f4/run.sh: $1" >&2
  exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
model=$root/engine/models/mnist_s8.pvae picovae=$root/build/picovae build=$root/build/stm32f4
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --model | --picovae | --build) (($# > 1)) || misuse "$1 needs a value" ;;&
    --model) model=$2; shift 2 ;;
    --picovae) picovae=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    *) misuse "unknown argument $1" ;;
  esac
done
[[ -r $model ]] || misuse "cannot read $model"
[[ -x $picovae ]] || misuse "no program $picovae; build it, or name another with --picovae"
for tool in cmake arm-none-eabi-gcc arm-none-eabi-g++ qemu-system-arm; do
  command -v $tool > /dev/null ||
    fail "no $tool; apt-get install cmake gcc-arm-none-eabi libstdc++-arm-none-eabi-dev qemu-system-arm"
done

# ---- build

mkdir -p "$build/model"
build=$(cd "$build" && pwd)
log=$build/build.log
run_logged() {
  "$@" >> "$log" 2>&1 && return
  cat "$log" >&2
  exit 1
}
: > "$log"
run_logged "$picovae" export "$model" --layout cortex-m --decoder-only --c-array "$build/model/model.h"
run_logged cmake -S "$here" -B "$build" --toolchain "$here/../cortex-m/toolchain.cmake" \
  -DPICOVAE_WERROR=ON -DPICOVAE_MODEL_FOLDER="$build/model"
run_logged cmake --build "$build"

# ---- run

out=$build/serial.txt
rm -f "$out"
qemu-system-arm -M netduinoplus2 -display none -monitor none -serial "file:$out" \
  -kernel "$build/stm32f405.elf" < /dev/null > "$build/emulator.log" 2>&1 &
emulator=$!
trap 'kill $emulator 2> /dev/null || true' EXIT
last=''
for ((tenth = 0; tenth < 600; ++tenth)); do
  sleep 0.1
  kill -0 $emulator 2> /dev/null || fail "the emulator ended: $(cat "$build/emulator.log")"
  grep -qs '^failed.*[a-z]$' "$out" && break
  # Whole lines only: what follows the last newline may be half a number.
  last=$(sed '$d' "$out" 2> /dev/null |
    awk '/^digit 999$/ { on = 1 } on && /^crc32c / { print $2; exit }') || true
  [[ -n $last ]] && break
done
kill $emulator
wait $emulator 2> /dev/null || true
grep -q '^failed' "$out" && fail "the board says: $(grep '^failed' "$out")"
[[ -n $last ]] || fail "no 1,000 digits within a minute; $out has what there is"

# ---- compare

# digit NUMBER: its lines. The board begins anew after 1,000; the first time counts.
digit() { awk -v n="$1" 'on && /^crc32c / { exit } on; $0 == "digit " n { on = 1 }' "$out"; }
paste -d ' ' <(digit 0) <(digit 1) <(digit 2) > "$build/board.txt"
# At least 86 columns: three digits side by side.
"$picovae" generate "$model" --seed 1 --count 3 --ascii > "$build/host.txt"
diff "$build/host.txt" "$build/board.txt" || fail "the board draws other digits than the host"
signature=$(sed -n 's|^// signature  ||p' "$build/model/model.h")
[[ $last == "$(printf '%x' $((16#$signature)))" ]] ||
  fail "1,000 digits have CRC-32C $last; the model's signature is $signature"

cat "$build/board.txt"
read -r text data bss _ < <(arm-none-eabi-size "$build/stm32f405.elf" | tail -n 1)
array=$(sed -n 's|^// A picovae model, \([0-9]*\) bytes.*|\1|p' "$build/model/model.h")
echo "stm32f405: $((text + data - array)) bytes of code, $array of model, $((data + bss)) of RAM with 2048 of stack;" \
  "1,000 digits have the signature $signature"
