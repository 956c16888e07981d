#!/usr/bin/env bash
# Reads the sources for mistakes: clang-tidy (its checks are in .clang-tidy) and cppcheck. Either fails with
# what it found.
#   static_checks.sh BUILD [--tools]
# BUILD, from the root of the repository, is configured for clang with CMAKE_EXPORT_COMPILE_COMMANDS. clang-tidy reads the engine, and with
# --tools everything else that becomes part of the picovae program; cppcheck reads both.
set -euo pipefail
build=$1
cd "$(dirname "$0")/../.."
[[ -f $build/compile_commands.json ]] ||
  { echo "static_checks: no $build/compile_commands.json; give cmake -DCMAKE_EXPORT_COMPILE_COMMANDS=ON" >&2; exit 2; }

# C++20 says what a shifted negative number is, by 31 bits too, and an ISA may hide what its base has. What needs another
# processor's headers is left to that one's compilers, and what is compiled once an ISA to clang-tidy.
elsewhere=(tools/base/vector_ops_isa.cpp engine/src/host/{dense_{f32,s8,s8_rvv,s8_sve,bf16},product}.cpp
  engine/src/board/{m0,small,dsp,mve,rv32}.cpp)
cppcheck --quiet -j "$(nproc)" --std=c++20 --language=c++ --enable=warning,performance,portability \
  --error-exitcode=1 --suppress=shiftNegativeLHS --suppress=shiftTooManyBitsSigned \
  --suppress=duplInheritedMember \
  -I engine/include -I engine/src -I "$build/engine/generated" -I . -U__has_feature -DPICOVAE_SHAPE=784,300,300,50 -D__x86_64__ -D__FMA__ \
  -D__AVX2__ -D__AVX512F__ -D__AVX512BW__ -D__AVX512DQ__ -D__AVX512VL__ -D__AVX512VNNI__ -D__AVXVNNI__ -D__AVX512BF16__ \
  "${elsewhere[@]/#/-i}" engine/src tools

folders="engine/src|$build/engine/generated"
[[ ${2-} == --tools ]] && folders+='|tools'
# The files that are compiled for this machine, each once.
/usr/bin/python3 -c '
import json, sys
print("\n".join(sorted({entry["file"] for entry in json.load(open(sys.argv[1]))})))' "$build/compile_commands.json" |
  grep -E "^$PWD/($folders)/(.*/)?[a-z0-9_]+\.cpp$" | grep -v "/engine/generated/probe_" |
  xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet 2> >(grep -vE '^[0-9]+ warnings? generated\.$' >&2)
