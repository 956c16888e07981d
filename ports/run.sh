#!/usr/bin/env bash
# Builds the demo with a model in flash, runs it on emulated boards and prints a table of instructions
# and bytes. Ends with 0 only where every board verified the model and computed its signatures.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: ports/run.sh --model FILE [BOARD...] [OPTION...]

  BOARD...         of ports/cortex-m/CMakeLists.txt; all that take the model's layout where none is named

  --model FILE     a .pvae packed for the boards: picovae export --layout cortex-m, or mve; the demo has
                   an encoder where the model has one
  --json FILE      the table as JSON
  --pictures DIR   a digit of each board as DIR/BOARD.pgm
  --digits N       digits behind the signature, 1000. The model's header has it for 1000: with another
                   number nothing is compared
  --program FILE   another program than ports/common/demo.cpp; its exit code is all that is shown
  --build DIR      default build/ports
  --verbose        also what the boards print

Example: ports/run.sh --model build/demo/board.pvae mps2-an386
TEXT
}

misuse() {
  echo "ports/run.sh: $1 (see --help)" >&2
  exit 2
}

ports=$(cd "$(dirname "$0")" && pwd)
build=$ports/../build/ports program=$ports/common/demo.cpp
model='' json='' pictures='' digits=1000 verbose=0 wanted=()
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --verbose) verbose=1; shift; continue ;;
    --*) (($# > 1)) || misuse "$1 needs a value" ;;&
    --model) model=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    --pictures) pictures=$2; shift 2 ;;
    --digits) digits=$2; shift 2 ;;
    --program) program=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    -*) misuse "unknown option $1" ;;
    *) wanted+=("$1"); shift ;;
  esac
done
[[ -n $model ]] || misuse "which model? --model FILE"
for file in "$model" "$program"; do
  [[ -r $file ]] || misuse "cannot read $file"
done
[[ $digits =~ ^[1-9][0-9]*$ ]] || misuse "--digits $digits is no positive number"
for tool in cmake arm-none-eabi-g++ qemu-system-arm; do
  command -v $tool > /dev/null && continue
  echo "ports/run.sh: no $tool; apt-get install cmake gcc-arm-none-eabi" \
    "libstdc++-arm-none-eabi-dev qemu-system-arm" >&2
  exit 1
done

# ---- build

mkdir -p "$build"
build=$(cd "$build" && pwd)
log=$build/build.log
run_logged() {
  "$@" >> "$log" 2>&1 && return
  cat "$log" >&2
  exit 1
}
: > "$log"
run_logged cmake -S "$ports/cortex-m" -B "$build" \
  --toolchain "$ports/cortex-m/toolchain.cmake" -DPICOVAE_WERROR=ON \
  -DPICOVAE_MODEL="$(realpath "$model")" -DPICOVAE_PROGRAM="$(realpath "$program")" \
  -DPICOVAE_DIGITS="$digits" -DPICOVAE_PICTURE="$([[ -n $pictures ]] && echo ON || echo OFF)"

case $(cat "$build/model_layout.txt") in
  01) layout=cortex-m ;;
  02) layout=mve ;;
  *) layout=host ;;
esac
if ((${#wanted[@]} == 0)); then
  mapfile -t wanted < <(awk -v layout=$layout '$4 == layout { print $1 }' "$build/boards.txt")
  needs=cortex-m
fi
for board in "${wanted[@]}"; do
  needs=$(awk -v board="$board" '$1 == board { print $4 }' "$build/boards.txt")
  [[ -n $needs ]] ||
    misuse "no board $board; there are $(awk '{ printf "%s ", $1 }' "$build/boards.txt")"
  [[ $needs == "$layout" ]] || break
done
if [[ $needs != "$layout" ]]; then
  echo "ports/run.sh: $model has layout $layout; repack it with" \
    "picovae export $model --layout $needs --out board.pvae" >&2
  exit 1
fi
run_logged cmake --build "$build" --target "${wanted[@]}"

# ---- run

# bytes_of ELF SECTION...: of these sections together.
bytes_of() {
  arm-none-eabi-size -A "$1" | awk -v wanted=" ${*:2} " \
    'index(wanted, " " $1 " ") { sum += $2 } END { print sum + 0 }'
}

# No function calls itself, so the frames of all of them together bound the stack; SysTick may push 26
# words and padding on top. GCC does not know the frames of functions in assembly language: 12 words.
stack_bound() {
  find "$build/CMakeFiles/$1.dir" -name '*.su' -exec cat {} + |
    awk -F'\t' '{ sum += $2 } $3 ~ /dynamic/ { exit 1 } END { print sum + 48 + 108 }'
}

# Prints what a board should not have been linked with: a heap, exceptions, stdio, floating point.
unwelcome_symbols() {
  arm-none-eabi-nm "$1" | awk '{ print $NF }' | grep -xE \
    'malloc|free|_sbrk|printf|puts|abort|__cxa_.*|_Unwind_.*|_Z(n[wa]|d[la]).*|__aeabi_(c?[df].*|u?[il]2[df])' |
    paste -sd ' ' || true  # grep fails where there is none
}

keys=(decode_instructions encode_instructions open_instructions verify_instructions flash_code
  flash_model ram stack stack_bound signature signature_reconstruct)
columns='%-14s %-13s %9s %9s %8s %10s %7s %8s %6s %6s %6s %10s %10s  %s\n'
# shellcheck disable=SC2059
row() { printf "$columns" "$@"; }

row board core decode encode open verify code model ram stack bound signature reconstr. ok
rows=() failed=0
for board in "${wanted[@]}"; do
  read -r _ machine core _ < <(grep "^$board " "$build/boards.txt")
  elf=$build/$board.elf out=$build/$board.txt
  unwelcome=$(unwelcome_symbols "$elf")
  declare -A figures=([flash_code]=$(bytes_of "$elf" .text .data) [flash_model]=$(bytes_of "$elf" .model)
    [stack_bound]=$(stack_bound "$board"))
  if [[ $machine == none ]]; then  # hardware: built, and run by a debugger with semihosting
    ok=built
  else
    status=0
    mkdir -p "$build/$board"
    (cd "$build/$board" &&
      timeout 600 qemu-system-arm -M "$machine" -display none -monitor none -serial null \
        -icount shift=6 -semihosting-config enable=on,target=native -kernel "$elf") \
      > "$out" 2>&1 < /dev/null || status=$?
    ((verbose)) && cat "$out"
    while read -r key value; do
      [[ " ${keys[*]} " == *" $key "* ]] && figures[$key]=$value
    done < "$out"
    ok=true
    if [[ -n $unwelcome ]]; then
      ok=false failed=1
      echo "ports/run.sh: $board has been linked with $unwelcome" >&2
    fi
    if ((figures[stack_bound] > $(bytes_of "$elf" .stack))); then
      ok=false failed=1
      echo "ports/run.sh: $board: the stack may overflow: ${figures[stack_bound]} bytes" >&2
    fi
    if ((status != 0)); then
      ok=false failed=1
      echo "ports/run.sh: $board ended with $status: $(tail -n 1 "$out")" >&2
    elif [[ -n $pictures ]]; then
      mkdir -p "$pictures"
      cp "$build/$board/digit.pgm" "$pictures/$board.pgm"
    fi
  fi
  cells=() text="\"board\": \"$board\", \"core\": \"$core\""
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

if [[ -n $json ]]; then
  {
    echo '['
    printf '%s\n' "${rows[@]}" | sed '$!s/$/,/'
    echo ']'
  } > "$json"
fi
exit $failed
