#!/usr/bin/env bash
# Builds everything and runs every test; installs what is missing first.
#   tests/run.sh [--slow] [--sanitize] [--coverage] [--host-only] [--require-isa]
#     --slow         also: clang Debug, clang-tidy on the tools, kernels at -O0, boards by clang, fuzzers, full
#                    training of 30 epochs, 200 kills of training, and the next two
#     --sanitize     also: ASan, UBSan, TSan, MSan and valgrind (tests/sanitize.sh)
#     --coverage     also: lines and branches of the engine that the tests run (tests/coverage.sh)
#     --host-only    no emulators: leaves boards, old processors and Arm Linux out
#     --require-isa  fail where this machine lacks an ISA of the build; otherwise it is named
set -euo pipefail
cd "$(dirname "$0")/.."

slow=false sanitize=false coverage=false boards=true require_isa=()
for argument in "$@"; do
  case $argument in
    --slow) slow=true sanitize=true coverage=true ;;
    --sanitize) sanitize=true ;;
    --coverage) coverage=true ;;
    --host-only) boards=false ;;
    --require-isa) require_isa=(--require-isa) ;;
    --help | -h) sed -n '2,9s/^# //p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option $argument (see --help)" >&2; exit 2 ;;
  esac
done

stages=()
stage_start=0
stage() { echo; echo "== $1"; stage_name=$1; stage_start=$SECONDS; }
stage_end() { stages+=("$(printf '%5d s  %s' $((SECONDS - stage_start)) "$stage_name")"); }

stage "packages"
packages=(build data tests bench clang checks)
$boards && packages+=(boards)
# Older processors and Arm Linux are emulated; on Arm the tests above run on the real one.
emulate_linux=false
if $boards && [ "$(uname -m)" = x86_64 ]; then
  emulate_linux=true
  packages+=(old arm-linux)
fi
$sanitize && packages+=(sanitize)
$coverage && packages+=(coverage)
$slow && packages+=(fuzz)
tools/install_packages.sh "${packages[@]}"
stage_end

stage "data"
data=$(tools/fetch_mnist.sh)
echo "MNIST in $data"
stage_end

# The model that every target must sign alike, and where they do.
model=engine/models/mnist_s8.pvae
matrix=build/test-matrix
rm -rf "$matrix"
mkdir -p "$matrix"
# sign_on_every_isa NAME TARGET COMPILER PICOVAE...
sign_on_every_isa() {
  /usr/bin/python3 tests/matrix.py collect --target "$2" --compiler "$3" --model $model \
    --data "$data" --out "$matrix/$1.json" -- "${@:4}"
}
machine=$(uname -m)

# build_and_test NAME COMPILER BUILD_TYPE [CMAKE_OPTION...]
build_and_test() {
  local folder=build/test-$1 compiler=$2 type=$3
  shift 3
  cmake -S . -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE="$type" \
    -DPICOVAE_WERROR=ON "$@" > /dev/null
  cmake --build "$folder" -j "$(nproc)"
  ctest --test-dir "$folder" --output-on-failure -j "$(nproc)"
}
gcc_name="gcc $(g++ -dumpfullversion)" clang_name="clang $(clang++ -dumpversion)"

stage "gcc Release"
build_and_test gcc-release g++ Release
sign_on_every_isa gcc "$machine" "$gcc_name" build/test-gcc-release/picovae
stage_end
stage "gcc Debug"
build_and_test gcc-debug g++ Debug
stage_end
stage "clang Release"
build_and_test clang-release clang++ Release -DCMAKE_C_COMPILER=clang -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
sign_on_every_isa clang "$machine" "$clang_name" build/test-clang-release/picovae
stage_end

stage "static checks"
static_options=()
$slow && static_options=(--tools)
tests/static_checks.sh build/test-clang-release "${static_options[@]}"
stage_end

stage "another shape"
cmake -S . -B build/test-shape -DCMAKE_BUILD_TYPE=Release -DPICOVAE_SHAPE=784,128,64,16 \
  -DPICOVAE_BUILD_TESTS=OFF -DPICOVAE_BUILD_BENCH=OFF > /dev/null
cmake --build build/test-shape -j "$(nproc)"
tests/another_shape.sh build/test-shape/picovae build/test-gcc-release/picovae build/test-shape/models
stage_end

stage "end to end"
tests/end_to_end.sh build/test-gcc-release/picovae build/test-gcc-release/end_to_end
stage_end

if $boards; then
  stage "boards"
  picovae=build/test-gcc-release/picovae
  # ports_run FOLDER ARGUMENT...
  ports_run() { ports/run.sh --picovae $picovae --build "build/test-ports/$1" "${@:2}"; }
  ports_run full --json $matrix/boards.json
  ports_run decoder --decoder-only
  # A model fresh from training, on a board of each layout: one digit, whoever draws it.
  pictures=build/test-ports/pictures
  ports_run fresh --model build/test-gcc-release/end_to_end/model.pvae --pictures $pictures \
    mps2-an386 mps3-an547
  cmp $pictures/mps2-an386.pgm $pictures/mps3-an547.pgm
  # Digits of its classes, whose CRC stands in it.
  ports_run classes --program tests/ports/classes.cpp mps2-an385-m0 mps2-an386 mps3-an547 \
    --model build/test-gcc-release/end_to_end/model.pvae
  # The model decides the shape that a board is built for.
  ports/run.sh --picovae build/test-shape/picovae --build build/test-ports/shape \
    --model build/test-shape/models/small.pvae mps2-an386
  # Random and extreme inputs through the kernels themselves.
  ports_run kernels --program tests/ports/kernels.cpp
  # The model and the caller's pixels at every address.
  ports_run misaligned --program tests/ports/misaligned.cpp
  ports_run misaligned-decoder --decoder-only --program tests/ports/misaligned.cpp
  # Instructions that do not depend on the image. An M0 has no conditional instructions: there they do.
  ports_run constant-time --program tests/ports/constant_time.cpp \
    mps2-an385 mps2-an386 mps2-an500 mps2-an505 mps3-an547
  # The most stack that each function of picovae.h may take.
  ports/stack.py --json build/test-ports/stack.json
  # A whole firmware in C, of vendors' shape.
  ports/stm32f4/run.sh --picovae $picovae --build build/test-ports/stm32f4
  stage_end
fi

if $emulate_linux; then
  stage "old processors"
  tests/old_processors.sh $model "$data" build/test-old-processors \
    build/test-gcc-release/picovae build/test-gcc-debug/picovae build/test-clang-release/picovae
  stage_end
  stage "Arm Linux"
  # With classes, and a signature of their digits.
  classes=build/test-arm-linux.pvae
  build/test-gcc-release/picovae classes $model --data "$data" --out $classes
  ports/arm-linux/run.sh --model $classes --picovae build/test-gcc-release/picovae \
    --build build/test-arm-linux --json $matrix/arm-linux.json
  # The codes of the whole test set as well.
  sign_on_every_isa aarch64 aarch64 "gcc $(aarch64-linux-gnu-g++ -dumpfullversion)" \
    qemu-aarch64 -cpu max build/test-arm-linux/aarch64/picovae/picovae
  # The benchmarks, so that they keep working there, and the instructions of a decode. (Without Google
  # Benchmark for arm64 there are none, which ports/arm-linux/run.sh has said.)
  bench=build/test-arm-linux/aarch64/picovae/bench
  if [ -x $bench/count_decodes ]; then
    # run_bench PROGRAM FILTER
    run_bench() {
      qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu "$bench/bench_$1" --benchmark_min_time=0.001 \
        --benchmark_filter="$2" > "$bench/$1.log" 2>&1 || { tail -n 20 "$bench/$1.log"; exit 1; }
      # A row for each ISA, none of them skipped.
      for isa in neon sdot i8mm; do
        grep "/$isa.* ns .*=" "$bench/$1.log" | head -n 1 | grep .
      done
    }
    run_bench roofline .
    run_bench kernels 'decoder.0/f32/batch:1/'
    run_bench forward 'decode/f32/batch:1/.*/picovae$'
    bench/arm_counts.sh --built build/test-arm-linux/aarch64 --json $bench/arm_counts.json
  fi
  stage_end
fi

if $sanitize; then
  stage "sanitizers"
  tests/sanitize.sh
  stage_end
fi
if $coverage; then
  stage "coverage"
  tests/coverage.sh
  stage_end
fi

if $slow; then
  stage "clang Debug"
  build_and_test clang-debug clang++ Debug -DCMAKE_C_COMPILER=clang
  stage_end
  stage "kernels at -O0"
  for compiler in g++ clang++; do
    cmake -S . -B build/test-o0-$compiler -DCMAKE_CXX_COMPILER=$compiler -DCMAKE_BUILD_TYPE=Release \
      -DPICOVAE_KERNEL_OPT=-O0 -DPICOVAE_BUILD_TESTS=OFF -DPICOVAE_BUILD_BENCH=OFF > /dev/null
    cmake --build build/test-o0-$compiler -j "$(nproc)"
    sign_on_every_isa o0-$compiler "$machine" "$compiler -O0" build/test-o0-$compiler/picovae
  done
  if $boards; then
    ports_run o0 --kernel-opt -O0
    ports_run o0-kernels --kernel-opt -O0 --program tests/ports/kernels.cpp
  fi
  stage_end
  if $boards; then
    stage "boards by clang"
    ports_run clang --compiler clang --json $matrix/boards-clang.json
    ports_run clang-kernels --compiler clang --program tests/ports/kernels.cpp
    ports_run clang-o0 --compiler clang --kernel-opt -O0
    stage_end
  fi
  stage "fuzzers"
  tests/fuzz.sh 20
  stage_end
  stage "full training"
  tests/full_training.sh build/test-gcc-release/picovae build/test-gcc-release/full_training
  bench/recipes.sh --quick --built build/test-gcc-release --folder build/test-gcc-release/recipes
  stage_end
  stage "training killed 200 times"
  /usr/bin/python3 tests/tools/commands/test_training_survives.py build/test-gcc-release/picovae --kills 200
  stage_end
fi

echo
echo "== one signature"
/usr/bin/python3 tests/matrix.py show "${require_isa[@]}" $matrix/*.json

echo
echo "== passed"
printf '%s\n' "${stages[@]}"
$boards || echo "left out (--host-only): boards, old processors and emulated Arm Linux"
$slow || echo "left out (they come with --slow): clang Debug, sanitizers, coverage, fuzzers, kernels at -O0, boards by clang, full training, training killed 200 times"
