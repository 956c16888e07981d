#!/usr/bin/env bash
# Fuzzes what reads files and arguments under ASan and UBSan; installs what is missing first.
#   tests/stages/fuzz.sh SECONDS [blob|safetensors|import|onnx|idx|npy|npz|png|command_line]...
# Each fuzzer gets SECONDS. What they found stays in build/fuzz/corpus and is where the next run begins.
# Ends with 1 if one of them crashed, hung or took too much memory; its input is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."

case ${1-} in
  --help | -h) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
  '' | *[!0-9]*) echo "fuzz.sh: wanted a number of SECONDS (see --help)" >&2; exit 2 ;;
esac
seconds=$1
shift
fuzzers=("$@")
((${#fuzzers[@]})) || fuzzers=(blob safetensors import onnx idx npy npz png command_line)
for fuzzer in "${fuzzers[@]}"; do
  [[ -f tests/fuzz/fuzz_$fuzzer.cpp ]] || { echo "fuzz.sh: no fuzzer $fuzzer (see --help)" >&2; exit 2; }
done

tools/install_packages.sh build tests clang fuzz
build=build/fuzz
mkdir -p $build
log=$build/build.log
if ! {
  cmake -S . -B $build -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release \
    -DPICOVAE_BUILD_BENCH=OFF -DPICOVAE_FUZZ=ON \
    -DCMAKE_CXX_FLAGS="-g1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined" &&
    cmake --build $build -j "$(nproc)" --target fuzz_seeds "${fuzzers[@]/#/fuzz_}"
} > $log 2>&1; then
  grep -E "error" -A3 $log >&2 || tail -n 20 $log >&2
  exit 1
fi
$build/tests/fuzz/fuzz_seeds $build/seeds

# The clock of -timeout runs on while a busy machine does something else.
failed=0
for fuzzer in "${fuzzers[@]}"; do
  mkdir -p $build/corpus/"$fuzzer" $build/crashes
  echo "-- $fuzzer"
  if ! nice $build/tests/fuzz/fuzz_"$fuzzer" -max_total_time="$seconds" -timeout=200 -rss_limit_mb=2048 \
    -max_len=16384 -print_final_stats=1 -artifact_prefix=$build/crashes/"$fuzzer"- \
    $build/corpus/"$fuzzer" $build/seeds/"$fuzzer" > $build/"$fuzzer".log 2>&1; then
    failed=1
    grep -E "^SUMMARY|ERROR|runtime error|Test unit written" $build/"$fuzzer".log >&2 || true
    echo "fuzz.sh: $fuzzer failed; $build/$fuzzer.log has the details" >&2
  fi
  grep -E "DONE|number_of_executed_units" $build/"$fuzzer".log || true
done
exit $failed
