#!/usr/bin/env bash
# Builds the engine and its tests for Arm Linux, and runs them on emulated processors. Ends with 0
# only where on each the engine selects the right kernels, all tests pass, and a model has the
# signatures of its header with every ISA.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ports/arm-linux/run.sh [aarch64] [armv7] [OPTION...]

  aarch64        runs as a Cortex-A72 (NEON), a Cortex-A76 (SDOT) and with all extensions (i8mm)
  armv7          runs as a Cortex-A15 (NEON); both where none is named

  --model FILE   an s8 .pvae in the host layout; signatures are not checked without one
  --build DIR    default build/arm-linux
TEXT
}

misuse() {
  echo "ports/arm-linux/run.sh: $1 (see --help)" >&2
  exit 2
}

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build/arm-linux model='' targets=()
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --model | --build) (($# > 1)) || misuse "$1 needs a value" ;;&
    --model) model=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    aarch64 | armv7) targets+=("$1"); shift ;;
    *) misuse "unknown argument $1" ;;
  esac
done
((${#targets[@]})) || targets=(aarch64 armv7)
[[ -z $model || -r $model ]] || misuse "cannot read $model"

need() {  # need PROGRAM PACKAGE
  command -v "$1" > /dev/null && return
  echo "ports/arm-linux/run.sh: no $1; apt-get install $2" >&2
  exit 1
}

failed=0 rows=()
# run_as TARGET EMULATOR PREFIX CPU ISA
run_as() {
  local folder=$build/$1 tests=ok signatures='no model'
  echo "== $1 as $4"
  export QEMU_CPU=$4
  ctest --test-dir "$folder" -LE static --output-on-failure -j "$(nproc)" || tests=FAILED
  if [[ -n $model ]]; then
    signatures=ok
    "$2" -L "/usr/$3" "$folder/picovae_signatures" "$model" "$5" || signatures=FAILED
  fi
  unset QEMU_CPU
  [[ $tests$signatures == *FAILED* ]] && failed=1
  rows+=("$(printf '%-8s %-11s %-6s %-8s %s' "$1" "$4" "$5" "$tests" "$signatures")")
}

for target in "${targets[@]}"; do
  case $target in
    aarch64) emulator=qemu-aarch64 prefix=aarch64-linux-gnu ;;
    armv7) emulator=qemu-arm prefix=arm-linux-gnueabihf ;;
  esac
  need cmake cmake
  need "$prefix-g++" "g++-$prefix"
  need "$emulator" qemu-user
  cmake -S "$here" -B "$build/$target" --toolchain "$here/toolchain-$target.cmake" \
    -DPICOVAE_WERROR=ON > /dev/null
  cmake --build "$build/$target" -j "$(nproc)"
  if [[ $target == aarch64 ]]; then
    run_as "$target" "$emulator" "$prefix" cortex-a72 neon
    run_as "$target" "$emulator" "$prefix" cortex-a76 sdot
    run_as "$target" "$emulator" "$prefix" max i8mm
  else
    run_as "$target" "$emulator" "$prefix" cortex-a15 neon
  fi
done

printf '\n%-8s %-11s %-6s %-8s %s\n' target processor isa tests signatures
printf '%s\n' "${rows[@]}"
exit $failed
