#!/usr/bin/env bash
# Measures the engine beside its peers and the machine's limit, and prints one table of least times.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: bench/run.sh [OPTION...]

Installs what it needs, builds in Release mode into build/bench, runs every benchmark five times, each
contender in its turn, and prints the least time of each. Takes about twelve minutes, the build apart.

  --json FILE   the table as a list of rows as well
  --quick       one short run, whose figures mean nothing: to see that everything works
  --built DIR   take the programs of the build in DIR; install and build nothing
  --peer NAME=DIR  a peer that is no package, from a build of it: LIBXSMM, BLASFEO, XNNPACK, RTNEURAL (its sources)
  --help        this text

  bench/run.sh --json build/bench/figures.json
  bench/figures.py build/bench/figures.json              its tables, as in FIGURES.md
  bench/growth.py build/bench/figures.json growth.png    cost against batch and width

Let nothing else run meanwhile. Times are CPU times of one thread, in microseconds.
TEXT
}

misuse() {
  echo "bench/run.sh: $1 (see --help)" >&2
  exit 2
}

json='' runs=5 quick=false built='' peers=()
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --quick) quick=true runs=1; shift ;;
    --json | --built | --peer) (($# > 1)) || misuse "$1 needs a value" ;;&
    --json) json=$(realpath -m "$2"); shift 2 ;;
    --built) built=$2; shift 2 ;;
    --peer) [[ $2 =~ ^[A-Z]+=. ]] || misuse "--peer needs NAME=DIR"
      peers+=("-DPICOVAE_PEER_${2%%=*}=$(realpath "${2#*=}")"); shift 2 ;;
    *) misuse "unknown argument $1" ;;
  esac
done
[[ -z $built || -x $built/bench/bench_forward ]] || misuse "no bench/bench_forward in $built"

here=$(cd "$(dirname "$0")" && pwd)
if [[ -n $built ]]; then
  build=$(cd "$built" && pwd)
else
  cd "$here/.."
  tools/install_packages.sh build bench
  build=$PWD/build/bench
  echo "building into $build" >&2
  cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DPICOVAE_BUILD_TESTS=OFF \
    -DPICOVAE_BUILD_BENCH_PEERS=ON "${peers[@]}" > /dev/null
  cmake --build "$build" -j "$(nproc)" > /dev/null
fi
programs=$build/bench results=$build/bench/results
rm -rf "$results"
mkdir -p "$results"

# One thread, and the kernels that each library chooses, whatever the caller's environment says.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE ONEDNN_MAX_CPU_ISA DNNL_MAX_CPU_ISA PICOVAE_ISA BLIS_ARCH_TYPE LIBXSMM_TARGET
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 BLIS_NUM_THREADS=1

# measure NAME MIN_TIME COMMAND...: one run into results/NAME.RUN.json
measure() {
  local name=$1 min_time=$2 log=$results/$1.log
  shift 2
  $quick && min_time=0.001
  echo "run $run of $runs: $name" >&2
  if ! "$@" --benchmark_min_time="$min_time" --benchmark_out="$results/$name.$run.json" \
    --benchmark_out_format=json > "$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "bench/run.sh: $name failed; all it said is in $log" >&2
    exit 1
  fi
}

# With AVX2 alone, the default shape at its three batches.
all=. few='784-300-300-50/.*/batch:(1|8|100)/'
$quick && all='784-300-300-50/.*/batch:(1|3)/|784-128-64-16/.*/batch:8/' few='784-300-300-50/decode/.*/batch:8/'
capped=false
[[ $(uname -m) == x86_64 ]] && grep -qw avx2 /proc/cpuinfo && capped=true
for ((run = 1; run <= runs; ++run)); do
  if [[ -x $programs/bench_peers ]]; then
    measure peers 0.05 "$programs/bench_peers" --benchmark_filter="$all"
    $capped && measure peers_avx2 0.05 env ONEDNN_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell PICOVAE_ISA=avx2 \
      "$programs/bench_peers" --benchmark_filter="$few"
  fi
  measure forward 0.01 "$programs/bench_forward"
  measure kernels 0.01 "$programs/bench_kernels"
  measure roofline 0.01 "$programs/bench_roofline"
done
/usr/bin/python3 "$here/table.py" "$results" ${json:+--json "$json"}
