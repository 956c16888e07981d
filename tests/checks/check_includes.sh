#!/usr/bin/env bash
# check_includes.sh [ROOT]: holds the direction of all includes, tools -> engine <- ports.
#
#   engine  "picovae/...", headers of its own src, and those standard headers that arm-none-eabi has
#           without a C library; xsimd in one header; what else a kernel needs is listed below
#   ports   nothing of tools, tests, bench
#   tools   nothing of ports, tests, bench
#
# Prints each offender as file:line and exits 1. ROOT is the repository, by default this one.
set -euo pipefail

root=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
cd "$root"

# What arm-none-eabi-g++ compiles with -ffreestanding and no newlib.
freestanding=' array bit climits compare concepts cstddef cstdint initializer_list limits span tuple
  type_traits utility version '
freestanding=${freestanding//$'\n'/ }

# "file header" pairs, globs, that are allowed beside these.
exceptions=(
  'engine/include/picovae/picovae.h stddef.h'
  'engine/include/picovae/picovae.h stdint.h'
  'engine/src/host/scalar.cpp cmath'
  'engine/src/host/isa/*.hpp cstring'
  'engine/src/host/isa.hpp concepts'
  'engine/src/host/isa/avx*.hpp immintrin.h'
  'engine/src/host/isa/sse2.hpp emmintrin.h'
  'engine/src/host/isa/neon.hpp arm_neon.h'
  'engine/src/host/select.cpp cpuid.h'
  'engine/src/host/select.cpp sys/auxv.h'
  'engine/src/cortex_m/*.cpp arm_acle.h'
  'engine/src/cortex_m/mve.cpp arm_mve.h'
)

failed=0
refuse() {  # refuse PLACE INCLUDE REASON
  echo "$1: #include $2: $3"
  failed=1
}

# Lines "file:line:what is included", quotes and brackets kept.
includes_of() {
  local found
  found=$(grep -rnE --include='*.[hc]pp' --include='*.[hcS]' --include='*.inc' \
    '^[[:space:]]*#[[:space:]]*(include|include_next|import)\b' "$1" || true)
  if [[ -z $found ]]; then
    echo "$0: no includes found in $root/$1; is it the repository?" >&2
    exit 2
  fi
  sed -E 's/^([^:]*:[0-9]+):[^"<]*(["<][^">]*[">]).*/\1:\2/' <<<"$found"
}

allowed_exception() {  # allowed_exception FILE HEADER
  local exception
  for exception in "${exceptions[@]}"; do
    # shellcheck disable=SC2053  # the right side is a glob
    [[ "$1 $2" == $exception ]] && return 0
  done
  return 1
}

engine=$(includes_of engine)
ports=$(includes_of ports)
tools=$(includes_of tools)

xsimd_files=()
while IFS=: read -r file line included; do
  name=${included:1:-1}
  case $included in
    '"picovae/'*)
      [[ -f engine/include/$name && $name != *..* ]] ||
        refuse "$file:$line" "$included" "no header of engine/include" ;;
    '"'*)
      [[ $file == engine/src/* && $name != *..* && -f engine/src/$name ]] ||
        refuse "$file:$line" "$included" "no header of engine/src, or not included from there" ;;
    '<xsimd'*)
      xsimd_files+=("$file:$line")
      [[ $file == *.hpp ]] || refuse "$file:$line" "$included" "not in a source: one header has it" ;;
    '<'*)
      [[ $freestanding == *" $name "* ]] || allowed_exception "$file" "$name" ||
        refuse "$file:$line" "$included" "not for engine/, which runs on bare arm-none-eabi" ;;
    *)
      refuse "$file:$line" "$included" "name the header itself" ;;
  esac
done <<<"$engine"
if [[ ${#xsimd_files[@]} != 1 ]]; then
  refuse "engine" "<xsimd/...>" "wanted in exactly one place, found ${#xsimd_files[@]}: ${xsimd_files[*]-}"
fi

# check_folder FOLDER FORBIDDEN...: neither by a path from the root nor by one with dots.
check_folder() {
  local folder=$1 file line included name other
  shift
  while IFS=: read -r file line included; do
    name=${included:1:-1}
    for other in "$@"; do
      if [[ $name == "$other"/* || $name == */"$other"/* ]]; then
        refuse "$file:$line" "$included" "$folder/ must not know $other/"
      fi
    done
  done
}
check_folder ports tools tests bench <<<"$ports"
check_folder tools ports tests bench <<<"$tools"
exit $failed
