#!/usr/bin/env bash
# The tests under watch: each tool stops at the first thing that it finds.
#   sanitize.sh [address] [threads] [memory] [valgrind]     all of them if none is named
#     address    AddressSanitizer and UBSan, everything
#     threads    ThreadSanitizer: one model on 8 threads, the tools' threads, a short training
#     memory     MemorySanitizer, engine alone: whatever it reads or returns was written
#     valgrind   the engine's quick tests, and the program on the scalar kernels
set -euo pipefail
cd "$(dirname "$0")/../.."
watched=("$@")
((${#watched[@]})) || watched=(address threads memory valgrind)

# build NAME COMPILER TYPE FLAGS TARGET...: the targets, all of them if none is named.
build() {
  local folder=build/test-$1 targets=("${@:5}")
  local options=(-DCMAKE_CXX_COMPILER="$2" -DCMAKE_BUILD_TYPE="$3" -DCMAKE_CXX_FLAGS="$4" -DPICOVAE_WERROR=ON)
  [[ $1 == gcc-release ]] || options+=(-DPICOVAE_BUILD_BENCH=OFF)  # that one is run.sh's own
  # At -O2 the checks of the largest kernel take GCC 20 minutes.
  [[ $1 == sanitizers ]] && options+=(-DPICOVAE_KERNEL_OPT=-O1)
  [[ $2 == clang++ ]] && options+=(-DCMAKE_C_COMPILER=clang)
  cmake -S . -B "$folder" "${options[@]}" > /dev/null
  ((${#targets[@]})) && targets=(--target "${targets[@]}")
  cmake --build "$folder" -j "$(nproc)" "${targets[@]}"
}
# run NAME TEST...: of that build, one after the other.
run() {
  local name=$1 test
  shift
  for test in "$@"; do
    echo "$name: $test"
    "${under[@]}" "build/test-$name/tests/test_$test" --minimal --test-case-exclude="*Linux sees*"
  done
}

watch_address() {
  build sanitizers g++ Debug "-fsanitize=address,undefined -fno-sanitize-recover=undefined"
  ctest --test-dir build/test-sanitizers --output-on-failure -j "$(nproc)" -LE static
}

watch_threads() {
  local tests=(engine_shared_model tools_threads tools_layer_team tools_trainer)
  build threads g++ Release "-fsanitize=thread -g1" "${tests[@]/#/test_}"
  TSAN_OPTIONS=halt_on_error=1 run threads "${tests[@]}"
}

watch_memory() {
  build memory clang++ Release "-fsanitize=memory -fsanitize-memory-track-origins -fno-omit-frame-pointer -g1" \
    uninitialized
  build/test-memory/tests/uninitialized engine/models/mnist_s8.pvae
}

watch_valgrind() {
  local tests=(engine_blob engine_blob_sections engine_blob_values engine_crc32c engine_latent engine_layout
    engine_random engine_requantize engine_select)
  build gcc-release g++ Release "" "${tests[@]/#/test_}" uninitialized picovae_program
  local model=engine/models/mnist_s8.pvae picovae=build/test-gcc-release/picovae
  local under=(valgrind --quiet --leak-check=full --error-exitcode=9)
  run gcc-release "${tests[@]}"  # but for what asks Linux for the processor, of which valgrind runs a lesser one
  valgrind --quiet --error-exitcode=9 build/test-gcc-release/tests/uninitialized $model
  PICOVAE_ISA=scalar "${under[@]}" $picovae self-test $model
  PICOVAE_ISA=scalar "${under[@]}" $picovae generate $model --count 3 --out build/test-gcc-release/valgrind.png
}

under=()
for one in "${watched[@]}"; do
  case $one in
    address | threads | memory | valgrind) "watch_$one" ;;
    *) echo "sanitize.sh: unknown watch $one (address, threads, memory, valgrind)" >&2; exit 2 ;;
  esac
done
