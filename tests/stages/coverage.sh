#!/usr/bin/env bash
# How much of the engine the tests run, of what this machine compiles: prints a table, and fails below 97 % of lines
# or 90 % of branches. Unoptimized, so that lines are what they seem; gcovr leaves out the branches that only an
# exception takes and those that the compiler proved dead.
# Counters are atomic: one test has threads that share a model.
#   coverage.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=build/test-coverage

# Without PNG there are the engine's tests alone.
cmake -S . -B $folder -DCMAKE_BUILD_TYPE=Debug -DPICOVAE_BUILD_BENCH=OFF -DPICOVAE_PNG=OFF -DPICOVAE_KERNEL_OPT=-O0 \
  -DCMAKE_CXX_FLAGS="--coverage -fprofile-update=atomic -DPICOVAE_FOLDED=inline -DPICOVAE_INLINE=inline" \
  -DCMAKE_CXX_FLAGS_DEBUG=-O0 > /dev/null
tests=()
for file in tests/engine/test_*.cpp; do
  file=${file##*/test_}
  tests+=("test_engine_${file%.cpp}")
done
cmake --build $folder -j "$(nproc)" --target "${tests[@]}"
find $folder -name '*.gcda' -delete
ctest --test-dir $folder --output-on-failure -j "$(nproc)" -R '^engine_'

measure() {
  gcovr --root . --object-directory $folder --filter engine/ -j "$(nproc)" --exclude-throw-branches \
    --exclude-unreachable-branches "$@" $folder/engine $folder/tests
}
measure --branches
measure --print-summary --fail-under-line 97 --fail-under-branch 90
