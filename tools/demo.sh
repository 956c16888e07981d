#!/usr/bin/env bash
# From nothing to digits: installs what is missing, builds, fetches MNIST, trains, quantizes, evaluates,
# draws. Results lie in build/demo.
#   tools/demo.sh [--epochs N]
set -euo pipefail
cd "$(dirname "$0")/.."

epochs=30
while [ $# -gt 0 ]; do
  case $1 in
    --epochs) epochs=${2:?--epochs wants a number}; shift 2 ;;
    --help | -h) sed -n '2,4s/^# //p' "$0"; exit 0 ;;
    *) echo "demo.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
done

tools/install_packages.sh build data

say() { printf '\n== %s\n' "$1"; }

say "build"
mkdir -p build
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DPICOVAE_BUILD_TESTS=OFF -DPICOVAE_BUILD_BENCH=OFF \
  > build/configure.log 2>&1 || { cat build/configure.log >&2; exit 1; }
cmake --build build -j "$(nproc)" --target picovae_program
picovae=build/picovae
out=build/demo
mkdir -p "$out"

say "data"
data=$(tools/fetch_mnist.sh)
echo "MNIST in $data"

rm -f $out/model.safetensors.checkpoint  # of a demo that was broken off
say "train, $epochs epochs"
$picovae train --data "$data" --out $out/model.safetensors --epochs "$epochs" --log $out/log.csv
$picovae plot $out/log.csv --out $out/curve.png

say "quantize"
$picovae quantize $out/model.safetensors --data "$data" --out $out/model.pvae

say "normal digits"
$picovae score $out/model.pvae --data "$data" --keep $out/model.pvae

say "draw"
$picovae generate $out/model.pvae --count 100 --seed 7 --out $out/digits.png
$picovae generate $out/model.pvae --digit all --out $out/classes.png
$picovae map $out/model.pvae --data "$data" --out $out/map.png
$picovae interpolate $out/model.pvae --data "$data" --from 0 --to 8 --steps 10 --out $out/morph.png
$picovae reconstruct $out/model.pvae --data "$data" --count 20 --out $out/pairs.png

say "a digit from integers alone"
$picovae generate $out/model.pvae --count 1 --seed 1 --ascii

say "test set"
for model in model.safetensors model.pvae; do
  $picovae eval $out/$model --data "$data"
done
echo
$picovae info $out/model.pvae
echo
echo "pictures, models and log: $out/"
