#!/usr/bin/env bash
# Builds everything and runs every test; installs what is missing first.
#   tests/run.sh [--slow] [--host-only]
#     --slow       also: clang Debug, sanitizers, full training of 30 epochs
#     --host-only  no emulators: leaves the boards and Arm Linux out
set -euo pipefail
cd "$(dirname "$0")/.."

slow=false boards=true
for argument in "$@"; do
  case $argument in
    --slow) slow=true ;;
    --host-only) boards=false ;;
    --help | -h) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
    *) echo "run.sh: unknown option $argument (see --help)" >&2; exit 2 ;;
  esac
done

stages=()
stage_start=0
stage() { echo; echo "== $1"; stage_name=$1; stage_start=$SECONDS; }
stage_end() { stages+=("$(printf '%5d s  %s' $((SECONDS - stage_start)) "$stage_name")"); }

stage "packages"
packages=(g++ clang cmake make curl ca-certificates python3 python3-numpy libxsimd-dev doctest-dev
  libbenchmark-dev libcli11-dev libeigen3-dev nlohmann-json3-dev libpng-dev zlib1g-dev libfmt-dev)
$boards && packages+=(gcc-arm-none-eabi libstdc++-arm-none-eabi-dev qemu-system-arm)
# Another processor's Arm Linux is emulated; on Arm the tests above run on the real one.
arm_linux=false
if $boards && [ "$(uname -m)" = x86_64 ]; then
  arm_linux=true
  packages+=(g++-aarch64-linux-gnu g++-arm-linux-gnueabihf qemu-user)
fi
tools/install_packages.sh "${packages[@]}"
stage_end

stage "data"
echo "MNIST in $(tools/fetch_mnist.sh)"
stage_end

# build_and_test NAME COMPILER BUILD_TYPE [CMAKE_OPTION...]
build_and_test() {
  local folder=build/test-$1 compiler=$2 type=$3
  shift 3
  cmake -S . -B "$folder" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE="$type" \
    -DPICOVAE_WERROR=ON "$@" > /dev/null
  cmake --build "$folder" -j "$(nproc)"
  ctest --test-dir "$folder" --output-on-failure -j "$(nproc)" "${ctest_options[@]}"
}
ctest_options=()

stage "gcc Release"
build_and_test gcc-release g++ Release
stage_end
stage "gcc Debug"
build_and_test gcc-debug g++ Debug
stage_end
stage "clang Release"
build_and_test clang-release clang++ Release
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
  models=build/test-gcc-release/end_to_end
  for model in cortex-m decoder mve; do
    ports/run.sh --model "$models/$model.pvae" --build build/test-ports/$model
  done
  # Random and extreme inputs through the kernels themselves.
  ports/run.sh --model "$models/cortex-m.pvae" --program tests/ports/kernels.cpp --build build/test-ports/kernels
  ports/run.sh --model "$models/mve.pvae" --program tests/ports/kernels.cpp --build build/test-ports/kernels-mve
  stage_end
fi

if $arm_linux; then
  stage "Arm Linux"
  ports/arm-linux/run.sh --model build/test-gcc-release/end_to_end/model.pvae --build build/test-arm-linux
  stage_end
fi

if $slow; then
  stage "clang Debug"
  build_and_test clang-debug clang++ Debug
  stage_end
  stage "sanitizers"
  ctest_options=(-LE static)
  build_and_test sanitizers g++ Debug -DCMAKE_CXX_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
  stage_end
  stage "full training"
  tests/full_training.sh build/test-gcc-release/picovae build/test-gcc-release/full_training
  stage_end
fi

echo
echo "== passed"
printf '%s\n' "${stages[@]}"
$boards || echo "left out (--host-only): boards and emulated Arm Linux"
$slow || echo "left out (they come with --slow): clang Debug, sanitizers, full training"
