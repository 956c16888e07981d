#!/usr/bin/env bash
# Trains with each part of the default recipe left out, and prints the table that justifies it.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bench/recipes.sh [OPTION...]

Installs what it needs, builds in Release mode into build/recipes, and trains the default recipe, the deck's, and
the default with one part changed: 30 epochs, three seeds, judged by 10,000 training images that are held out, in
f32 and quantized to s8. Then, once, on the test set. Takes up to an hour on two cores.

Each training's figures go to build/recipes/results.jsonl when it is done, and are not made again: the run may be
broken off at any time. Remove that file after a change of the trainer.

  --quick       three epochs, one seed, three rows: to see that everything works, in half a minute
  --seeds N     so many seeds (default 3)
  --threads N   for each training (default: all cores)
  --built DIR   take the picovae of the build in DIR; install and build nothing
  --folder DIR  in place of build/recipes
  --help        this text

  bench/recipes.sh --quick
TEXT
}

misuse() {
  echo "bench/recipes.sh: $1 (see --help)" >&2
  exit 2
}

built='' folder='' seeds=3 threads=$(nproc) quick=()
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --quick) quick=(--quick); shift ;;
    --seeds | --threads | --built | --folder) (($# > 1)) || misuse "$1 needs a value" ;;&
    --seeds) seeds=$2; shift 2 ;;
    --threads) threads=$2; shift 2 ;;
    --built) built=$(realpath "$2"); shift 2 ;;
    --folder) folder=$(realpath -m "$2"); shift 2 ;;
    *) misuse "unknown argument $1" ;;
  esac
done
[[ $seeds =~ ^[1-9][0-9]*$ ]] || misuse "--seeds $seeds: no number of seeds"
[[ -z $built || -x $built/picovae ]] || misuse "no picovae in $built"

cd "$(dirname "$0")/.."
if [[ -z $built ]]; then
  tools/install_packages.sh build data bench
  built=$PWD/build/recipes/build
  cmake -S . -B "$built" -DCMAKE_BUILD_TYPE=Release -DPICOVAE_BUILD_TESTS=OFF -DPICOVAE_BUILD_BENCH=OFF > /dev/null
  cmake --build "$built" -j "$(nproc)" --target picovae_program > /dev/null
fi
data=$(tools/fetch_mnist.sh)
/usr/bin/python3 bench/recipes.py --picovae "$built/picovae" --folder "${folder:-build/recipes}" --data "$data" \
  --threads "$threads" --seeds "$seeds" "${quick[@]}"
