#!/usr/bin/env bash
# Builds the demo with a model in flash, runs it on emulated boards and prints a table of instructions
# and bytes. Ends with 0 only where every board verified the model, tested its kernels, computed the
# model's signatures and stayed within its budget.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ports/run.sh [BOARD...] [OPTION...]

  BOARD...         of ports/cortex-m/boards/boards.txt; all where none is named

  --model FILE     an s8 .pvae, default engine/models/mnist_s8.pvae; repacked where a board reads another
                   layout; the demo has an encoder where the model has one
  --decoder-only   leave the model's encoder out
  --json FILE      the table as JSON
  --pictures DIR   a digit of each board as DIR/BOARD.pgm
  --digits N       digits behind the signature, 1000. The model's header has it for 1000: with another
                   number nothing is compared
  --program FILE   another program than ports/common/demo.cpp; its exit code is all that is shown
  --compiler NAME  gcc (default) or clang
  --kernel-opt OPT optimization of the kernels, default -O2
  --picovae FILE   the program that repacks models, default build/picovae; built where it is missing
  --update-budgets take this run's figures into ports/budgets.json
  --build DIR      default build/ports
  --verbose        also what the boards print

Example: ports/run.sh mps2-an386 mps3-an547 --decoder-only
TEXT
}

die() { echo "ports/run.sh: $1" >&2; exit 1; }
misuse() { echo "ports/run.sh: $1 (see --help)" >&2; exit 2; }

ports=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$ports")
build=$root/build/ports program=$ports/common/demo.cpp model=$root/engine/models/mnist_s8.pvae
picovae='' json='' pictures='' digits=1000 compiler=gcc kernel_opt=-O2
verbose=0 decoder_only=0 update=0 wanted=()
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --verbose) verbose=1; shift; continue ;;
    --decoder-only) decoder_only=1; shift; continue ;;
    --update-budgets) update=1; shift; continue ;;
    --*) (($# > 1)) || misuse "$1 needs a value" ;;&
    --model) model=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    --pictures) pictures=$2; shift 2 ;;
    --digits) digits=$2; shift 2 ;;
    --program) program=$2; shift 2 ;;
    --compiler) compiler=$2; shift 2 ;;
    --kernel-opt) kernel_opt=$2; shift 2 ;;
    --picovae) picovae=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    -*) misuse "unknown option $1" ;;
    *) wanted+=("$1"); shift ;;
  esac
done
for file in "$model" "$program"; do
  [[ -r $file ]] || misuse "cannot read $file"
done
[[ $digits =~ ^[1-9][0-9]*$ ]] || misuse "--digits $digits is no positive number"
case $compiler in
  gcc) toolchain=$ports/cortex-m/toolchain.cmake tools=() ;;
  clang) toolchain=$ports/cortex-m/toolchain-clang.cmake tools=(clang++) ;;
  *) misuse "--compiler $compiler is neither gcc nor clang" ;;
esac
for tool in cmake python3 arm-none-eabi-g++ qemu-system-arm "${tools[@]}"; do
  command -v "$tool" > /dev/null || die "no $tool; apt-get install cmake python3 clang \
gcc-arm-none-eabi libstdc++-arm-none-eabi-dev qemu-system-arm"
done

boards=$(sed '/^#/d' "$ports/cortex-m/boards/boards.txt")
((${#wanted[@]})) || mapfile -t wanted < <(awk '{ print $1 }' <<< "$boards")
# field BOARD NUMBER: of the board's line.
field() { awk -v board="$1" -v n="$2" '$1 == board { print $n }' <<< "$boards"; }
for board in "${wanted[@]}"; do
  [[ -n $(field "$board" 1) ]] || misuse "no board $board; there are $(awk '{ print $1 }' <<< "$boards" | paste -sd ' ')"
done
layout_of() {  # of the kernels of a board's family
  [[ $(field "$1" 5) == mve ]] && echo mve || echo cortex-m
}

if [[ $compiler == gcc ]]; then version=$(arm-none-eabi-g++ -dumpfullversion); else version=$(clang++ -dumpversion); fi

# ---- build

mkdir -p "$build"
build=$(cd "$build" && pwd)
log=$build/build.log
: > "$log"
run_logged() {
  "$@" >> "$log" 2>&1 && return
  cat "$log" >&2
  exit 1
}

byte_at() { od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '; }

# The model in a layout: as it is where it has that already, else repacked.
packed_model() {
  local layout=$1 codes=([1]=cortex-m [2]=mve)
  if [[ ${codes[$(byte_at "$model" 7)]-} == "$layout" ]] && ((!decoder_only)); then
    realpath "$model"
    return
  fi
  if [[ -z $picovae ]]; then
    picovae=$root/build/picovae
    if [[ ! -x $picovae ]]; then
      run_logged cmake -S "$root" -B "$root/build" -DCMAKE_BUILD_TYPE=Release \
        -DPICOVAE_BUILD_TESTS=OFF -DPICOVAE_BUILD_BENCH=OFF
      run_logged cmake --build "$root/build" -j "$(nproc)" --target picovae_program
    fi
  fi
  local options=(--layout "$layout" --out "$build/$layout.pvae")
  ((decoder_only)) && options+=(--decoder-only)
  run_logged "$picovae" export "$model" "${options[@]}"
  echo "$build/$layout.pvae"
}

# Unoptimized kernels have frames that no firmware would.
link_options=''
[[ $kernel_opt == -O0 ]] && link_options=-Wl,--defsym=PICOVAE_STACK_SIZE=8192

for layout in cortex-m mve; do
  targets=()
  for board in "${wanted[@]}"; do
    [[ $(layout_of "$board") == "$layout" ]] && targets+=("$board")
  done
  ((${#targets[@]})) || continue
  packed=$(packed_model $layout)
  run_logged cmake -S "$ports/cortex-m" -B "$build/$layout" --toolchain "$toolchain" \
    -DPICOVAE_WERROR=ON -DPICOVAE_MODEL="$packed" -DPICOVAE_PROGRAM="$(realpath "$program")" \
    -DPICOVAE_DIGITS="$digits" -DPICOVAE_KERNEL_OPT="$kernel_opt" \
    -DCMAKE_EXE_LINKER_FLAGS="$link_options" \
    -DPICOVAE_PICTURE="$([[ -n $pictures ]] && echo ON || echo OFF)"
  run_logged cmake --build "$build/$layout" -j "$(nproc)" --target "${targets[@]}"
done

# ---- run

# bytes_of ELF SECTION...: of these sections together.
bytes_of() {
  arm-none-eabi-size -A "$1" | awk -v wanted=" ${*:2} " \
    'index(wanted, " " $1 " ") { sum += $2 } END { print sum + 0 }'
}

# No function calls itself, so the frames of all of them together bound the stack; SysTick may push 26
# words and padding on top. Compilers do not know the frames of functions in assembly language: 12 words.
stack_bound() {
  find "$1" -name '*.su' -exec cat {} + |
    awk -F'\t' '{ sum += $2 } $3 ~ /dynamic/ { exit 1 } END { print sum + 48 + 108 }'
}

# Prints what a board should not have been linked with: a heap, exceptions, stdio, floating point.
unwelcome_symbols() {
  arm-none-eabi-nm "$1" | awk '{ print $NF }' | grep -xE \
    'malloc|free|_sbrk|printf|puts|abort|__cxa_.*|_Unwind_.*|_Z(n[wa]|d[la]).*|__aeabi_(c?[df].*|u?[il]2[df])' |
    paste -sd ' ' || true  # grep fails where there is none
}

keys=(decode_instructions encode_instructions open_instructions verify_instructions
  self_test_instructions flash_code flash_model ram stack stack_bound signature signature_reconstruct)
columns='%-14s %-13s %9s %9s %7s %10s %9s %6s %7s %5s %6s %6s %10s %10s  %s\n'
# shellcheck disable=SC2059
row() { printf "$columns" "$@"; }

row board core decode encode open verify self-test code model ram stack bound signature reconstr. ok
rows=() failed=0
for board in "${wanted[@]}"; do
  core=$(field "$board" 4) machine=$(field "$board" 3) folder=$build/$(layout_of "$board")
  elf=$folder/$board.elf out=$folder/$board.txt
  unwelcome=$(unwelcome_symbols "$elf")
  declare -A figures=([flash_code]=$(bytes_of "$elf" .text .data) [flash_model]=$(bytes_of "$elf" .model)
    [stack_bound]=$(stack_bound "$folder/CMakeFiles/$board.dir"))
  if [[ $machine == none ]]; then  # hardware: built, and run by a debugger with semihosting
    ok=built
  else
    status=0
    mkdir -p "$folder/$board"
    (cd "$folder/$board" &&
      timeout 600 qemu-system-arm -M "$machine" -display none -monitor none -serial null \
        -icount shift=6 -semihosting-config enable=on,target=native -kernel "$elf") \
      > "$out" 2>&1 < /dev/null || status=$?
    ((verbose)) && cat "$out"
    while read -r key value; do
      [[ " ${keys[*]} " == *" $key "* ]] && figures[$key]=$value
    done < "$out"
    ok=true
    fail_board() { ok=false failed=1; echo "ports/run.sh: $board: $1" >&2; }
    [[ -z $unwelcome ]] || fail_board "linked with $unwelcome"
    ((figures[stack_bound] <= $(bytes_of "$elf" .stack))) ||
      fail_board "the stack may overflow: ${figures[stack_bound]} bytes"
    if ((status != 0)); then
      fail_board "ended with $status: $(tail -n 1 "$out")"
    elif [[ -n $pictures ]]; then
      mkdir -p "$pictures"
      cp "$folder/$board/digit.pgm" "$pictures/$board.pgm"
    fi
  fi
  cells=() text="\"board\": \"$board\", \"core\": \"$core\", \"compiler\": \"$compiler $version\""
  for key in "${keys[@]}"; do
    value=${figures[$key]-}
    cells+=("${value:--}")
    [[ -n $value ]] || continue
    [[ $key == signature* ]] && value="\"$value\""
    text+=", \"$key\": $value"
  done
  row "$board" "$core" "${cells[@]}" $ok
  [[ $ok == built ]] || rows+=("  {$text, \"ok\": $ok}")
  unset figures
done

table=${json:-$build/table.json}
{
  echo '['
  printf '%s\n' "${rows[@]}" | sed '$!s/$/,/'
  echo ']'
} > "$table"

# ---- budgets: of the demo as it ships, with the kind of model that stands in them

if [[ $program == "$ports/common/demo.cpp" && $digits == 1000 && $kernel_opt == -O2 && -z $pictures ]]; then
  # Byte 32: parts. 8 to 15: shape.
  parts=full
  if ((decoder_only)) || [[ $(byte_at "$model" 32) == 2 ]]; then parts=decoder; fi
  shape=$(od -An -tu2 -j 8 -N 8 "$model" | xargs | tr ' ' ',')
  options=()
  ((update)) && options+=(--update)
  python3 "$ports/budgets.py" "$table" --shape "$shape" --parts $parts \
    --compiler "$compiler $version" "${options[@]}" || failed=1
fi
exit $failed
