#!/usr/bin/env bash
# Builds the engine, its tests and picovae for Arm Linux, and runs them on emulated processors. Ends
# with 0 only where on each the engine selects the right kernels, all tests pass, a model has the
# signatures of its header with every ISA, and picovae draws what the host's draws.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ports/arm-linux/run.sh [aarch64] [aarch64-clang] [armv7] [OPTION...]

  aarch64         runs as a Cortex-A72 (NEON), a Cortex-A76 (SDOT) and with all extensions (i8mm);
                  picovae as well, with PNG, and the benchmarks are built, where libraries.sh can fetch
                  their libraries for arm64
  aarch64-clang   the same without picovae, compiled with Clang
  armv7           runs as a Cortex-A15 (NEON); all three where none is named

  --model FILE    an s8 .pvae in the host layout; without one neither signatures nor pictures
  --picovae FILE  the host's program, to draw the same picture; default build/picovae
  --json FILE     the table as JSON
  --build DIR     default build/arm-linux; DIR/aarch64/picovae/picovae runs on any 64-bit Arm Linux

Example: ports/arm-linux/run.sh aarch64 --model build/demo/model.pvae
TEXT
}

fail() {  # fail STATUS MESSAGE
  echo "ports/arm-linux/run.sh: $2" >&2
  exit "$1"
}
misuse() { fail 2 "$1 (see --help)"; }

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/arm-linux picovae=$root/build/picovae model='' json='' targets=()
[[ -x $picovae ]] || picovae=''
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --*) (($# > 1)) || misuse "$1 needs a value" ;;&
    --model) model=$2; shift 2 ;;
    --picovae) picovae=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    aarch64 | aarch64-clang | armv7) targets+=("$1"); shift ;;
    *) misuse "unknown argument $1" ;;
  esac
done
((${#targets[@]})) || targets=(aarch64 aarch64-clang armv7)
[[ -z $model || -r $model ]] || misuse "cannot read $model"
[[ -z $picovae || -x $picovae ]] || misuse "cannot run $picovae"
[[ -z $json ]] || { : > "$json"; } 2> /dev/null || misuse "cannot write $json"
mkdir -p "$build"
build=$(cd "$build" && pwd)

need() {  # need PROGRAM PACKAGE
  command -v "$1" > /dev/null || fail 1 "no $1; apt-get install $2"
}

# ---- run

# draw FILE PROGRAM...: four digits, as text where picovae knows no PNG.
draw() {
  if [[ $picture == png ]]; then
    "${@:2}" generate "$model" --count 4 --out "$1" > /dev/null
  else
    "${@:2}" generate "$model" --count 4 --ascii > "$1"
  fi
}

# check_picovae FILE ISA PROGRAM...: it names ISA, signs the model, and its FILE is the host's.
check_picovae() {
  "${@:3}" --version | grep -F "ISA $2)" || return
  [[ -n $model ]] || return 0
  "${@:3}" self-test "$model" && draw "$1" "${@:3}" || return
  [[ -z $picovae ]] || cmp "$build/host.$picture" "$1"
}

failed=0 cells=() rows=() notes=()
# run_as TARGET COMPILER FOLDER CPU ISA EMULATOR...
run_as() {
  local target=$1 compiler=$2 folder=$3 cpu=$4 isa=$5 emulate=("${@:6}")
  local ok=true tests=true generated='' reconstructed='' drawn=''
  echo "== $target ($compiler) as $cpu"
  export QEMU_CPU=$cpu
  ctest --test-dir "$folder" --no-tests=error --output-on-failure -j "$(nproc)" || tests=false
  if [[ -n $model ]]; then
    "${emulate[@]}" "$folder/picovae_signatures" "$model" "$isa" > "$folder/signatures.txt" || ok=false
    cat "$folder/signatures.txt"
    # The row shows those of the selected kernels; the program has compared every ISA.
    read -r generated reconstructed < <(awk -v isa="$isa" \
      '$1 == isa && $4 == "signature" { print $5, $6 == "signature_reconstruct" ? $7 : ""; exit }' \
      "$folder/signatures.txt") || true
  fi
  if [[ -x $folder/picovae/picovae ]]; then
    drawn=true
    check_picovae "$folder/$cpu.$picture" "$isa" "${emulate[@]}" "$folder/picovae/picovae" || drawn=false
  fi
  unset QEMU_CPU
  [[ $tests$drawn == *false* ]] && ok=false
  $ok || failed=1

  cells+=("$target" "$compiler" "$cpu" "$isa" "$tests" "${generated:--}" "${reconstructed:--}"
    "${drawn:--}" "$ok")
  local text="\"target\": \"$target\", \"compiler\": \"$compiler\", \"processor\": \"$cpu\", \"isa\": \"$isa\""
  text+=", \"tests\": $tests"
  [[ -n $generated ]] && text+=", \"signature\": \"$generated\""
  [[ -n $reconstructed ]] && text+=", \"signature_reconstruct\": \"$reconstructed\""
  [[ -n $drawn ]] && text+=", \"picovae\": $drawn"
  rows+=("  {$text, \"ok\": $ok}")
}

for name in "${targets[@]}"; do
  target=${name%-clang} compiler=gcc folder=$build/$name options=(-DPICOVAE_BUILD_TOOLS=OFF)
  case $target in
    aarch64)
      prefix=aarch64-linux-gnu emulator=qemu-aarch64
      processors=('cortex-a72 neon' 'cortex-a76 sdot' 'max i8mm')
      ;;
    armv7)
      prefix=arm-linux-gnueabihf emulator=qemu-arm
      processors=('cortex-a15 neon')
      ;;
  esac
  need cmake cmake
  need "$prefix-g++" "g++-$prefix"
  need "$emulator" qemu-user
  if [[ $name == *-clang ]]; then
    compiler=clang
    need clang++ clang
  elif [[ $name == aarch64 ]]; then
    picture=png libraries=$build/libraries
    if ! "$here/libraries.sh" "$libraries"; then
      picture=txt libraries=''
      notes+=('picovae was built without PNG (see above), its pictures compared as text; no benchmarks')
    fi
    options=(-DPICOVAE_LIBRARIES="$libraries")
    if [[ -n $model && -n $picovae ]]; then
      draw "$build/host.$picture" "$picovae" ||
        fail 1 "$picovae cannot draw from $model; build it anew, or name another with --picovae"
    elif [[ -n $model ]]; then
      notes+=("pictures were not compared with the host's: no build/picovae; name one with --picovae")
    fi
  fi
  cmake -S "$here" -B "$folder" --toolchain "$here/toolchain-$name.cmake" -DPICOVAE_WERROR=ON \
    -DCMAKE_CXX_FLAGS_RELEASE='-O1 -DNDEBUG' "${options[@]}" > /dev/null
  cmake --build "$folder" -j "$(nproc)"
  for processor in "${processors[@]}"; do
    # shellcheck disable=SC2086
    run_as "$target" $compiler "$folder" $processor $emulator -L "/usr/$prefix"
  done
done

# ---- report

echo
printf '%-8s %-9s %-11s %-5s %-6s %-10s %-10s %-8s %s\n' \
  target compiler processor isa tests signature reconstr. picovae ok "${cells[@]}"
((${#notes[@]})) && printf '%s\n' "${notes[@]}"
if [[ -n $json ]]; then
  {
    echo '['
    printf '%s\n' "${rows[@]}" | sed '$!s/$/,/'
    echo ']'
  } > "$json"
fi
exit $failed
