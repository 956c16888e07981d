#!/usr/bin/env bash
# Fuzzes what reads files, models, calls and arguments under ASan and UBSan; installs what is missing first.
#   tests/stages/fuzz.sh [--memory] SECONDS|--runs N [NAME]...   for so long, or so many inputs, each
#   tests/stages/fuzz.sh --keep [NAME]...                        what they found, minimized, becomes a part of the sources
#   tests/stages/fuzz.sh --list [--memory]                       their names; all are run if none is named
# --memory builds them for MemorySanitizer: those that need no library but the C++ one.
# What they find stays in build/fuzz/corpus and is where the next run begins, together with the seeds of
# tests/fuzz/seeds.cpp and tests/fuzz/corpus/NAME.tar.gz: the smallest inputs, one for each thing that only they reach.
# Prints a line for each: inputs, inputs per second, reports, seconds of the slowest input, and the most memory of all,
# in MB, with the sanitizers'. Ends with 1 if one crashed, hung or took too much memory; its input is in
# build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() { echo "fuzz.sh: $1 (see --help)" >&2; exit 2; }
is_number() { [[ $1 =~ ^[0-9]+$ ]]; }

all=(blob export safetensors checkpoint import onnx idx npy npz png log command_line calls kernels quantize round_trip)
for_memory=(safetensors npy log)
watch=address limit='' keep='' list=''
while (($#)); do
  case $1 in
    --help | -h) sed -n '2,12s/^# //p' "$0"; exit 0 ;;
    --memory) watch=memory all=("${for_memory[@]}") ;;
    --runs) is_number "${2-}" || die "--runs wants a number of inputs"; limit=-runs=$2; shift ;;
    --keep) keep=1 ;;
    --list) list=1 ;;
    [0-9]*) is_number "$1" || die "wanted a number of SECONDS"; limit=-max_total_time=$1 ;;
    *) break ;;
  esac
  shift
done
if [[ $list ]]; then printf '%s\n' "${all[@]}"; exit 0; fi
[[ $limit || $keep ]] || die "wanted a number of SECONDS, --runs N or --keep"
fuzzers=("$@")
((${#fuzzers[@]})) || fuzzers=("${all[@]}")
for fuzzer in "${fuzzers[@]}"; do
  [[ " ${all[*]} " == *" $fuzzer "* ]] || die "no fuzzer $fuzzer; there are: ${all[*]}"
done

tools/install_packages.sh build tests clang fuzz
# build FOLDER ONNX FLAGS TARGET...
build() {
  local folder=$1 onnx=$2 flags=$3 log=$1/build.log
  mkdir -p "$folder"
  if ! {
    cmake -S . -B "$folder" -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release \
      -DPICOVAE_BUILD_BENCH=OFF -DPICOVAE_FUZZ=ON -DPICOVAE_ONNX="$onnx" -DCMAKE_CXX_FLAGS="-g1 $flags" &&
      cmake --build "$folder" -j "${FUZZ_JOBS:-$(nproc)}" --target "${@:4}"
  } > "$log" 2>&1; then
    grep -E "error" -A3 "$log" >&2 || tail -n 20 "$log" >&2
    exit 1
  fi
}
# The string literals of sources, as words to put into inputs.
words() { grep -ohE '"[A-Za-z0-9_.|<>=:-]{1,30}"' "$@" | sort -u || true; }
words_of() {
  case $1 in
    safetensors | import) words tools/format/{safetensors,safetensors_header,network,foreign_model,layer_names}.?pp ;;
    checkpoint) words tools/format/safetensors*.?pp tools/train/{checkpoint,training_state,recipe}.?pp ;;
    onnx) words tools/format/{onnx_flow,onnx_layer_nodes,onnx_shape_nodes,onnx_reader,onnx_shapes,foreign_onnx}.?pp ;;
    npy) words tools/data/npy*.cpp ;;
    log) words tools/view/curves.cpp ;;
    command_line) words tools/commands/*.cpp tools/commands/shared/*.cpp ;;
  esac
}

# Bytes of an input at most: those that are choices (tests/fuzz/input.hpp) need few.
length_of() {
  case $1 in
    kernels | quantize) echo 512 ;;
    calls | round_trip) echo 1024 ;;
    *) echo 16384 ;;
  esac
}

folder=build/fuzz
binaries=$folder
watched="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"
targets=(fuzz_seeds "${fuzzers[@]/#/fuzz_}")
if [[ $watch == memory ]]; then
  # Seen is what is compiled here: all of fmt, and the templates of the C++ library too, under the names of its old ABI,
  # by which the code that is not compiled here does not take them for its own.
  binaries=build/fuzz-memory
  build $binaries OFF "-fsanitize=fuzzer-no-link,memory -fno-omit-frame-pointer -D_GLIBCXX_EXTERN_TEMPLATE=0 \
    -D_GLIBCXX_USE_CXX11_ABI=0 -DFMT_HEADER_ONLY=1" "${fuzzers[@]/#/fuzz_}"
  targets=(fuzz_seeds)
fi
build $folder ON "$watched" "${targets[@]}"
$folder/tests/fuzz/fuzz_seeds $folder/seeds

kept=tests/fuzz/corpus
most_kept=28000  # bytes of an archive: the largest inputs are left out
for fuzzer in "${fuzzers[@]}"; do
  mkdir -p $folder/{corpus,kept,crashes}/"$fuzzer"
  if [[ -f $kept/$fuzzer.tar.gz ]]; then tar -xzf $kept/"$fuzzer".tar.gz -C $folder/kept/"$fuzzer"; fi
done

if [[ $keep ]]; then
  mkdir -p $kept
  for fuzzer in "${fuzzers[@]}"; do
    small=$folder/small/$fuzzer
    rm -rf "$small"
    mkdir -p $folder/small
    cp -r $folder/seeds/"$fuzzer" "$small"
    nice $binaries/tests/fuzz/fuzz_"$fuzzer" -set_cover_merge=1 -max_len="$(length_of "$fuzzer")" -rss_limit_mb=2048 \
      "$small" $folder/{kept,corpus}/"$fuzzer" > $folder/"$fuzzer"-merge.log 2>&1
    (cd $folder/seeds/"$fuzzer" && printf '%s\0' *) | (cd "$small" && xargs -0 rm)
    pack() {
      tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=644 -C "$small" -c . | gzip -9n > $kept/"$fuzzer".tar.gz
    }
    pack
    while (($(stat -c %s $kept/"$fuzzer".tar.gz) > most_kept)); do
      find "$small" -type f -printf '%s %p\n' | sort -rn | sed -n '1,8s,^[0-9]* ,,p' | xargs rm
      pack
    done
    echo "$kept/$fuzzer.tar.gz: $(find "$small" -type f | wc -l) inputs, $(stat -c %s $kept/"$fuzzer".tar.gz) bytes"
  done
  exit 0
fi

# Inputs are not weighed (-entropic), which takes a quarter of the time of small ones.
# The clock of -timeout runs on while a busy machine does something else.
export ASAN_OPTIONS=malloc_context_size=3
failed=0
printf '%-14s %12s %10s %8s %8s %6s\n' fuzzer inputs inputs/s reports slowest MB
for fuzzer in "${fuzzers[@]}"; do
  log=$folder/$fuzzer-$watch.log
  options=()
  words_of "$fuzzer" > $folder/"$fuzzer".dict
  if [[ -s $folder/$fuzzer.dict ]]; then options=("-dict=$folder/$fuzzer.dict"); fi
  reports=0
  if ! nice $binaries/tests/fuzz/fuzz_"$fuzzer" "$limit" -entropic=0 -timeout=200 -rss_limit_mb=2048 -max_len="$(length_of "$fuzzer")" \
    -print_final_stats=1 -artifact_prefix=$folder/crashes/"$fuzzer"/ "${options[@]}" \
    $folder/{corpus,seeds,kept}/"$fuzzer" > "$log" 2>&1; then
    failed=1
    reports=1
    grep -E "^SUMMARY|ERROR|runtime error|does not hold|Test unit written" "$log" >&2 || true
    echo "fuzz.sh: $fuzzer failed; $log has the details" >&2
  fi
  figure() { grep -m1 "stat::$1" "$log" | grep -oE '[0-9]+$' || echo -; }
  printf '%-14s %12s %10s %8s %8s %6s\n' "$fuzzer" "$(figure number_of_executed_units)" \
    "$(figure average_exec_per_sec)" $reports "$(figure slowest_unit_time_sec)" "$(figure peak_rss_mb)"
done
exit $failed
